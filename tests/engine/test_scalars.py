"""Scalars: medians with bounds, what belongs together, answers of a run, and their JSON."""

import json
from math import inf, isnan, nan

import numpy as np
import pytest

from engine.contract import Scalar, ScalarValue, values_record
from engine.scalars import PENDING, absent, bounded, event, found

STEP = Scalar("grok_step", "grok step", "step", log=True, whole=True)


def test_value_is_the_median_of_the_seeds_that_have_one():
    item = ScalarValue(STEP, (500.0, nan, 460.0, 480.0), (False,) * 4)
    assert (item.value, item.lo, item.hi, item.any_censored) == (480.0, 460.0, 500.0, False)
    assert isnan(ScalarValue(STEP, (nan,), (False,), "pending").value)
    assert isnan(ScalarValue(STEP, reason="needs sweep yes").lo)


@pytest.mark.parametrize(
    ("seeds", "censored", "is_bound"),
    [
        ((1.0, 2.0, 9.0), (False, False, True), False),  # whatever the third is, the second stays in the middle
        ((1.0, 9.0, 9.0), (False, True, True), True),
        ((1.0, 9.0), (False, True), True),  # half of the mean of two is a bound
        ((9.0, 9.0, 9.0), (False, True, True), True),  # one grokked at the last step, two had not
        ((nan, 1.0), (False, False), False),
    ],
)
def test_the_median_is_a_bound_where_a_seed_in_the_middle_is(seeds, censored, is_bound):
    assert ScalarValue(STEP, seeds, censored).value_censored is is_bound


@pytest.mark.parametrize(
    ("seeds", "censored", "reason", "sound"),
    [
        ((1.0,), (False,), "", True),
        ((1.0,), (), "", False),
        ((1.0,), (False,), "needs d", False),  # a reason beside a number
        ((nan,), (False,), "", False),  # no number, and no reason
        ((), (), "", False),
        ((), (), "pending", True),
        ((inf,), (False,), "", False),
        ((nan, 1.0), (False, False), "", True),
        ((nan, 1.0), (True, False), "", False),  # a bound without a number
    ],
)
def test_parts_that_do_not_belong_together_are_told(seeds, censored, reason, sound):
    assert ScalarValue(STEP, seeds, censored, reason).sound is sound


def test_json_has_numbers_as_numbers_and_null_with_a_reason():
    item = ScalarValue(STEP, (460.0, 480.0, 500.0), (False, False, True))
    nothing = ScalarValue(Scalar("gap", "gap"), (nan,), (False,), "pending")
    record = json.loads(json.dumps(values_record([item, nothing]), allow_nan=False))
    assert record == {
        "grok_step": {"value": 480.0, "lo": 460.0, "hi": 500.0, "unit": "step", "seeds": [460.0, 480.0, 500.0],
                      "censored": [False, False, True]},
        "gap": {"value": None, "lo": None, "hi": None, "unit": "", "seeds": [None], "censored": [False], "reason": "pending"},
    }  # fmt: skip


def test_an_event_is_pending_until_the_end_bounds_it():
    assert event([10.0, nan], over=False, last=100) == PENDING
    assert event([10.0, 20.0], over=False, last=100).seeds == (10.0, 20.0)
    ended = event([10.0, nan], over=True, last=100)
    assert (ended.seeds, ended.censored, ended.reason) == ((10.0, 100.0), (False, True), "")


def test_what_is_not_finite_is_no_number():
    answer = found([1.0, inf, nan])
    assert answer.of(STEP).sound and answer.seeds[0] == 1.0 and all(map(isnan, answer.seeds[1:]))
    assert found([inf], "diverged").of(STEP).reason == "diverged"
    assert found(np.array(3, dtype=np.int64)).seeds == (3.0,)
    assert bounded([nan, 5.0], [True, True]).of(STEP).censored == (False, True)
    assert absent("needs sweep yes").of(STEP).sound
