"""How well the score of a customer's text agrees with what people say of it, and how many texts are scored a second.

python bench/sentiment.py [RATED] [--data ../shared/data]

RATED: the texts that people rated for Hutto & Gilbert (VADER, ICWSM 2014): posts, sentences of product reviews, of
editorials and of film reviews, each by twenty people, from -4 to 4. They are in the source archive of vaderSentiment,
and not ours to hand on; without them it is said how to get them. The limit is one person beside the mean of the
others, the peer the package alone on the whole text. Of negative, neutral and positive, the borders are at 0.05 of the
scale for both, people and scorer. Whole texts are the sentences of one review or article, rated by their mean.

Languages: sentences below that an engineer's customers might write, written after the odds were chosen; and, where it
is there, banking77: all its questions are English, so none should be refused.
"""

import argparse
import ast
import csv
import io
import tarfile
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.stats import pearsonr, spearmanr
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from raceline.analytics.sentiment import NEGATIVE, NO_SCORE, POSITIVE, SCORER, score

ARCHIVE = "vaderSentiment-3.3.2.tar.gz"
GET = f"pip download --no-deps --no-binary vaderSentiment --dest {tempfile.gettempdir()} vaderSentiment==3.3.2"
SETS = {
    "tweets": "posts",
    "amazonReviewSnippets": "sentences of product reviews",
    "nytEditorialSnippets": "sentences of editorials",
    "movieReviewSnippets": "sentences of film reviews",
}
WHOLE = {"amazonReviewSnippets": "whole product reviews", "nytEditorialSnippets": "whole editorials"}
SCALE = 4  # people rated from -4 to 4
ROUNDS = 3

ENGLISH = """
it crashed again|still no reply|worse than before|any progress?|Where is my RMA|stack member missing|nice work
pls advise|SSH times out|unhappy|This is a joke|Perfect, closing this|License server unreachable|too slow|No dial tone
why?|Third outage this week, we are losing customers.|Upgrade went fine, thank you for the patience.
Firewall blocks all mail|Case can be closed|I was on hold for an hour|Thx|memory leak in 17.9
Wireless clients keep dropping|Good enough for now
"""
OTHERS = """
de|Der Zugang ist seit heute Morgen gesperrt.|Danke, Fall kann geschlossen werden.|Wann kommt das Ersatzgerät?
fr|Le commutateur redémarre toutes les heures.|Toujours aucune réponse|Merci, vous pouvez fermer le dossier.
es|El enrutador se reinicia cada hora.|Todavía no hay respuesta|Pueden cerrar el caso, gracias.
pt|O roteador reinicia a cada hora.|Continuamos sem resposta|Podem fechar o chamado, obrigado.
it|Il router si riavvia ogni ora.|Ancora nessuna risposta|Potete chiudere il caso, grazie.
nl|De router start elk uur opnieuw op.|Nog steeds geen antwoord|De zaak kan gesloten worden, bedankt.
sv|Routern startar om varje timme.|Fortfarande inget svar|Ärendet kan stängas, tack.
da|Routeren genstarter hver time.|Stadig intet svar|Sagen kan lukkes, tak.
nb|Ruteren starter på nytt hver time.|Fortsatt ingen svar|Saken kan lukkes, takk.
fi|Reititin käynnistyy uudelleen joka tunti.|Ei vieläkään vastausta
pl|Router restartuje się co godzinę.|Nadal brak odpowiedzi|Sprawę można zamknąć, dziękuję.
cs|Směrovač se restartuje každou hodinu.|Stále žádná odpověď
hu|Az útválasztó óránként újraindul.|Még mindig nincs válasz
ro|Routerul repornește în fiecare oră.|Încă niciun răspuns
tr|Yönlendirici her saat yeniden başlıyor.|Hâlâ cevap yok
vi|Bộ định tuyến khởi động lại mỗi giờ.|Vẫn chưa có trả lời
id|Router menyala ulang setiap jam.|Masih belum ada jawaban
ru|Маршрутизатор перезагружается каждый час.|Ответа всё ещё нет
uk|Маршрутизатор перезавантажується щогодини.|Відповіді досі немає
el|Ο δρομολογητής επανεκκινεί κάθε ώρα.|Ακόμα καμία απάντηση
ja|ルーターが毎時間再起動します。|まだ返事がありません
zh|路由器每小时都会重启。|还是没有答复
ko|라우터가 매시간 재부팅됩니다.|아직 답변이 없습니다
ar|يعاد تشغيل جهاز التوجيه كل ساعة.|لا يوجد رد حتى الآن
he|הנתב מופעל מחדש כל שעה.|עדיין אין תשובה
hi|राउटर हर घंटे फिर से चालू हो जाता है।|अभी तक कोई जवाब नहीं
th|เราเตอร์รีสตาร์ททุกชั่วโมง|ยังไม่มีคำตอบ
"""


class Rated(NamedTuple):
    ids: list[str]
    texts: list[str]
    means: np.ndarray
    ratings: dict[str, list[int]]  # by id: what each person said


def found(given: Path | None) -> Iterator[tuple[str, bytes]]:
    """The files of the rated texts: of a folder, or of the archive, which holds an archive of them."""
    places = [given] if given else [Path(ARCHIVE), Path(tempfile.gettempdir(), ARCHIVE)]
    place = next((place for place in places if place.exists()), None)
    if place is None:
        return
    if place.is_dir():
        yield from ((file.name, file.read_bytes()) for file in sorted(place.glob("*.txt")))
        return
    yield from unpacked(place.read_bytes())


def unpacked(archive: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        for member in members:
            file = members.extractfile(member)
            if file is None:
                continue
            if member.name.endswith(".tar.gz"):
                yield from unpacked(file.read())
            else:
                yield Path(member.name).name, file.read()


def rated(files: dict[str, bytes], name: str) -> Rated:
    rows = [line.split("\t") for line in files[f"{name}_GroundTruth.txt"].decode("utf-8-sig").splitlines() if line]
    said = [line.split("\t") for line in files[f"{name}_anonDataRatings.txt"].decode("utf-8-sig").splitlines() if line]
    return Rated(
        [row[0] for row in rows],
        [row[2] for row in rows],
        np.array([float(row[1]) for row in rows]),
        {row[0]: ast.literal_eval(row[-1]) for row in said},
    )


def by_raceline(texts: Sequence[str]) -> np.ndarray:
    """Scores of -1 to 1; a text that is refused counts as if nothing were found in it, against the scorer."""
    scores = score(texts).score
    return np.where(scores == NO_SCORE, 0, scores) / 10_000


def by_the_package() -> Callable[[Sequence[str]], np.ndarray]:
    package = SentimentIntensityAnalyzer()
    return lambda texts: np.array([package.polarity_scores(text)["compound"] for text in texts])


def one_beside_the_others(ratings: dict[str, list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """The limit: each rating, and the mean of the other people's of the same text."""
    said = [(one, (sum(all_of) - one) / (len(all_of) - 1)) for all_of in ratings.values() for one in all_of]
    return np.array([one for one, _ in said]), np.array([others for _, others in said])


def kinds(values: np.ndarray, scale: float = 1) -> np.ndarray:
    """-1, 0 or 1: negative, neutral or positive, by the borders as shares of the scale."""
    negative, positive = NEGATIVE / 10_000 * scale, POSITIVE / 10_000 * scale
    return (values >= positive).astype(int) - (values <= negative)


def line(name: str, values: np.ndarray, people: np.ndarray, scale: float = 1) -> None:
    right = kinds(values, scale) == kinds(people, SCALE)
    of_kind = " ".join(f"{np.mean(right[kinds(people, SCALE) == kind]):7.1%}" for kind in (-1, 0, 1))
    agreement = f"{pearsonr(values, people).statistic:8.3f} {spearmanr(values, people).statistic:9.3f}"
    print(f"  {name:26} {agreement} {np.mean(right):9.1%}   {of_kind}")


def agreement(files: dict[str, bytes]) -> list[str]:
    """Print what people and scorer have in common; gives all the texts."""
    package, texts = by_the_package(), []
    print(f"\n{'':28} {'Pearson':>8} {'Spearman':>9} {'accuracy':>9}   of negative, neutral, positive texts")
    for name, title in SETS.items():
        these = rated(files, name)
        texts += these.texts
        print(f"{len(these.texts):,} {title}")
        line("raceline", by_raceline(these.texts), these.means)
        line("peer: the package alone", package(these.texts), these.means)
        line("limit: one of the people", *one_beside_the_others(these.ratings), SCALE)
        commonest = Counter(kinds(these.means, SCALE).tolist()).most_common(1)[0][1] / len(these.texts)
        print(f"  {'always the commonest':26} {'':8} {'':9} {commonest:9.1%}")
    for name, title in WHOLE.items():
        wholes, means = joined(rated(files, name))
        print(f"{len(wholes):,} {title}, of {np.mean([len(text) for text in wholes]):,.0f} characters on average")
        line("raceline", by_raceline(wholes), means)
        line("peer: the package alone", package(wholes), means)
    return texts


def joined(these: Rated) -> tuple[list[str], np.ndarray]:
    """The sentences of each review or article, whose number stands before the `_`; a full stop where there is none."""
    rows = defaultdict(list)
    for row, name in enumerate(these.ids):
        rows[name.split("_")[0]].append(row)
    sentences = [text if text.endswith((".", "!", "?")) else f"{text}." for text in these.texts]
    texts = [" ".join(sentences[row] for row in of_one) for of_one in rows.values()]
    return texts, np.array([these.means[of_one].mean() for of_one in rows.values()])


def languages(data: Path) -> list[str]:
    """Print whose texts are refused; gives the English ones."""
    english = [text for row in ENGLISH.strip().splitlines() for text in row.split("|")]
    others = [text for row in OTHERS.strip().splitlines() for text in row.split("|")[1:]]
    print(f"\n{'':44} {'texts':>7} {'refused':>8}")
    refused("short English texts of customers", english)
    refused(f"texts of customers in {len(OTHERS.strip().splitlines())} other languages", others)
    files = [data / f"banking77/{part}.csv" for part in ("train", "test")]
    if not all(file.exists() for file in files):
        print(f"banking77 is not in {data}: a few thousand short English questions, CC BY 4.0")
        return english
    rows = [row for file in files for row in csv.DictReader(io.StringIO(file.read_text("utf-8")))]
    questions = [row["text"] for row in rows]
    refused("questions to a bank, all English", questions)
    return questions


def refused(name: str, texts: list[str]) -> None:
    found = score(texts)
    share = np.mean(found.score == NO_SCORE)
    print(f"{name:44} {len(texts):7,} {share:8.2%}")
    for text, value, language in zip(texts, found.score.tolist(), found.language, strict=True):
        if (value == NO_SCORE) != (share > 0.5) and len(texts) < 100:
            print(f"    {text!r} was taken for {language}")


def speed(texts: list[str]) -> None:
    """Processor time, because scoring uses one core and nothing else: other work on the machine doesn't change it."""
    rng, package = np.random.default_rng(20260101), by_the_package()
    distinct = rng.permutation(list(dict.fromkeys(texts)))[:10_000].tolist()
    repeated = [distinct[i] for i in rng.zipf(1.3, 100_000) % len(distinct)]
    contestants: dict[str, tuple[Callable[[], object], int]] = {
        "raceline, each text once": (lambda: score(distinct), len(distinct)),
        "raceline, some again": (lambda: score(repeated), len(repeated)),
        "peer: the package alone, no language": (lambda: package(distinct), len(distinct)),
    }
    print(f"\n{'':44} {'texts':>7} {'a second':>9}   of {np.mean([len(text) for text in distinct]):.0f} characters")
    for name, (run, n) in contestants.items():
        best = min(seconds(run) for _ in range(ROUNDS))
        print(f"{name:44} {n:7,} {n / best:9,.0f}")
    flood = "😀" * 1_000_000
    print(f"the beginning of a million emoji: {seconds(lambda: score([flood])):.2f} seconds", end="; ")
    print(f"of the first 2,000, by the package: {seconds(lambda: package([flood[:2_000]])):.2f} seconds")


def seconds(run: Callable[[], object]) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rated", nargs="?", type=Path, help=f"{ARCHIVE}, or a folder with its *_GroundTruth.txt")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="where banking77/ may be")
    asked = parser.parse_args()
    if asked.rated and not asked.rated.exists():
        parser.error(f"{asked.rated} is not there; to get it: {GET}")
    score([""])
    print(SCORER)
    files = dict(found(asked.rated))
    if files:
        texts = agreement(files)
    else:
        print(f"\nThe texts that people rated are not here, so agreement is not measured. To get them:\n  {GET}")
        texts = []
    speed(languages(asked.data) + texts)


if __name__ == "__main__":
    main()
