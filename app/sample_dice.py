"""Chance that falls the same on every machine: what the generated sample is made with."""

import random
from collections.abc import Sequence
from typing import Any


class Dice:
    """Draws from a seed. Only random() is used, because it alone gives the same numbers in every version of Python."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random  # noqa: S311 - no secret

    def chance(self, share: float) -> bool:
        """True so often in a hundred."""
        return self._random() < share

    def some(self, least: int, most: int) -> int:
        """A number between these, both included."""
        return least + int(self._random() * (most - least + 1))

    def one(self, *choices: Any) -> Any:
        """One of them."""
        return choices[self.some(0, len(choices) - 1)]

    def different(self, choices: Sequence[str], least: int, most: int) -> list[str]:
        """Some of them in any order, none twice."""
        return sorted(choices, key=lambda _: self._random())[: self.some(least, most)]
