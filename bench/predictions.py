"""How far predictions are from the truth, beside Aalen-Johansen curves and the models of lifelines.

python bench/predictions.py [--quick] [--tiers] [--customers N] [--landmarks N] [--seed N]

Customers of a world whose chances are known (predictions_world.py) are watched for a year; what is learned from them is
asked of other customers, each at one midnight. The error is the root of the mean squared difference from the true
chance to move to the next stage within 1, 7, 30 days, and from the true mean days up to 90 (beside it, the mean
absolute one); it is told without the error that the truth itself has. The slope is that of the logistic regression of
what happened on the logit of what was said, and the coverage the share of true chances within the 90 % intervals.
Seconds are those of the processor. Ours learns from so many midnights drawn from all, the others from all.

Goals: within 7 days at most a third of the error of the curves; within 7 and 30 days not above any other; slopes
between 0.9 and 1.1; expected days within 1.2 on average; no value falls with the horizon. Exit 1 when one is missed.

--quick: 3,000 customers, and no time-varying Cox (goals as far as they can be asked). --tiers: instead, the error by
number of customers, and so of moves, when all stages are treated as one tier: that is where the borders come from.
"""

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np
from predictions_peers import Said, cox, curves, time_varying, weibull
from predictions_world import DAYS, GROUPS, NAMES, STAGES, People, Truth, people, truth, world

from raceline.analytics import landmark_model_fit
from raceline.analytics.evaluation import measures
from raceline.analytics.incidence import BIN_ENDS, expected_days
from raceline.analytics.landmark_model import TIERS, LandmarkModel, TrainingSet, fit, score, score_replicates
from raceline.analytics.uncertainty import interval

HORIZONS = (1.0, 7.0, 30.0)
BINS = [BIN_ENDS.index(days) for days in HORIZONS]
ASKED_FROM = 60  # the day from which customers are asked about
OURS, CURVES = "landmark bins (ours)", "Aalen-Johansen"
MOST_OF_CURVES, MOST_DAYS, SLOPES = 1 / 3, 1.2, (0.9, 1.1)
NOBODY_NEARER = 1_000_000_000


def training(found: People, rows: np.ndarray) -> TrainingSet:
    stay, day = found.stay[rows], found.day[rows]
    days, follow = found.left[stay] - day, DAYS - day.astype(float)
    features = found.features[rows].astype(np.float64)
    return TrainingSet(found.stage[rows], found.customer[rows], features, days, found.exit[stay], follow)


def asked_rows(found: People, seed: int) -> np.ndarray:
    """Of each customer the midnight of one day, if they are in a stage then, and not in the last: nobody goes on there.

    The day is drawn before anything is known of the customer: one of their midnights would tell how many there are.
    """
    day = np.random.default_rng(seed).integers(ASKED_FROM, DAYS - max(HORIZONS), int(found.customer[-1]) + 1)
    return np.flatnonzero((found.stage < STAGES - 1) & (found.day == day[found.customer]))


def errors(said: Said, true: Truth) -> tuple[list[float], float, float]:
    """At HORIZONS, in days (root of the mean square), in days (mean absolute)."""
    squares = [
        (said.next[:, k] - true.incidence[0, :, k, 0]) * (said.next[:, k] - true.incidence[1, :, k, 0]) for k in BINS
    ]
    days = (said.days - true.days[0]) * (said.days - true.days[1])
    absolute = np.abs(said.days - true.days.mean(axis=0)).mean()
    return [float(np.sqrt(max(0.0, one.mean()))) for one in squares], float(np.sqrt(days.mean())), float(absolute)


def learn(found: People, landmarks: int, seed: int) -> LandmarkModel:
    random = np.random.default_rng(seed)
    rows = np.sort(random.choice(len(found.day), min(landmarks, len(found.day)), replace=False))
    return fit(training(found, rows), NAMES, STAGES, groups=GROUPS, seed=seed)


def said_by(model: LandmarkModel, asked: People, rows: np.ndarray) -> tuple[Said, np.ndarray]:
    incidence = score(model, asked.stage[rows], asked.features[rows].astype(np.float64))
    return Said(incidence[:, :, 0], expected_days(incidence)), incidence


def slopes(said: Said, asked: People, rows: np.ndarray) -> list[float]:
    """At HORIZONS, by those who were watched for so long."""
    of = training(asked, rows)
    found = []
    for k, horizon in zip(BINS, HORIZONS, strict=True):
        seen = of.follow >= horizon
        moved = (of.exit == 0) & (of.days <= horizon)
        found.append(measures(said.next[seen, k], moved[seen], of.customer[seen].astype(np.int64), None).slope)
    return found


def coverage(model: LandmarkModel, said: Said, asked: People, rows: np.ndarray, true: Truth) -> list[float]:
    some = rows[:4_000]
    replicates = score_replicates(model, asked.stage[some], asked.features[some].astype(np.float64))
    found = []
    for k in BINS:
        low, high = interval(said.next[: len(some), k], replicates[:, :, k, 0])
        at = true.incidence[:, : len(some), k, 0].mean(axis=0)
        found.append(float(((low <= at) & (at <= high)).mean()))
    return found


def timed(work: Callable[[], Said]) -> tuple[Said, float]:
    start = time.process_time()
    return work(), time.process_time() - start


def row(name: str, seconds: float, found: tuple[list[float], float, float]) -> None:
    chances = "  ".join(f"{one:.4f}" for one in found[0])
    print(f"{name:<34}{seconds:>8.1f}   {chances}   {found[1]:.2f}  {found[2]:.2f}", flush=True)


def compare(customers: int, landmarks: int, seed: int, quick: bool) -> bool:
    w = world(seed)
    learned, asked = people(w, 10 * seed + 1, customers), people(w, 10 * seed + 2, 2 * customers)
    rows = asked_rows(asked, seed)
    true = truth(w, 10 * seed + 3, 40 if quick else 200, asked, rows)
    print(f"{customers:,} customers, {len(learned.day):,} midnights, {len(learned.exit):,} stays; {len(rows):,} asked.")
    print(f"{'':<34}{'seconds':>8}   1, 7, 30 days             days  (mean absolute)")
    model = learn(learned, 20_000, seed)  # compiles
    model, fitting = timed(lambda: learn(learned, landmarks, seed))
    (said, incidence), scoring = timed(lambda: said_by(model, asked, rows))
    ours = errors(said, true)
    row(OURS, fitting + scoring, ours)
    others = {CURVES: curves, "lifelines Cox, at entry": cox, "lifelines Weibull AFT, at entry": weibull}
    if not quick:
        others["lifelines Cox, time-varying"] = time_varying
    found = {}
    for name, peer in others.items():
        answer, seconds = timed(lambda peer=peer: peer(learned, asked, rows))
        found[name] = errors(answer, true)
        row(name, seconds, found[name])
    slope = slopes(said, asked, rows)
    print(
        f"fit of {min(landmarks, len(learned.day)):,} landmarks {fitting:.1f} s, score of {len(rows):,} {scoring:.2f} s"
    )
    print("slopes at 1, 7, 30 days:", *(f"{one:.3f}" for one in slope))
    print("true chances within 90 % intervals:", *(f"{one:.2f}" for one in coverage(model, said, asked, rows, true)))
    return judged(ours, found, slope, incidence, quick)


def judged(ours: tuple, others: dict, slope: list[float], incidence: np.ndarray, quick: bool) -> bool:
    curve = others[CURVES][0]
    peers = [one for name, one in others.items() if name != CURVES]
    goals = {
        f"within 7 days {ours[0][1] / curve[1]:.3f} of the error of the curves": ours[0][1]
        <= MOST_OF_CURVES * curve[1],
        "within 7 days no peer is nearer": all(ours[0][1] <= peer[0][1] for peer in peers),
        "within 30 days no peer is nearer": all(ours[0][2] <= peer[0][2] for peer in peers),
        "slopes between 0.9 and 1.1": all(SLOPES[0] <= one <= SLOPES[1] for one in slope),
        f"expected days within {MOST_DAYS} on average": ours[2] <= MOST_DAYS,
        "no value falls with the horizon": bool((np.diff(incidence, axis=1) >= 0).all()),
    }
    few = ("no peer", "no value")  # what 3,000 customers can tell
    asked = {name: met for name, met in goals.items() if not quick or any(word in name for word in few)}
    for name, met in asked.items():
        print("met   " if met else "MISSED", name)
    return all(asked.values())


def tiers(landmarks: int, seed: int) -> None:
    """The error by number of customers when all stages are one tier, beside the plain curve."""
    w = world(seed)
    everybody, asked = people(w, 10 * seed + 1, 20_000), people(w, 10 * seed + 2, 4_000)
    rows = asked_rows(asked, seed)
    true = truth(w, 10 * seed + 3, 100, asked, rows)
    print(f"{'customers':>9}{'moves':>8}   error at 7 and 30 days: {CURVES}, " + ", ".join(TIERS))
    for customers in (12, 25, 50, 100, 200, 400, 800, 1_600, 6_400):
        some = first_customers(everybody, customers)
        plain = errors(curves(some, asked, rows), true)[0]
        told = [f"{plain[1]:.3f} {plain[2]:.3f}"]
        for tier in range(len(TIERS)):
            landmark_model_fit.BORDERS = tuple(0 if n < tier else NOBODY_NEARER for n in range(3))
            found = errors(said_by(learn(some, landmarks, seed), asked, rows)[0], true)[0]
            told.append(f"{found[1]:.3f} {found[2]:.3f}")
        moves = np.bincount(some.of_stage[some.exit >= 0], minlength=STAGES)
        print(f"{customers:>9,}{int(np.median(moves)):>8,}   " + "   ".join(told), flush=True)


def first_customers(p: People, customers: int) -> People:
    rows = np.flatnonzero(p.customer < customers)
    stays = slice(int(p.stay[rows].max()) + 1)
    return People(*(column[rows] for column in p[:6]), *(column[stays] for column in p[6:]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--tiers", action="store_true")
    parser.add_argument("--customers", type=int)
    parser.add_argument("--landmarks", type=int, default=400_000, help="at most so many are learned from")
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    if options.tiers:
        tiers(min(options.landmarks, 100_000), options.seed)
        sys.exit()
    many = options.customers or (3_000 if options.quick else 20_000)
    sys.exit(0 if compare(many, options.landmarks, options.seed, options.quick) else 1)
