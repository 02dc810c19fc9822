"""How customers' texts sound: one number for each text, or none where nothing can be read.

The scorer is VADER (Hutto & Gilbert, ICWSM 2014): a lexicon that people rated, and rules for negation, emphasis and
the like. What raceline adds, and bench/sentiment.py measures:

- VADER was made for posts of 140 characters. Its figure is a sum that nears 1 or -1 as a text grows, whatever the text
  says. So a text is read in passages of that length, cut between sentences, and its score is the mean of the passages
  in which VADER finds something; a pasted log or a signature doesn't thin out a complaint.
- VADER counts "help" and "support" as praise. In a case they are what it is about, and are left out.
- VADER knows English only. A text of another language would get 0, or what a word means by chance in English ("die
  Lizenz"). So py3langid says what language it is, and a text that isn't English gets no score.
- Of a long text the first 10,000 characters are read.

A head that learned from texts which an operator's own people rated belongs in `_value`: it takes the passages with
what VADER says of each, and gives the score of the text. It has to change SCORER, so that scores stored under the old
name are not taken for its own.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from py3langid.langid import MODEL_FILE, LanguageIdentifier
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

SCORER = f"vader-{version('vaderSentiment')}+langid-{version('py3langid')}/1"
"""Stored with each score; another name, another score. The last number is the version of what this file adds."""

NO_SCORE = int(np.iinfo(np.int64).min)
"""The score of a text that can't be read: in another language, or without words."""

NEGATIVE, POSITIVE = -500, 500
"""From here down a score is negative, from here up positive, and neutral between them: VADER's thresholds, 0.05."""

CHARACTERS = 10_000
"""So many characters of a text are read, some 1,600 words."""

PASSAGE = 140
"""Sentences are read together as long as they fit into so many characters."""

ODDS = 10
"""A text is in another language when that is more than so many times as likely as English.

Few letters say little, and most customers write English: asked for the likeliest language alone, the identifier takes
"no answer" for Tagalog and "awful" for Swahili.
"""

ENGLISH, UNKNOWN, WORDLESS = "en", "und", "zxx"  # the latter two by ISO 639-2
TAKEN_FOR_ENGLISH = ("en", "pcm")  # Nigerian Pidgin is what the identifier takes "how do i get a pin" for

ASKING = ("please", "pls", "plz", "kindly", "dear", "help", "helps", "helping", "support", "supports", "supporting")
"""What people write to whoever they ask for something; "helpful" and "thanks" keep their value.

Of the product reviews' sentences, people rated those with "help" or "support" -1.3 on average; the lexicon says 1.7.
"""

LETTER = re.compile(r"[^\W\d_]")
LATIN = re.compile(r"[A-Za-z]")
BETWEEN_SENTENCES = re.compile(r"\n\s*\n|(?<=[.!?])\s+(?=\w)")  # a smiley stays with what it comments on
PLAIN = str.maketrans({"‘": "'", "’": "'", "ʼ": "'", "“": '"', "”": '"', "„": '"', "…": "...", "–": " - ", "—": " - "})
"""What typesetting makes of plain characters: VADER knows "isn't" with the typewriter's apostrophe only."""


class Scores(NamedTuple):
    """One entry for each text, in the order of the texts."""

    score: npt.NDArray[np.int64]  # (n,) ten-thousandths, -10000 to 10000; NO_SCORE where nothing can be read
    language: tuple[str, ...]  # n codes of ISO 639: en, another one, und (unknown) or zxx (no words)


def score(texts: Sequence[str]) -> Scores:
    """Score each text; equal texts are read once. Any string will do: it never raises for what a text says.

    The same text has the same score in every batch and process. Without words (zxx), emoticons alone are scored.
    """
    found = {text: _score(text) for text in dict.fromkeys(texts)}
    values = np.fromiter((found[text][0] for text in texts), np.int64, len(texts))
    return Scores(values, tuple(found[text][1] for text in texts))


def _score(text: str) -> tuple[int, str]:
    read = text[:CHARACTERS].translate(PLAIN)
    language = _language(read)
    if language == ENGLISH:
        return _value(read), language
    if language == WORDLESS:
        return _value(read) or NO_SCORE, language
    return NO_SCORE, language


def _value(text: str) -> int:
    """The mean of the passages in which VADER finds something, a half rounded up; 0 when there is none."""
    told = [value for value in map(_vader, _passages(text)) if value]
    return (2 * sum(told) + len(told)) // (2 * len(told)) if told else 0


def _vader(passage: str) -> int:
    compound: float = _reader().polarity_scores(passage)["compound"]
    return round(compound * 10_000)


def _passages(text: str) -> list[str]:
    passages = [""]
    for sentence in BETWEEN_SENTENCES.split(text):
        if len(passages[-1]) + len(sentence) < PASSAGE:
            passages[-1] = f"{passages[-1]} {sentence}"
        else:
            passages.append(sentence)
    return passages


def _language(text: str) -> str:
    if not LETTER.search(text):
        return WORDLESS
    identifier = _identifier()
    likeliest, chance = identifier.classify(text)
    if likeliest in TAKEN_FOR_ENGLISH:
        return ENGLISH
    chances = dict(identifier.rank(text))
    if chance > ODDS * max(chances[name] for name in TAKEN_FOR_ENGLISH):
        return str(likeliest)
    return ENGLISH if LATIN.search(text) else UNKNOWN


@cache
def _identifier() -> Any:
    """Loaded at the first text, and kept: half a second and some 100 MB."""
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@cache
def _reader() -> "_Reader":
    return _Reader()


class _Reader(SentimentIntensityAnalyzer):  # type: ignore[misc]  # the package ships no types
    """VADER, in a time that grows with the text and not with its square.

    The package goes through the whole text again for each word that it knows (cjhutto/vaderSentiment issue 110: 5,000
    emoji take it 8 seconds), though its rules look at the three words before and the two after. It gets those alone.
    """

    def __init__(self) -> None:
        super().__init__()
        for word in ASKING:
            self.lexicon.pop(word, None)

    def sentiment_valence(self, valence: float, sentitext: Any, item: str, i: int, sentiments: list[float]) -> Any:
        if item.lower() not in self.lexicon:
            sentiments.append(valence)
            return sentiments
        first = max(i - 3, 0)
        near = SimpleNamespace(
            words_and_emoticons=sentitext.words_and_emoticons[first : i + 3], is_cap_diff=sentitext.is_cap_diff
        )
        return super().sentiment_valence(valence, near, item, i - first, sentiments)
