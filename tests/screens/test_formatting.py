"""Numbers, durations, rates and seeds as they are written."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from screens import formatting
from tests.screens.canned import canned


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (0.12345678, "0.1235"),
        (12345, "12,345"),
        (math.nan, "undefined"),
        (math.inf, "infinite"),
        (None, "-"),
        ("low", "low"),
        (1e-9, "1e-09"),
    ],
)
def test_numbers(value: float | str | None, text: str) -> None:
    assert formatting.number(value) == text


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (59.4, "59 s"), (200, "3 min 20 s"), (7500, "2 h 5 min"), (-3, "0 s")])
def test_durations(seconds: float, text: str) -> None:
    assert formatting.duration(seconds) == text


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (3.14159, "3.1"), (42.4, "42"), (854.2, "854"), (123456, "120,000")])
def test_rates(value: float, text: str) -> None:
    assert formatting.rate(value) == text


@pytest.mark.parametrize(("values", "text"), [((3,), "seed 3"), ((0, 1, 2), "seeds 0-2"), ((1, 5), "seeds 1,5")])
def test_seeds(values: tuple[int, ...], text: str) -> None:
    assert formatting.seeds(values) == text


def test_percent_without_a_known_end_is_the_step() -> None:
    assert formatting.percent(canned(300)) == "50 %"
    assert formatting.percent(replace(canned(300), total=None)) == "step 300"
