"""A world whose chances are known: customers on a racetrack of twelve stages, day by day.

Each day a customer may get a mail, views content (more after mails, and after views), may open or close a case, and
then moves on with a chance that depends on all that by way of a fading memory of views (not the counts that models are
given), whether three were viewed since the entry, how long the stay has lasted (semi-Markov: it rises and falls), and
on who they are. There are five exits: next stage, further, back by a legal edge, regression, out. Nothing that matters
is hidden, but none of it is said in the form in which it works; some features do not matter at all.

The true chance of a customer's exits is the mean over many futures of their own, of the chances in each day of each
future (not of what happens in it: that is far less random). Half of the futures are kept apart, so that the error of a
model can be told without that of the truth.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from raceline.analytics.incidence import BIN_ENDS, E

STAGES, DAYS, HORIZON = 12, 365, 90
TIME, CONTENT, USAGE, CASES, SENTIMENT, ACCOUNT = 0, 1, 2, 4, 5, 7
FEATURES = {
    "days_in_stage": TIME,
    "visits_before": TIME,
    "content_1_days": CONTENT,
    "content_7_days": CONTENT,
    "content_30_days": CONTENT,
    "content_since_entry": CONTENT,
    "days_since_content": CONTENT,
    "mails_7_days": CONTENT,
    "mails_30_days": CONTENT,
    "open_cases": CASES,
    "cases_30_days": CASES,
    "telemetry_7_days": USAGE,  # this and what follows up to the sentiment does not matter
    "telemetry_30_days": USAGE,
    "devices": USAGE,
    "sentiment": SENTIMENT,
    "success_manager": ACCOUNT,
    "size": ACCOUNT,
    "segment": ACCOUNT,
    "page_1": CONTENT,  # nor do pages, but for being content
    "page_2": CONTENT,
}
NAMES = tuple(FEATURES)
GROUPS = np.array(list(FEATURES.values()), np.int8)
SINCE_ENTRY, SUCCESS_MANAGER, SIZE, SEGMENT = (NAMES.index(n) for n in ("content_since_entry", *NAMES[15:18]))
VIEWS, MAILS, OPEN, TODAY, MAILS_TODAY, OPENED_TODAY = range(6)  # of a customer's state


class World(NamedTuple):
    """What each stage is like, (STAGES,) each: base chance, days of its peak, and the weights of what matters."""

    base: np.ndarray
    peak: np.ndarray
    rise: np.ndarray
    views: np.ndarray
    three: np.ndarray
    manager: np.ndarray
    size: np.ndarray
    case: np.ndarray
    rate: np.ndarray


class People(NamedTuple):
    """Midnights of customers in a stage: features (n, f), stage, customer, day, stay (n,), state (n, 3).

    Of stays, (m,) each: of_stage, entered, left (DAYS while open), exit (-1 while open).
    """

    features: np.ndarray
    customer: np.ndarray
    stage: np.ndarray
    day: np.ndarray
    stay: np.ndarray
    state: np.ndarray
    of_stage: np.ndarray
    entered: np.ndarray
    left: np.ndarray
    exit: np.ndarray


class Truth(NamedTuple):
    """Of rows, by one half of the futures and by the other (2, n, ...): incidence at BIN_ENDS, mean days up to 90."""

    incidence: np.ndarray
    days: np.ndarray


def world(seed: int) -> World:
    random = np.random.default_rng(seed)

    def around(mean: float, deviation: float) -> np.ndarray:
        return mean + deviation * random.standard_normal(STAGES)

    return World(
        base=np.exp(around(np.log(0.045), 0.25)),
        peak=np.exp(around(np.log(30), 0.3)),
        rise=random.uniform(-0.1, 0.9, STAGES),
        views=around(1.5, 0.3),
        three=around(0.5, 0.25),
        manager=around(0.25, 0.15),
        size=around(-0.12, 0.1),
        case=around(-0.6, 0.25),
        rate=np.exp(around(np.log(0.12), 0.3)),
    )


@njit(cache=True)
def chances(w, s, days, views, since_entry, manager, size, is_open, found):
    """Of each exit within a day."""
    u = days / w.peak[s]
    shape = (u + 0.15) ** w.rise[s] / (1 + 0.25 * u * u)
    f = views / (views + 0.5)
    last = len(w.base) - 1
    who = w.manager[s] * manager + w.size[s] * size + w.case[s] * is_open
    found[0] = w.base[s] * shape * np.exp(w.views[s] * f + w.three[s] * (since_entry >= 3) + who) if s < last else 0.0
    found[1] = 0.12 * w.base[s] * np.exp(1.5 * w.views[s] * f - 1.2 + 0.3 * manager) if s < last - 1 else 0.0
    found[2] = 0.0006 * np.exp(0.5 * f) if s > 0 else 0.0
    found[3] = 0.0014 * np.exp(0.9 * is_open - 0.5 * f) if s > 0 else 0.0
    found[4] = 0.0028 * np.exp(-1.6 * f + 0.5 * is_open - 0.4 * manager) * (1 + u) / (1.5 + 0.3 * u)
    if found.sum() > 0.9:
        found *= 0.9 / found.sum()


@njit(cache=True)
def live_a_day(w, s, state, manager, segment):
    state[MAILS_TODAY] = np.random.poisson(0.025)
    state[MAILS] = state[MAILS] * 0.82 + state[MAILS_TODAY]
    often = (1 + 0.25 * manager) * (1.1 if segment > 0 else 0.8)
    rate = w.rate[s] * often * (0.35 + 3.2 * state[MAILS] + 1.1 * state[VIEWS] / (1 + 0.3 * state[VIEWS]))
    state[TODAY] = np.random.poisson(min(rate, 6.0))
    state[VIEWS] = state[VIEWS] * 0.84 + 0.64 * state[TODAY]
    state[OPENED_TODAY] = np.random.random() < 0.012
    if state[OPENED_TODAY]:
        state[OPEN] = 1
    elif np.random.random() < 0.09:
        state[OPEN] = 0


@njit(cache=True)
def drawn(chance):
    """Which exit is taken, -1 for none."""
    x = np.random.random()
    for e in range(len(chance)):
        if x < chance[e]:
            return e
        x -= chance[e]
    return -1


@njit(cache=True)
def counted(ring, day, row):
    """Events of the last days: ring (4, 30) of views, mails, cases opened and telemetry by day."""
    row[2] = ring[0, (day - 1) % 30]
    for back in range(30):
        past = (day - 1 - back) % 30
        row[4] += ring[0, past]
        row[8] += ring[1, past]
        row[10] += ring[2, past]
        row[12] += ring[3, past]
        if back < 7:
            row[3] += ring[0, past]
            row[7] += ring[1, past]
            row[11] += ring[3, past]


@njit(cache=True)
def simulate(w, seed, customers, n_days, p):
    """Fill People; gives how many midnights and stays there are."""
    np.random.seed(seed)
    n, m = 0, -1
    chance, visits = np.zeros(5), np.zeros(len(w.base))
    for c in range(customers):
        ring, state = np.zeros((4, 30)), np.zeros(6)
        manager, size = 1.0 if np.random.random() < 0.4 else 0.0, np.random.normal()
        segment, devices = float(np.random.randint(0, 3)), float(np.random.poisson(2))
        start = np.random.randint(0, int(n_days * 0.7))
        s, entered, since, page_1, page_2, last, sentiment = 0, float(start), 0.0, 0.0, 0.0, np.nan, np.nan
        visits[:] = 0
        m += 1
        p.of_stage[m], p.entered[m], p.left[m], p.exit[m] = s, entered, n_days, -1
        for day in range(start, n_days):
            row = p.features[n]
            counted(ring, day, row)
            row[0], row[1], row[5], row[6], row[9] = day - entered, visits[s], since, day - last, state[OPEN]
            row[13], row[14], row[15], row[16], row[17] = devices, sentiment, manager, size, segment
            row[18], row[19] = page_1, page_2
            p.customer[n], p.stage[n], p.day[n], p.stay[n], p.state[n] = c, s, day, m, state[:3]
            n += 1
            live_a_day(w, s, state, manager, segment)
            ring[:3, day % 30] = state[3:]
            ring[3, day % 30] = np.random.poisson(0.5)
            since += state[TODAY]
            if state[TODAY] > 0:
                last = day
                page_1 = 1.0 if np.random.random() < 0.4 else page_1
                page_2 = 1.0 if np.random.random() < 0.2 else page_2
            sentiment = np.random.uniform(-1, 1) if np.random.random() < 0.03 else sentiment
            devices += 1.0 if np.random.random() < 0.01 else 0.0
            chances(w, s, day - entered, state[VIEWS], since, manager, size, state[OPEN], chance)
            e = drawn(chance)
            if e < 0:
                continue
            entered, since, page_1, page_2 = day + np.random.random(), 0.0, 0.0, 0.0
            p.left[m], p.exit[m] = entered, e
            visits[s] += 1
            if e == 4:
                break
            s = s + 1 + e if e < 2 else max(0, s - 1 - np.random.randint(0, 2))
            m += 1
            p.of_stage[m], p.entered[m], p.left[m], p.exit[m] = s, entered, n_days, -1
    return n, m + 1


def people(w: World, seed: int, customers: int) -> People:
    rows, stays = customers * DAYS * 2 // 3, customers * 40
    room = People(
        np.zeros((rows, len(NAMES)), np.float32),
        *(np.zeros(rows, np.int32) for _ in range(4)),
        np.zeros((rows, 3)),
        np.zeros(stays, np.int32),
        np.zeros(stays),
        np.zeros(stays),
        np.zeros(stays, np.int8),
    )
    n, m = simulate(w, seed, customers, DAYS, room)
    return People(*(column[:n] for column in room[:6]), *(column[:m] for column in room[6:]))


@njit(cache=True)
def futures(w, seed, count, stage, features, start, incidence, days):
    np.random.seed(seed)
    chance, state = np.zeros(5), np.zeros(6)
    for i in range(len(stage)):
        s, row = stage[i], features[i]
        for _ in range(count):
            state[:3] = start[i]
            since, there = row[SINCE_ENTRY], 1.0
            for day in range(HORIZON):
                live_a_day(w, s, state, row[SUCCESS_MANAGER], row[SEGMENT])
                since += state[TODAY]
                manager, size = row[SUCCESS_MANAGER], row[SIZE]
                chances(w, s, row[0] + day, state[VIEWS], since, manager, size, state[OPEN], chance)
                incidence[i, day] += there * chance / count
                days[i] += there * (1 - chance.sum() / 2) / count
                there *= 1 - chance.sum()


def truth(w: World, seed: int, count: int, found: People, rows: np.ndarray) -> Truth:
    """What is true of these midnights, by `count` futures of each."""
    incidence, days = np.zeros((2, len(rows), HORIZON, E)), np.zeros((2, len(rows)))
    for half in range(2):
        told = (incidence[half], days[half])
        futures(w, seed + half, count // 2, found.stage[rows], found.features[rows], found.state[rows], *told)
    return Truth(incidence.cumsum(axis=2)[:, :, np.array(BIN_ENDS, np.int64) - 1], days)
