"""Answers: what can be given, how near it was, and what is said of it."""

import math

import numpy as np
import pytest

from engine.contract import KnobError, Series
from engine.contract.tour import Choice, Found, Number, Sketch, Undecided, written

STEP = Number("grok step", 1, 1e6, 2.0, unit="steps", axis="x")
SHARE = Number("share", 0, 2, 0.2, log=False)


@pytest.mark.parametrize(
    ("text", "value"), [("12", 12), ("1,200", 1200), ("1.5e3", 1500), (" 1_000 ", 1000), ("1e6", 1e6), ("1,200.5", 1200.5), ("3,5", 3.5)]
)
def test_a_number_is_read(text, value):
    assert STEP.read(text) == value


@pytest.mark.parametrize(("text", "value"), [("0,2", 0.2), (",5", 0.5), ("0,125", 0.125), ("1,25e-1", 0.125)])
def test_a_comma_that_separates_no_thousands_is_a_decimal_point(text, value):
    assert SHARE.read(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["0", "1e7", "-5", "nan", "inf", "", "twelve", "1e400", "--", "5 %", "1,2,3", "1,200,5"])
def test_what_is_no_number_or_out_of_range_is_refused_with_the_range(text):
    with pytest.raises(KnobError, match=r"grok step must be (a number )?between 1 and 1,000,000 steps"):
        STEP.read(text)


@pytest.mark.parametrize(
    ("question", "given", "truth", "grade", "says"),
    [
        (STEP, 680, 680, "right", "You said 680 steps, it is 680 steps"),
        (STEP, 500, 680, "right", "it is 680 steps: right"),
        (STEP, 350, 680, "near", "near, 1.94 times too little"),
        (STEP, 6800, 680, "off", "10 times too much"),
        (SHARE, 0.5, 0.45, "right", "right"),
        (SHARE, 0.6, 0.45, "near", "near, 0.15 too much"),
        (SHARE, 0.0, 0.45, "off", "0.45 too little"),
    ],
)
def test_a_number_is_judged_by_its_factor_or_its_distance(question, given, truth, grade, says):
    feedback = question.compare(given, Found(truth, ""))
    assert feedback.grade == grade and says in feedback.sentence


def test_a_number_within_the_seeds_is_right_and_their_range_is_said():
    feedback = STEP.compare(200, Found(500.0, "", 150.0, 900.0))
    assert feedback.grade == "right" and "it is 500 steps (150 to 900 steps)" in feedback.sentence.replace("900)", "900 steps)")


def test_a_number_without_a_unit_is_named():
    assert SHARE.compare(0.9, Found(0.5, "", 0.4999, 0.5001)).sentence == "You said 0.9, share is 0.5: 0.4 too much."


def test_an_option_is_right_or_names_the_one_that_is():
    choice = Choice(("up", "down", "neither"))
    assert choice.compare(1, Found(1, "")).sentence == "Right: down."
    other = choice.compare(0, Found(2, ""))
    assert other.grade == "off" and other.sentence == "You said: up. The run says: neither."


def found(sketch, heights):
    return Found(Series("found", "", np.array(sketch.at), np.array(heights, float)), "")


def test_a_curve_is_judged_by_its_ways_and_its_distance():
    sketch = Sketch((1, 2, 3, 4), 0.01, 100, 1, near=2.0)
    truth = found(sketch, [1, 10, 1, 0.1])
    assert sketch.compare((1, 10, 1, 0.1), truth).grade == "right"
    assert sketch.compare((3, 30, 3, 0.3), truth).grade == "near", "it goes the same way, three times too high"
    assert sketch.compare((5, 50, 5, 0.5), truth).grade == "off", "the same way, but five times too high, which is more than near squared"
    assert sketch.compare((1.5, 8, 0.5, 0.6), truth).grade == "near", "half of it is close, and the one wrong way ends six times too high"
    assert sketch.compare((1.5, 8, 1.2, 2), truth).grade == "off", "it misses the fall: the last point is 20 times too high"
    flat = sketch.compare((30, 30, 30, 30), truth)
    low = sketch.compare((2, 2, 2, 0.2), found(sketch, [1, 1.6, 1, 2]))
    assert low.grade == "off", "half of it is close, and it goes the wrong ways"
    assert flat.grade == "off" and "right way in 0 of 3 parts" in flat.sentence
    assert "Farthest at 4: you drew 30, it is 0.1." in flat.sentence


def test_a_curve_that_falls_steeply_where_the_other_hardly_does_is_not_right():
    sketch = Sketch((1, 2, 3, 4, 5), 1e-6, 1, 0.3, near=2.0)
    steep = sketch.compare((0.1, 0.05, 0.01, 1e-3, 1e-4), found(sketch, [0.1, 0.05, 0.02, 0.01, 0.008]))
    assert steep.grade == "near" and "4 of 4 parts; half of its points are within a factor of 2" in steep.sentence
    assert "Farthest at 5: you drew 0.0001, it is 0.008." in steep.sentence


def test_a_curve_that_misses_the_peak_is_not_near_and_one_that_goes_beyond_the_axes_is_compared_at_their_end():
    sketch = Sketch((1, 2, 3, 4, 5), 0.1, 100, 1, near=2.0)
    truth = found(sketch, [1, 2, 300, 2, 1])
    missed = sketch.compare((1, 1.5, 1.4, 1.3, 1), truth)
    assert missed.grade == "off" and "3 of 4 parts" in missed.sentence, "half of its points are close"
    lower = sketch.compare((1, 0.9, 20, 2, 1), truth)
    assert lower.grade == "near" and "3 of 4 parts" in lower.sentence, "100 is as high as can be drawn"
    assert "you drew 20, it is 300" in lower.sentence


def test_a_flat_part_of_the_curve_is_nobody_s_mistake():
    sketch = Sketch((1, 2, 3), 0, 10, 5, near=1.0, log=False)
    assert "right way in 1 of 1 parts" in sketch.compare((1, 2, 9), found(sketch, [1, 1, 9])).sentence


def test_places_that_the_curve_does_not_reach_do_not_count():
    sketch = Sketch((1, 2, 3), 0.1, 10, 1, near=2.0)
    assert sketch.compare((1, 2, 0.1), found(sketch, [1, 2, math.nan])).grade == "right"
    with pytest.raises(Undecided, match="does not reach"):
        sketch.compare((1, 1, 1), found(sketch, [math.nan, math.nan, 1]))


def test_a_curve_is_read_between_its_points_on_its_own_axes():
    sketch = Sketch((1, 10, 100), 0.1, 100, 1, near=2.0)
    straight = Series("s", "", np.array([1.0, 100.0]), np.array([1.0, 100.0]))
    assert sketch.truth(straight, log_x=True) == pytest.approx([1, 10, 100])
    linear = Sketch((0.0, 0.5, 1.0, 2.0), 0, 1, 0.5, near=0.1, log=False)
    assert linear.truth(Series("s", "", np.array([1.0, 0.0, np.nan]), np.array([1.0, 0.0, 3.0])), log_x=False) == pytest.approx(
        [0, 0.5, 1, np.nan], nan_ok=True
    )
    assert np.isnan(linear.truth(Series("s", "", np.empty(0), np.empty(0)), log_x=False)).all()


@pytest.mark.parametrize(
    ("value", "text"),
    [(3, "3"), (1200.0, "1,200"), (0.1234, "0.123"), (1e59, "1e59"), (4.1e-15, "4.1e-15"), (1234.5, "1,234"), (math.nan, "none"), (0, "0")],
)
def test_numbers_are_written_as_people_read_them(value, text):
    assert written(value) == text
