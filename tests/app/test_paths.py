"""Questions about paths: each is answered from what was there when it was asked, and many at once look once."""

import asyncio
import logging
from threading import Event, Lock
from types import SimpleNamespace

import pytest

from raceline.app import paths
from raceline.app.paths import PathAnswers
from raceline.domain.errors import LogUnavailable
from raceline.projections import path_figures


class Log:
    """Stands for the paths in memory: every look finds the position of the moment."""

    def __init__(self):
        self.position, self.steps, self.looks, self.together, self.away = 0, 10, 0, 0, False
        self.go_on, self.begun = Event(), Event()
        self.go_on.set()
        self._now, self._lock = 0, Lock()

    def now(self):
        with self._lock:
            self.looks += 1
            self._now += 1
            self.together = max(self.together, self._now)
        found = SimpleNamespace(position=self.position, steps=self.steps)
        self.begun.set()
        assert self.go_on.wait(10)
        with self._lock:
            self._now -= 1
        if self.away:
            raise LogUnavailable
        return found


@pytest.fixture
def log(monkeypatch):
    log = Log()
    monkeypatch.setattr(paths, "KeptPaths", lambda url, most_steps: log)
    monkeypatch.setattr(
        paths.path_figures, "answer", lambda columns, kept, field, arguments, lists: (columns.position, field)
    )
    return log


def answers():
    return PathAnswers("postgresql:///none", 100)


def ask(answers, min_position=0):
    return answers.answer("pages", {}, [], min_position)


def test_every_question_sees_what_was_there_when_it_was_asked(log):
    async def asked():
        found = answers()
        seen = []
        for log.position in (3, 3, 5):
            seen.append((await ask(found))[0])
        return seen

    assert asyncio.run(asked()) == [3, 3, 5]


def test_in_a_large_store_a_look_serves_for_a_while_but_nobody_who_waits_for_a_position(log, monkeypatch):
    monkeypatch.setattr(paths, "_PATIENCE", 1e9)

    async def asked():
        found = answers()
        told = []
        for position, least, steps in [(1, 0, 10), (2, 0, 2_000_000), (3, 0, 2_000_000), (4, 4, 2_000_000), (5, 0, 10)]:
            log.position, log.steps = position, steps
            told.append(await ask(found, least))
        return told

    assert asyncio.run(asked()) == [(position, "pages") for position in (1, 2, 2, 4, 4)]


def test_questions_that_come_while_one_looks_share_the_next_look_and_none_sees_what_was_before_it(log):
    async def asked():
        found = answers()
        log.go_on.clear()
        first = asyncio.create_task(ask(found))
        await asyncio.to_thread(log.begun.wait, 10)
        log.position = 7
        others = [asyncio.create_task(ask(found)) for _ in range(20)]
        await asyncio.sleep(0)
        log.go_on.set()
        return (await first)[0], {position for position, _ in await asyncio.gather(*others)}

    assert asyncio.run(asked()) == (0, {7})
    assert (log.looks, log.together) == (2, 1)


def test_a_look_that_fails_is_told_to_the_one_who_looked_and_the_others_look_themselves(log):
    async def asked():
        found = answers()
        log.position = 3
        await ask(found)
        log.away, log.position = True, 5
        failed = await asyncio.gather(*(ask(found) for _ in range(3)), return_exceptions=True)
        log.away = False
        return failed, await ask(found)

    failed, after = asyncio.run(asked())
    assert {type(one) for one in failed} == {LogUnavailable}
    assert after == (5, "pages")


def test_what_one_command_asks_is_of_one_position(log):
    async def asked():
        found = answers()
        found.hold()
        seen = []
        for log.position in (3, 5):
            seen.append((await ask(found))[0])
        return seen

    assert asyncio.run(asked()) == [3, 3]


def test_paths_that_cannot_be_loaded_ahead_hold_up_no_server(log, caplog):
    log.away = True
    with caplog.at_level(logging.WARNING):
        asyncio.run(answers().warm())
    assert "not loaded ahead" in caplog.text


def test_a_position_that_somebody_waited_for_is_looked_for_even_when_others_have_just_looked(log):
    async def asked():
        found = answers()
        log.go_on.clear()
        first = asyncio.create_task(ask(found))
        await asyncio.to_thread(log.begun.wait, 10)
        second, third = asyncio.create_task(ask(found)), asyncio.create_task(ask(found, min_position=9))
        await asyncio.sleep(0)
        log.begun.clear()
        log.position = 8
        log.go_on.set()
        await second
        log.position = 9
        return await first, await third

    assert asyncio.run(asked())[0][0] == 0
    assert log.looks == 3


def test_the_kernels_of_every_question_are_loaded_before_somebody_asks(monkeypatch):
    asked, moves, answer = [], [], path_figures.answer
    monkeypatch.setattr(paths.path_figures, "answer", lambda *given: asked.append(given[2]) or answer(*given))
    before = paths.pages_before
    monkeypatch.setattr(paths, "pages_before", lambda *given: moves.append(given) or before(*given))
    paths.load_kernels()
    assert {*asked, "paths", "pagesBeforeMoves"} == {*path_figures.FIELDS, "pagesBeforeMoves"}
    assert len(moves) == 1
