"""Numbers, durations, rates and seeds as they are written."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from engine.contract import Scalar, ScalarValue
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


STEP = Scalar("grok_step", "grok step", "step", log=True, whole=True)


@pytest.mark.parametrize(
    ("seeds", "censored", "reason", "text", "spread"),
    [
        ((480.0,), (False,), "", "480 step", ""),
        ((460.0, 480.0, 1500.0), (False, False, False), "", "480 step", "460 to 1,500"),
        ((460.0, 480.0, 1500.0), (False, False, True), "", "480 step", "460 to >= 1,500"),
        ((460.0, 1500.0), (False, True), "", ">= 980 step", "460 to >= 1,500"),
        ((1500.0, 1500.0, 1500.0), (False, True, True), "", ">= 1,500 step", "1,500 to >= 1,500"),
        ((1500.0, 1500.0), (True, True), "", ">= 1,500 step", ""),
        ((math.nan, 480.0), (False, False), "", "480 step", ""),
        ((math.nan,), (False,), "pending", "pending", ""),
        ((), (), "needs a speed-up", "needs a speed-up", ""),
    ],
)
def test_scalars(seeds: tuple[float, ...], censored: tuple[bool, ...], reason: str, text: str, spread: str) -> None:
    item = ScalarValue(STEP, seeds, censored, reason)
    assert (formatting.scalar(item), formatting.scalar_range(item)) == (text, spread)


def test_percent_without_a_known_end_is_the_step() -> None:
    assert formatting.percent(canned(300)) == "50 %"
    assert formatting.percent(replace(canned(300), total=None)) == "step 300"
