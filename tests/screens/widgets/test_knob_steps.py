"""Stepping a knob with the arrows: in bounds, on round stops, and back again."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contract import Config, Knob, knob
from screens.widgets.knob_steps import linear_step, stepped


class Knobs(Config):
    lr: float = knob(0.05, "", ge=1e-4, le=1, log=True)
    wd: float = knob(0.0, "", ge=0, le=0.01, log=True)
    n: int = knob(1000, "", ge=100, le=50000, log=True)
    width: int = knob(3, "", ge=1, le=7)
    momentum: float = knob(0.9, "", ge=0, le=0.99)
    angle: float = knob(0.0, "", ge=-180, le=180)
    free: float = knob(2.0, "")


KNOBS = {item.name: item for item in Knobs.knobs()}


def walk(item: Knob, value: float, direction: int, count: int) -> list[float]:
    found = []
    for _ in range(count):
        value = stepped(item, value, direction)
        found.append(value)
    return found


def test_log_knobs_go_1_2_5() -> None:
    assert walk(KNOBS["lr"], 0.05, 1, 5) == [0.1, 0.2, 0.5, 1.0, 1.0]
    assert walk(KNOBS["lr"], 0.05, -1, 9) == [0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001, 0.0001]
    assert walk(KNOBS["n"], 784, 1, 3) == [1000, 2000, 5000]
    assert walk(KNOBS["n"], 784, -1, 3) == [500, 200, 100]


def test_a_log_knob_that_begins_at_zero_reaches_it_and_comes_back() -> None:
    down = walk(KNOBS["wd"], 1e-7, -1, 6)
    assert down[-1] == 0.0
    assert stepped(KNOBS["wd"], 0.0, 1) > 0


def test_linear_steps_are_round() -> None:
    assert linear_step(KNOBS["momentum"]) == pytest.approx(0.05)
    assert linear_step(KNOBS["angle"]) == 20
    assert linear_step(KNOBS["width"]) == 1
    assert walk(KNOBS["angle"], 7, 1, 2) == [20, 40]
    assert walk(KNOBS["angle"], 7, -1, 2) == [0, -20]
    assert walk(KNOBS["width"], 6, 1, 3) == [7, 7, 7]


@given(st.sampled_from(sorted(KNOBS)), st.floats(0, 1), st.sampled_from([-1, 1]))
def test_steps_stay_in_bounds_and_lead_somewhere(name: str, share: float, direction: int) -> None:
    item = KNOBS[name]
    lo, hi = (item.lo if item.lo is not None else 0.0), (item.hi if item.hi is not None else 4.0)
    value = lo + share * (hi - lo)
    value = round(value) if item.kind == "int" else value
    moved = stepped(item, value, direction)
    assert item.parse(moved) == moved
    end = item.hi if direction > 0 else item.lo
    assert math.copysign(1, moved - value) == direction or moved == value == end or abs(moved - value) < 1e-9


@given(st.sampled_from(sorted(KNOBS)), st.integers(1, 8))
def test_a_step_up_is_undone_by_a_step_down(name: str, count: int) -> None:
    item = KNOBS[name]
    *_, before, after = [item.default, *walk(item, item.default, 1, count)]
    if after != before:
        assert stepped(item, after, -1) == pytest.approx(before)


def test_choices_and_switches_go_around() -> None:
    class More(Config):
        noise: bool = knob(True, "")

    (item,) = More.knobs()
    assert stepped(item, True, 1) is False
    assert stepped(item, False, -1) is True
