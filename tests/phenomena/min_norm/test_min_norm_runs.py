"""Minimum norm: starts and parameterisations, steps beyond the limit, chunking, resuming, refusals."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from engine.contract import Summary
from engine.errors import Diverged, KnobError
from engine.phenomena.min_norm import predictions
from engine.phenomena.min_norm.experiment import MinNorm
from engine.state import State
from tests.phenomena.driven import work
from tests.phenomena.min_norm.min_norm_runs import SMALL, curve, make, verdict


@pytest.fixture(scope="module")
def small() -> MinNorm:
    return work(make(**SMALL))


# ---------------------------------------------------------------- starts, parameterisations, the picture


def test_a_start_keeps_its_part_outside_the_rows() -> None:
    run = work(make(w0=2.0, **SMALL))
    arrays = run.arrays()
    X, y = arrays["X"], arrays["y"]
    kept = arrays["w"] - np.linalg.pinv(X) @ y
    np.testing.assert_allclose(X @ kept, 0, atol=1e-10)
    assert 1.5 < np.linalg.norm(kept) < 2
    np.testing.assert_allclose(arrays["w"], arrays["w_hat"], atol=1e-10)
    plateau = np.linalg.norm(kept) / np.linalg.norm(np.linalg.pinv(X) @ y)
    assert curve(run, "distance/gd").y[-1] == pytest.approx(plateau, rel=1e-6)
    assert curve(run, "distance/gd-other").label == "GD from 0"
    assert verdict(run, "MN1").holds and verdict(run, "MN2").holds and verdict(run, "MN4").holds


def test_the_diagonal_parameterisation_follows_its_flow() -> None:
    run = work(make(param="diagonal", alpha=0.3, eta=0.02, **{**SMALL, "steps": 2000}))
    true, flow = curve(run, "distance/alpha-0.3"), curve(run, "distance/alpha-0.3/theory")
    assert flow.basis == "flow" and flow.kind == "theory"
    np.testing.assert_allclose(true.y, flow.y, rtol=0.03)
    arrays = run.arrays()
    np.testing.assert_allclose(arrays["X"] @ arrays["w_star"], arrays["y"])
    assert arrays["X"].shape == (6, 40)
    assert verdict(run, "MN5").reason == "needs param linear"


def test_the_matrix_parameterisation_measures_entries_as_equations() -> None:
    run = work(make(param="deep-matrix", depth=2, **SMALL))
    arrays = run.arrays()
    seen, W = arrays["observed"] > 0, arrays["w"]
    loss = 0.5 * np.sum((W - arrays["w_star"])[seen] ** 2)
    assert curve(run, "train-loss/depth-2").y[-1] == pytest.approx(loss)
    assert curve(run, "null-component/depth-2").y[-1] == pytest.approx(np.linalg.norm(W[~seen]) / np.linalg.norm(W))
    filled = np.where(seen, arrays["w_star"], 0)
    assert curve(run, "norm-ratios/l2").y[-1] == pytest.approx(np.linalg.norm(W) / np.linalg.norm(filled))
    if run.matrix[0].nuclear.converged:
        nuclear = np.linalg.norm(run.matrix[0].nuclear.completion, "nuc")
        assert curve(run, "norm-ratios/l1").y[-1] == pytest.approx(np.linalg.norm(W, "nuc") / nuclear)
    assert not [
        series for series in run.series() if series.name.startswith("norm-ratios/linf")
    ]  # no programme finds the least spectral norm
    assert "gd-spread" not in run.history.records[-1]
    assert curve(run, "distance/depth-2").y[-1] == pytest.approx(np.linalg.norm(W - filled) / np.linalg.norm(filled))


def layers(run: MinNorm) -> dict[str, list[np.ndarray]]:
    found: dict[str, list[np.ndarray]] = {}
    for layer in run.pictures()[0].layers:
        found.setdefault(layer.group, []).append(layer.xy)
    return found


def test_the_picture_is_the_theorem_in_the_plane() -> None:
    run = make(w0=2.0, angle=90.0, eta=0.3)
    drawn = layers(run)
    row = np.array([[0.6, 0.8]])
    best = (np.linalg.pinv(row) @ [1.0]).ravel()
    (point,), ring = drawn["best"]
    np.testing.assert_allclose(point, best, atol=1e-12)
    for points in drawn["fits"]:
        np.testing.assert_allclose(points @ row[0], 1.0, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(ring, axis=1), np.linalg.norm(best))  # it touches the line at w*
    start = np.array([0.0, 2.0])
    (from_start,), (from_zero,) = drawn["gd"], drawn["gd-other"]
    np.testing.assert_allclose(from_start[0], start, atol=1e-12)
    np.testing.assert_allclose(from_start[-1], best + start - (start @ row[0]) * row[0], atol=1e-5)
    np.testing.assert_allclose(from_zero[-1], best, atol=1e-5)


def test_live_knobs_change_what_is_drawn_and_nothing_else(small: MinNorm) -> None:
    run = work(make(**SMALL), until=100)
    record = run.history.records[-1]
    before, shown = layers(run), curve(run, "norm-ratios/l1").y
    run.set_knob("angle", 10.0)
    assert not np.allclose(layers(run)["gd-other"][0], before["gd-other"][0])
    run.set_knob("optimiser", "adam")
    assert "adam" in layers(run)
    assert not np.allclose(curve(run, "norm-ratios/l1").y, shown)
    (least,) = run.theory.least["linear", "l1"]
    np.testing.assert_allclose(curve(run, "norm-ratios/l1").y[-1], record["l1"][run.readings.columns("adam")[0]] / least)
    work(run)
    np.testing.assert_equal(run.history.records, small.history.records)


def test_adam_leaves_the_row_space_in_the_picture() -> None:
    run = make(optimiser="adam", **SMALL)
    path = layers(run)["adam"][0]
    assert path[-1] @ [0.6, 0.8] == pytest.approx(1.0, abs=1e-4)
    np.testing.assert_allclose(path[-1], [1 / 1.4, 1 / 1.4], atol=1e-3)  # Wilson: along sign(x) = (1, 1)


# ---------------------------------------------------------------- steps beyond the limit


@pytest.mark.parametrize("knobs", [{"eta": 1.2}, {"eta": 2.0, "w0": 3.0, "steps": 2000}, {"eta": 2.0, "param": "diagonal"}])
def test_divergence_is_shown_and_told(knobs: dict[str, Any]) -> None:
    run = make(**{**SMALL, **knobs})
    with pytest.raises(Diverged, match="diverged: eta is") as caught:
        work(run)
    assert "eta is" in caught.value.message
    assert [knob.label for knob in run.config.knobs() if knob.divergence] == ["step size eta"]  # the one to lower
    assert run.done
    for series in run.series():
        assert np.all(np.isfinite(series.x)) and np.all(np.isfinite(series.y)), series.name
    assert all(np.isfinite(marker.at) for marker in run.markers())
    assert any(marker.label.endswith("diverges") for marker in run.markers())
    assert verdict(run, "MN1").holds is None
    assert "needs 0 < eta < 1" in verdict(run, "MN1").reason
    partly = ("misfit", "kkt", "error", "progress-2", "progress-3")  # not a number where a network has none
    json.dumps([{name: record[name] for name in record if name not in partly} for record in run.history.records], allow_nan=False)
    for name, param in (("misfit", "diagonal"), ("kkt", "diagonal"), ("error", "matrix")):
        for setting in getattr(run, param)[0].settings:
            assert np.all(np.isfinite(run.readings.table(name, setting.name)[1]))


def test_the_growth_in_the_sentence_is_that_of_the_curve() -> None:
    run = make(eta=1.2, **SMALL)
    with pytest.raises(Diverged, match=r"a step multiplies its error by 1\.4 "):
        work(run)
    closed = curve(run, "distance/gd/theory")
    late = closed.x >= 15
    growth = [(b / a) ** (1 / (t - s)) for (s, a), (t, b) in pairwise(zip(closed.x[late], closed.y[late], strict=True))]
    assert growth[-1] == pytest.approx(1.4, rel=0.05)
    path = layers(run)["gd"][0]
    assert np.linalg.norm(path[-1]) > 10  # the picture shows it leave


def test_only_the_optimiser_beyond_its_own_limit_diverges() -> None:
    run = work(make(eta=0.9, beta=0.9, **SMALL))  # Nesterov's limit is .68 of gradient descent's
    assert [marker.group for marker in run.markers() if marker.label.endswith("diverges")] == ["nesterov"]
    assert verdict(run, "MN5").holds is None and "limit of nesterov" in verdict(run, "MN5").reason
    assert verdict(run, "MN1").holds is True


@pytest.mark.parametrize("param", ["linear", "deep-matrix"])
def test_a_step_of_zero_stands_still_and_says_so(param: str) -> None:
    run = work(make(eta=0.0, param=param, **SMALL))
    assert run.notes == ("step size eta is 0: gradient descent stays where it starts",)
    assert verdict(run, "MN4").holds is None


# ---------------------------------------------------------------- running


def test_theory_and_picture_are_there_at_step_0() -> None:
    run = make(**SMALL)
    run.advance(0.0)
    assert run.due()
    run.history.append(run.step, run.measure())
    assert run.step == 0
    assert curve(run, "distance/gd/theory").x[-1] == 300
    assert len(curve(run, "norm-vs-d/expected").x) > 10
    assert run.pictures()[0].layers


def test_chunking_changes_nothing(small: MinNorm) -> None:
    chopped = work(make(**SMALL), budget=0.0)
    assert chopped.history.steps == small.history.steps
    np.testing.assert_equal(chopped.history.records, small.history.records)
    np.testing.assert_array_equal(chopped.draws.squares, small.draws.squares)


@pytest.mark.parametrize("cut", [0, 3, 56, 300])
def test_resuming_continues_bit_for_bit(small: MinNorm, cut: int) -> None:
    first = work(make(**SMALL), until=cut)
    if cut < 300:
        first.advance(0.0)  # somewhere between two measurements
    saved = first.state()
    resumed = make(**SMALL)
    for step, record in zip(first.history.steps, json.loads(json.dumps(first.history.records)), strict=True):
        resumed.history.append(step, record)
    resumed.step = first.step
    resumed.restore(State({k: v.copy() for k, v in saved.arrays.items()}, json.loads(json.dumps(saved.scalars, allow_nan=False))))
    work(resumed)
    np.testing.assert_equal(resumed.history.records, small.history.records)
    np.testing.assert_array_equal(resumed.draws.squares, small.draws.squares)
    for name, values in small.arrays().items():
        np.testing.assert_array_equal(resumed.arrays()[name], values)


def test_a_seed_among_others_is_the_seed_alone_and_touches_no_other(small: MinNorm) -> None:
    both, other = work(make((0, 1), **SMALL)), work(make((0, 7), **SMALL))
    for name, alone in small.history.records[-1].items():
        for run in (both, other):
            first = [place for place, network in enumerate(run.networks) if network.seed == 0]
            values = run.history.records[-1][name]
            np.testing.assert_array_equal([values[place] for place in first] if len(values) == len(run.networks) else values[:1], alone)
    assert np.any(np.not_equal(both.history.records[-1]["l1"], other.history.records[-1]["l1"]))
    pooled = both.draws.squares
    np.testing.assert_array_equal(pooled[::2], small.draws.squares[:13])
    band = curve(both, "distance/sgd")
    assert band.band == Summary.MEDIAN_RANGE.format(n="2 seeds") and np.all(band.lo <= band.y) and np.all(band.y <= band.hi)
    assert curve(small, "distance/sgd").lo is None


def test_programmes_that_would_take_too_long_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictions, "LARGEST_PROGRAMME", 10)
    run = work(make(**{**SMALL, "steps": 3}))
    assert run.theory.least["linear", "l1"] == [None]
    assert [series.name for series in run.series() if series.name.startswith("norm-ratios/")] == ["norm-ratios/l2"]


@pytest.mark.parametrize(
    ("knobs", "sentence"),
    [
        ({"n": 50, "d": 40}, "d must be at least n=50: fewer features than samples fit no targets exactly, got 40"),
        ({"d": 1}, "d must be between 2 and 2000, got 1"),
        ({"r2": 0.0, "sigma": 0.0}, "sigma and r2 must not both be 0"),
        ({"rank": 9, "side": 8}, "rank must be at most side=8, got 9"),
        ({"param": "diagonal", "nonzeros": 25, "d": 20}, "nonzeros must be at most d=20, got 25"),
        ({"eta": 2.5}, r"step size eta must be between 0 and 2 \(of 2/s_max\^2\), got 2.5"),
    ],
)
def test_problems_without_a_solution_are_refused(knobs: dict[str, Any], sentence: str) -> None:
    with pytest.raises(KnobError, match=sentence):
        make(**knobs)


@pytest.mark.parametrize(
    "knobs", [{"n": 1, "d": 2}, {"n": 6, "d": 6}, {"n": 2, "d": 2, "steps": 1}, {"r2": 0.0}, {"sigma": 0.0}, {"beta": 0.0}]
)
def test_extreme_problems_run_without_a_warning(knobs: dict[str, Any]) -> None:
    run = work(make(**{**SMALL, **knobs}))
    assert not [item.claim.id for item in run.verdicts() if item.holds is False]
    assert all(np.all(np.isfinite(series.y)) for series in run.series())
