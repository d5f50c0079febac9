"""The interpolation threshold at the ends of its knobs: impossible ones are a sentence, extreme ones run without a warning."""

import numpy as np
import pytest

from engine.errors import KnobError
from tests.phenomena.driven import work
from tests.phenomena.interpolation_threshold.test_interpolation_threshold import make


@pytest.mark.parametrize(
    ("knobs", "words"),
    [
        ({"n": 1}, "n must be between 10 and 2000, got 1"),
        ({"d_max": 0.5}, "d max must be between 1 and 10"),
        ({"sigma": 0, "r2": 0}, "sigma and r2 must not both be 0"),
        ({"draws": 0}, "draws must be between 1 and 1000, got 0"),
        ({"d": 98}, "d must be between 0.05 and 10"),
        ({"spectrum": "zeros"}, "spectrum must be one of isotropic, power, exponential"),
    ],
)
def test_impossible_knobs_are_a_sentence(knobs, words):
    with pytest.raises(KnobError, match=words):
        make(**knobs)


@pytest.mark.parametrize(
    "knobs",
    [
        {"n": 10, "draws": 1, "d_max": 1.0},
        {"n": 10, "draws": 40, "entries": "rademacher"},
        {"n": 10, "draws": 2, "sigma": 0.0},
        {"n": 10, "draws": 2, "r2": 0.0, "d": 10.0},
        {"n": 12, "draws": 2, "spectrum": "exponential", "d_max": 10.0, "d": 0.05},
        {"n": 12, "draws": 2, "spectrum": "power", "sigma": 3.0, "d": 1.0},
    ],
)
def test_extreme_knobs_run_without_a_warning(knobs):
    run = work(make(**knobs))
    run.arrays()
    assert len(run.verdicts()) == 7
    assert all(not np.isnan(item.y).any() for item in run.series())
