"""What a run is declared to compute: seeds share the draws, the maps and the digits have sizes of their own."""

import pytest

from engine.phenomena.interpolation_threshold import SPEC
from engine.phenomena.interpolation_threshold.work import work


def of(**knobs):
    return work(SPEC.configure("quick", knobs), 1)


def test_seeds_share_the_draws():
    config = SPEC.configure("standard")
    assert work(config, 1) == work(config, 3)


def test_pixels_cost_the_same_whatever_n_is():
    added = [of(n=n, draws=40, digits=True).solves - of(n=n, draws=40).solves for n in (50, 400)]
    assert added[0] > 0 and added[0] == pytest.approx(added[1])


def test_large_draws_cost_the_cube_of_n_and_the_maps_stop_at_fifty():
    small, large = (of(n=n, draws=1000).solves - of(n=n, draws=500).solves for n in (1000, 2000))
    assert large / small == pytest.approx(8, rel=0.1)
    assert of(draws=100).calls - of(draws=50).calls < of(draws=50).calls - of(draws=1).calls
