"""How customers' texts sound: which are read, what moves a score, and that it is the same everywhere."""

import os
import subprocess
import sys
from importlib.metadata import version

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pytest import param
from vaderSentiment.vaderSentiment import BOOSTER_DICT, NEGATE, SPECIAL_CASES, SentimentIntensityAnalyzer

from raceline.analytics import sentiment
from raceline.analytics.sentiment import ASKING, CHARACTERS, NEGATIVE, NO_SCORE, PASSAGE, POSITIVE, SCORER, score

PACKAGE = SentimentIntensityAnalyzer()  # without the words that raceline leaves out
for word in ASKING:
    PACKAGE.lexicon.pop(word, None)

COMPLAINT = "This is the third awful outage of the very same router since the contract began, and we are disappointed."
PRAISE = "The engineer who called us back this morning was patient and friendly, and we are very happy with the result."
LOG = "\n".join(
    f"Oct 12 10:11:{s:02} sw1 changed the state of interface GigabitEthernet0/{s} to up." for s in range(60)
)

anything = st.text(st.characters(exclude_categories=()))  # with halves of surrogate pairs
known = sorted({*PACKAGE.lexicon, *BOOSTER_DICT, *NEGATE, *" ".join(SPECIAL_CASES).split()})
telling = [
    "but",
    "no",
    "or",
    "nor",
    "so",
    "this",
    "least",
    "at",
    "very",
    "kind",
    "of",
    "without",
    "doubt",
    "never",
    "😀",
]
words = st.one_of(
    st.sampled_from(known), st.sampled_from(telling), st.sampled_from(["the", "router", "!", "?!", "Ok."])
)
sentences = st.lists(st.one_of(words, words.map(str.upper)), max_size=25).map(" ".join)


def of(text):
    return int(score([text]).score[0])


def language(text):
    return score([text]).language[0]


def by_the_package(text):
    return round(PACKAGE.polarity_scores(text)["compound"] * 10_000)


@pytest.mark.parametrize(
    ("text", "sounds"),
    [
        param("Terrible service, three days without an answer", "negative", id="a complaint"),
        param("The engineer was great, thank you", "positive", id="praise"),
        param("The switch is in building 4", "neutral", id="a statement"),
        param("The fix is not good", "negative", id="negated praise"),
        param("Not bad at all", "positive", id="a negated complaint"),
        param("The fix isn't good", "negative", id="negated with a typewriter's apostrophe"),
        param("The fix isn’t good", "negative", id="negated with a typesetter's apostrophe"),
        param("Support says “great”", "positive", id="a word in a typesetter's quotation marks"),
        param("Fast answer—thanks", "positive", id="a word after a dash"),
        param("The answer was good but the fix is awful", "negative", id="what comes after but counts more"),
        param("port 4 is up :)", "positive", id="a smiley"),
        param("port 4 is down 😭", "negative", id="an emoji"),
        param("Dear support, please help", "neutral", id="a request"),
        param("Support was helpful, thanks", "positive", id="thanks for help"),
    ],
)
def test_a_text_sounds(text, sounds):
    found = of(text)
    assert (found <= NEGATIVE, NEGATIVE < found < POSITIVE, found >= POSITIVE) == tuple(
        sounds == name for name in ("negative", "neutral", "positive")
    )


def test_the_borders_are_five_hundredths_as_the_authors_of_the_scorer_have_them():
    assert (NEGATIVE, POSITIVE) == (-500, 500)


@pytest.mark.parametrize(
    ("less", "more"),
    [
        param("The support is good", "The support is very good", id="an adverb"),
        param("The support is good", "The support is good!!!", id="exclamation marks"),
        param("The support is good", "The support is GOOD", id="capitals"),
    ],
)
def test_emphasis_makes_it_more(less, more):
    assert of(less) < of(more)


def test_a_text_of_a_post_s_length_has_the_figure_of_the_package():
    text = "Router down again. Third time this week. Really disappointed, please help!"
    assert len(text) < PASSAGE
    assert of(text) == by_the_package(text) < NEGATIVE


def test_a_longer_text_has_the_mean_of_its_passages_a_half_rounded_up():
    told, thanked = by_the_package(COMPLAINT), by_the_package(PRAISE)
    assert told < NEGATIVE
    assert thanked > POSITIVE
    assert of(f"{COMPLAINT} {PRAISE}") == (told + thanked + 1) // 2
    assert of(f"{COMPLAINT}\n\n{PRAISE}\n") == (told + thanked + 1) // 2


def test_saying_it_again_makes_it_no_worse():
    assert by_the_package(" ".join([COMPLAINT] * 9)) < -9_800
    assert of(" ".join([COMPLAINT] * 9)) == of(COMPLAINT) > -8_000


def test_a_log_below_a_complaint_does_not_thin_it_out():
    assert of(f"{COMPLAINT}\n{LOG}") == of(COMPLAINT)


@given(st.lists(st.sampled_from([COMPLAINT, PRAISE, "The switch is in building 4 of the second site."]), min_size=1))
def test_a_text_sounds_neither_worse_nor_better_than_its_parts(parts):
    each = [of(part) for part in parts]
    assert min(each) <= of(" ".join(parts)) <= max(each)


def test_of_a_long_text_the_beginning_is_read():
    beginning = ("The switch is in building 4. " * CHARACTERS)[:CHARACTERS]
    assert of(f"{beginning} It is awful.") == 0
    assert of(f"It is awful. {beginning}") == of("It is awful. The switch is in building 4.") < NEGATIVE


@pytest.mark.parametrize(
    ("text", "code"),
    [
        param("Das Gerät ist seit gestern kaputt, und niemand ruft zurück.", "de", id="German"),
        param("Die Lizenz ist abgelaufen", "de", id="German, with a word that means death in English"),
        param("La mise à jour a cassé le contrôleur, c'est inadmissible.", "fr", id="French"),
        param("No funciona desde ayer", "es", id="Spanish, with a word that denies in English"),
        param("O roteador não liga mais", "pt", id="Portuguese"),
        param("Het werkt nog steeds niet", "nl", id="Dutch"),
        param("Nie działa", "pl", id="Polish, two words"),
        param("Роутер снова не работает", "ru", id="Russian"),
        param("ルーターがまた動きません", "ja", id="Japanese"),
        param("路由器又坏了", "zh", id="Chinese"),
        param("جهاز التوجيه لا يعمل مرة أخرى", "ar", id="Arabic"),
    ],
)
def test_a_text_in_another_language_has_no_score(text, code):
    assert (of(text), language(text)) == (NO_SCORE, code)


def test_a_smiley_does_not_make_another_language_readable():
    assert of("Das Gerät ist schon wieder kaputt :)") == NO_SCORE


def test_letters_of_no_known_script_are_an_unknown_language():
    assert (of("ꓡꓲꓢꓴ"), language("ꓡꓲꓢꓴ")) == (NO_SCORE, "und")


@pytest.mark.parametrize(
    "text",
    [
        "not working again",
        "no answer",
        "awful",
        "thanks!",
        "ok",
        "solved",
        "how do i get a pin for my card",
        "ROUTER DOWN",
    ],
)
def test_a_few_words_are_read_as_english_although_they_could_be_of_many_languages(text):
    assert language(text) == "en"
    assert of(text) == by_the_package(text)


@pytest.mark.parametrize(
    "text",
    [
        param("", id="nothing"),
        param(" \t\r\n\u3000", id="white space"),
        param("10.0.0.1 / 24 --- 7%", id="numbers"),
        param("?!...", id="punctuation"),
        param("🇩🇪", id="a flag"),
    ],
)
def test_a_text_without_words_has_no_score(text):
    assert (of(text), language(text)) == (NO_SCORE, "zxx")


@pytest.mark.parametrize(("text", "positive"), [(":)", True), ("👍 😀", True), (":-(", False), ("😭", False)])
def test_unless_it_is_a_face(text, positive):
    assert language(text) == "zxx"
    assert of(text) >= POSITIVE if positive else NO_SCORE < of(text) <= NEGATIVE


def test_nothing_to_score_gives_nothing():
    found = score([])
    assert found.score.dtype == np.int64
    assert (found.score.tolist(), found.language) == ([], ())


def test_equal_texts_are_read_once_and_every_text_has_its_entry(monkeypatch):
    read = []
    real = sentiment._score
    monkeypatch.setattr(sentiment, "_score", lambda text: read.append(text) or real(text))
    found = score(["awful", "Nie działa", "awful", "awful"])
    assert read == ["awful", "Nie działa"]
    assert found.score.tolist() == [of("awful"), NO_SCORE, of("awful"), of("awful")]
    assert found.language == ("en", "pl", "en", "en")


@given(st.lists(st.one_of(anything, sentences), max_size=5))
@example(["\ud800", "\x00", "\u0345" * 99, "ß" * 200, "(" * 999, "a\n\n\nb"])
def test_any_text_at_all_has_a_score_in_range_or_none_whatever_else_is_in_the_batch(texts):
    found = score(texts)
    assert all(value == NO_SCORE or -10_000 <= value <= 10_000 for value in found.score.tolist())
    assert all(
        value == NO_SCORE for value, code in zip(found.score, found.language, strict=True) if code not in ("en", "zxx")
    )
    alone = [score([text]) for text in texts]
    assert found.score.tolist() == [int(one.score[0]) for one in alone]
    assert found.language == tuple(one.language[0] for one in alone)


@given(st.one_of(sentences, anything))
@example("😀" * 9)
@example("it is the least bad ass of all, never so good, no doubt, yeah right BUT sort of great")
def test_the_scorer_in_linear_time_says_what_the_package_says(text):
    assert sentiment._reader().polarity_scores(text) == PACKAGE.polarity_scores(text)


def test_however_long_a_text_each_word_is_judged_among_six(monkeypatch):
    """The package looks through all words for each one: 5,000 emoji took it eight seconds."""
    seen = []
    real = SentimentIntensityAnalyzer.sentiment_valence

    def judge(self, valence, text, *rest):
        seen.append(len(text.words_and_emoticons))
        return real(self, valence, text, *rest)

    monkeypatch.setattr(SentimentIntensityAnalyzer, "sentiment_valence", judge)
    assert of("a good " * 500 + "😀" * 500) == 10_000
    assert len(seen) == 1_000
    assert max(seen) == 6


def test_the_scorer_is_named_with_all_that_a_score_depends_on():
    assert version("vaderSentiment") in SCORER
    assert version("py3langid") in SCORER


def test_another_process_gives_the_same_scores():
    texts = [COMPLAINT, PRAISE, "no answer", "Nie działa", ":)", "", "port 4 is down 😭"]
    ask = f"from raceline.analytics.sentiment import score; found = score({texts!r}); print(found.score.tolist())"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONIOENCODING": "utf-8"}
    said = subprocess.run([sys.executable, "-c", ask], env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == str(score(texts).score.tolist())
