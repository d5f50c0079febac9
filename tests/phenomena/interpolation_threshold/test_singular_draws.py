"""The interpolation threshold with entries of +1 and -1: draws that lack full rank are left out, counted and told."""

import numpy as np
import pytest

from engine.contract import Status
from engine.phenomena.interpolation_threshold.experiment import InterpolationThreshold
from engine.seeds import streams
from tests.phenomena.driven import work


def make(seeds=(0,), preset="custom", **knobs):
    return InterpolationThreshold(InterpolationThreshold.spec.configure("quick", knobs), seeds, "cpu", preset)


def verdict(run, name):
    return next(item for item in run.verdicts() if item.claim.id == name)


def test_singular_draws_are_left_out_and_counted():
    run = work(make(n=10, draws=40, entries="rademacher"))
    lacking = [any(np.linalg.matrix_rank(X[:, :d]) < min(10, d) for d in run.widths) for X in _signs(40)]
    singular = sum(lacking)
    assert 4 < singular < 40
    assert (run.sweeps["residual"][lacking] > 1e-6).any(axis=1).any()
    found = verdict(run, "IT1")
    assert found.holds is True
    assert found.values["singular share"] == pytest.approx(singular / 40)
    assert f"without {singular} of 40 draws" in found.note
    assert run.history.records[-1]["singular-share"] == pytest.approx(singular / 40)
    assert f"{singular} of 40 draws are singular" in run.notes[0]
    again = make(n=10, draws=40, entries="rademacher")
    again.restore(run.state())
    assert again.notes == run.notes


def _signs(draws):
    for draw in range(draws):
        yield np.where(streams(0, draw).data.random((40, 10)) < 0.5, -1.0, 1.0).T


def test_a_wrong_draw_of_full_rank_is_not_left_out():
    run = work(make(n=10, draws=40, entries="rademacher"))
    place = int(np.flatnonzero(np.isfinite(run.sweeps["condition-number"]).all(axis=1))[0])
    run.sweeps["residual"][place, -1] = 1e-6
    assert verdict(run, "IT1").holds is False


def test_without_draws_of_full_rank_no_claim_needs_them():
    run = work(make(n=10, draws=20, entries="rademacher"))
    run.sweeps["condition-number"][:, 0] = np.inf
    assert {verdict(run, name).status for name in ("IT1", "IT2")} == {Status.NOT_APPLICABLE}
    assert verdict(run, "IT1").reason == "needs 1 draw of full rank; 20 of 20 are singular"
