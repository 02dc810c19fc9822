"""Answers for which many customers are derived: which are kept, and that they are made one at a time."""

import asyncio
from threading import Event, Lock

import pytest

from raceline.app import kept
from raceline.app.kept import Kept, Turn, Wanted


class Maker:
    """Makes answers in threads; `made` are their keys, `together` how many were ever made at once."""

    def __init__(self):
        self.made, self.together = [], 0
        self._now, self._lock = 0, Lock()

    def __call__(self, key):
        with self._lock:
            self._now += 1
            self.together = max(self.together, self._now)
        self.made.append(key)
        with self._lock:
            self._now -= 1
        return len(self.made)


@pytest.fixture
def maker():
    return Maker()


def asked(maker, keys, size=None, late=None):
    """The answers to questions, one after the other."""

    async def ask():
        turn = Turn(asyncio.to_thread)
        answers = Kept(turn) if size is None else Kept(turn, size)
        is_late = late or (lambda _: False)
        return [await answers(Wanted((key,), lambda key=key: maker(key), is_late)) for key in keys]

    return asyncio.run(ask())


def test_the_last_answer_is_kept(maker):
    assert asked(maker, "aab") == [1, 1, 2]
    assert asked(maker, "aba") == [3, 4, 5]


def test_answers_that_are_small_together_are_all_kept(maker):
    assert asked(maker, "abab", size=lambda _: 1) == [1, 2, 1, 2]


def test_of_answers_that_are_large_together_the_oldest_goes(maker, monkeypatch):
    monkeypatch.setattr(kept, "_BYTES", 2)
    assert asked(maker, "abcbca", size=lambda _: 1) == [1, 2, 3, 2, 3, 4]


def test_one_that_is_larger_than_what_is_kept_is_kept_alone(maker, monkeypatch):
    monkeypatch.setattr(kept, "_BYTES", 2)
    assert asked(maker, "aabbab", size=lambda _: 5) == [1, 1, 2, 2, 3, 4]


def test_one_that_is_late_for_a_question_is_made_again(maker):
    assert asked(maker, "aaa", late=lambda found: found < 2) == [1, 2, 2]


def test_after_a_while_it_is_made_again(maker, monkeypatch):
    moments = iter(range(0, 1000, 50))
    monkeypatch.setattr(kept, "monotonic", lambda: next(moments))
    assert asked(maker, "aaaa") != [1, 1, 1, 1]


def test_what_cannot_be_made_is_told_and_the_next_has_its_turn(maker):
    async def ask():
        answers = Kept(Turn(asyncio.to_thread))
        with pytest.raises(ZeroDivisionError):
            await answers(Wanted(("a",), lambda: 1 // 0))
        return await answers(Wanted(("a",), lambda: maker("a")))

    assert asyncio.run(ask()) == 1


def test_of_many_at_once_each_answer_is_made_once_and_one_at_a_time(maker):
    async def ask():
        turn = Turn(asyncio.to_thread)
        first, second = Kept(turn, lambda _: 1), Kept(turn, lambda _: 1)
        questions = [(answers, key) for answers in (first, second) for key in "abc"] * 4
        await asyncio.gather(*(answers(Wanted((key,), lambda key=key: maker(key))) for answers, key in questions))

    asyncio.run(ask())
    assert (sorted(maker.made), maker.together) == (["a", "a", "b", "b", "c", "c"], 1)


def test_who_waits_holds_no_thread():
    begun, go_on = Event(), Event()

    def make():
        begun.set()
        assert go_on.wait(10)
        return 1

    async def ask():
        threads = []

        async def in_thread(function):
            threads.append(function)
            return await asyncio.to_thread(function)

        answers = Kept(Turn(in_thread))
        waiting = [asyncio.create_task(answers(Wanted(("a",), make))) for _ in range(8)]
        await asyncio.to_thread(begun.wait, 10)
        while_one_is_made = len(threads)
        go_on.set()
        return while_one_is_made, await asyncio.gather(*waiting)

    assert asyncio.run(ask()) == (1, [1] * 8)
