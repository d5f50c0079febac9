"""Minimum norm: every claim of the quick preset, curves against loops, pinv and linear programmes, resuming, divergence, refusals."""

from __future__ import annotations

import fnmatch
import json
from dataclasses import replace
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from scipy.optimize import linprog

from engine.errors import Diverged, KnobError
from engine.phenomena.min_norm import MinNorm
from engine.phenomenon import State
from engine.studies.min_norm import matrix, network, records
from engine.studies.min_norm.claims import CLAIMS, judge
from screens.min_norm import MinNormScreen

SMALL: dict[str, Any] = {"steps": 300, "draws": 25, "side": 6, "rank": 1, "share": 0.7}


def make(seeds: tuple[int, ...] = (0,), preset: str = "custom", **knobs: Any) -> MinNorm:
    """A run; but for presets, what goes on beside the linear problem is short."""
    if preset == "quick":
        return MinNorm(MinNorm.spec.configure("quick", knobs), seeds, "cpu", preset)
    with patch.object(network, "STEPS", 300), patch.object(matrix, "STEPS", 100):
        return MinNorm(MinNorm.spec.configure("quick", knobs), seeds, "cpu", preset)


def work(run: MinNorm, budget: float = 0.05, until: int | None = None) -> MinNorm:
    """Drive a phenomenon as the runner does; stop after the record of step `until`."""
    while not run.done:
        if run.due():
            run.history.append(run.step, run.measure())
            if run.step == until:
                break
        else:
            run.advance(budget)
    return run


def curve(run: MinNorm, name: str) -> Any:
    return next(series for series in run.series() if series.name == name)


def verdict(run: MinNorm, claim: str) -> Any:
    return next(item for item in run.verdicts() if item.claim.id == claim)


@pytest.fixture(scope="module")
def quick() -> MinNorm:
    return work(make(preset="quick"))


@pytest.fixture(scope="module")
def small() -> MinNorm:
    return work(make(**SMALL))


# ---------------------------------------------------------------- claims


def test_every_claim_of_the_quick_preset_holds(quick: MinNorm) -> None:
    assert {item.claim.id: item.holds for item in quick.verdicts()} == {f"MN{number}": True for number in range(1, 11)}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 8))
def test_the_quick_claims_hold_for_other_seeds(seed: int) -> None:
    assert all(item.holds for item in work(make((seed,), "quick")).verdicts())


@pytest.mark.slow
def test_every_claim_of_the_standard_preset_holds() -> None:
    run = work(MinNorm(MinNorm.spec.configure("standard"), (0, 1, 2), "cpu", "standard"))
    held = {item.claim.id: item.holds for item in run.verdicts()}
    assert {name for name, holds in held.items() if holds} == {"MN1", "MN2", "MN3", "MN4", "MN8"}
    assert all(holds is None for name, holds in held.items() if name in ("MN5", "MN6", "MN7", "MN9", "MN10"))


def altered(run: MinNorm, **changes: Any) -> MinNorm:
    """The run with other numbers in its last record, given as {reading: factor}."""
    copy = make(run.seeds, **run.config.values())
    for step, record in zip(run.history.steps, run.history.records, strict=True):
        copy.history.append(step, record)
    last = dict(copy.history.records[-1])
    for name, factor in changes.items():
        last[name] = (np.asarray(last[name]) * factor).tolist()
    copy.history.records[-1] = last
    copy._tasks.advance(np.inf)
    copy._draws.squares, copy._draws.step = run._draws.squares, run._draws.step
    return copy


@pytest.mark.parametrize(
    ("reading", "factor", "failing"),
    [
        ("linear/distance", 1e9, {"MN1"}),
        ("linear/null", 1e6, {"MN2"}),
        ("linear/off-limit", [1, 1e8, 1e9, 1, 1, 1, 1], {"MN4", "MN5"}),  # the other start, and SGD
        ("linear/gd-spread", 1e9, {"MN6"}),
        ("network/l1", 1.02, {"MN7"}),
        ("network/kkt", 100.0, {"MN7"}),
        ("linear/wilson-angle", 1e6, {"MN10"}),
    ],
)
def test_a_claim_fails_by_the_number_that_speaks_against_it(quick: MinNorm, reading: str, factor: Any, failing: set[str]) -> None:
    run = altered(quick, **{reading: factor})
    assert {item.claim.id for item in run.verdicts() if item.holds is False} == failing


def test_adams_norms_must_differ_by_a_hundredth_and_after_fitting(quick: MinNorm) -> None:
    run = altered(quick)
    run.history.records[-1]["linear/adam-norms"] = [1.0, 1.005, 1.0]
    assert verdict(run, "MN6").holds is False
    run = altered(quick)
    run.history.records[-1]["linear/adam-residual"] = [1e-9, 2e-6, 1e-9]
    assert verdict(run, "MN6").holds is None


def test_the_norm_law_fails_when_the_draws_are_off(quick: MinNorm) -> None:
    evidence = quick._evidence()
    claims = {claim.id: claim for claim in CLAIMS}
    assert judge(claims["MN9"], replace(evidence, squares=1.5 * evidence.squares)).holds is False
    assert judge(claims["MN9"], replace(evidence, squares=evidence.squares[:19])).holds is None
    rising = evidence.nested[0] * np.where(np.arange(len(evidence.nested[0])) == 5, 1.2, 1.0)
    assert judge(claims["MN8"], replace(evidence, nested=[rising])).holds is False


def test_what_has_not_arrived_is_undecided_not_false() -> None:
    run = work(make(**{**SMALL, "steps": 5}))
    held = {item.claim.id: item.holds for item in run.verdicts()}
    assert held["MN1"] is held["MN3"] is held["MN4"] is True  # by the closed form, and at the one step that was made
    assert verdict(run, "MN1").note.startswith("by the closed form after")
    assert held["MN5"] is held["MN6"] is None
    assert "not by step 5" in verdict(run, "MN5").note
    fresh = make(**SMALL)
    assert all(item.holds is None for item in fresh.verdicts())


# ---------------------------------------------------------------- curves and arrays against independent solutions


def test_the_solution_reached_is_that_of_pinv(quick: MinNorm) -> None:
    arrays = quick.arrays()
    X, y = arrays["X"], arrays["y"]
    assert X.shape == (6, 40) and y.shape == (6,)
    expected = np.linalg.pinv(X) @ y
    np.testing.assert_allclose(arrays["w"], expected, atol=1e-12)
    np.testing.assert_allclose(arrays["w_hat"], expected, atol=1e-12)
    np.testing.assert_allclose(arrays["singular_values"], np.sqrt(np.linalg.eigvalsh(X @ X.T)[::-1]))
    assert arrays["w_star"] @ arrays["w_star"] == pytest.approx(1.0)
    noise = y - X @ arrays["w_star"]
    assert 0 < np.std(noise) < 1.5


def test_simulation_and_closed_form_are_a_plain_loop(small: MinNorm) -> None:
    arrays = small.arrays()
    X, y = arrays["X"], arrays["y"]
    eta = 0.5 * 2 / np.linalg.norm(X, 2) ** 2
    goal = np.linalg.pinv(X) @ y
    simulated, closed = curve(small, "distance/gd"), curve(small, "distance/gd/theory")
    np.testing.assert_array_equal(closed.x, small._grid[1:])
    w = np.zeros(40)
    for step in range(1, 61):
        w = w - eta * X.T @ (X @ w - y)
        distance = np.linalg.norm(w - goal) / np.linalg.norm(goal)
        for series in (simulated, closed):
            assert series.y[series.x == step] == pytest.approx(distance if step in series.x else np.zeros(0), rel=1e-6, abs=1e-14)


def test_the_minima_of_the_norms_are_those_of_plain_linear_programmes(small: MinNorm) -> None:
    X, y = small.arrays()["X"], small.arrays()["y"]
    d = X.shape[1]
    least = {marker.label: marker.at for marker in small.markers() if marker.figure == "norms"}
    l1 = linprog(np.ones(2 * d), A_eq=np.hstack([X, -X]), b_eq=y).fun
    bound = np.append(np.zeros(d), 1.0)
    ones = np.ones((d, 1))
    linf = linprog(bound, A_ub=np.block([[np.eye(d), -ones], [-np.eye(d), -ones]]), b_ub=np.zeros(2 * d),
                   A_eq=np.hstack([X, np.zeros((len(y), 1))]), b_eq=y, bounds=[(None, None)] * d + [(0, None)]).fun  # fmt: skip
    assert least["l1 minimum"] == pytest.approx(l1, rel=1e-7)
    assert least["l2 minimum"] == pytest.approx(np.linalg.norm(np.linalg.pinv(X) @ y))
    assert least["l∞ minimum"] == pytest.approx(linf, rel=1e-7)
    for order, power in (("l1", 1), ("l2", 2), ("linf", np.inf)):
        assert curve(small, f"norms/{order}").y[-1] == pytest.approx(np.linalg.norm(small.arrays()["w"], power))


def test_directions_progress_as_one_minus_a_power(small: MinNorm) -> None:
    values = small.arrays()["singular_values"]
    for index, s in enumerate((values[0], values[-1])):
        series = curve(small, f"directions/{2 * index}")
        np.testing.assert_allclose(series.y, 1 - (1 - s**2 / values[0] ** 2) ** series.x, atol=1e-10)


def test_one_y_and_more_columns_is_nested_in_d() -> None:
    run, wider = work(make(**SMALL)), make(**{**SMALL, "d": 60})
    np.testing.assert_array_equal(run.arrays()["X"], wider.arrays()["X"][:, :40])
    series, y = curve(run, "norm-vs-d/nested"), run.arrays()["y"]
    wide = run._linear[0].problem.wide
    for gamma, size in zip(series.x, series.y, strict=True):
        assert size == pytest.approx(np.linalg.norm(np.linalg.pinv(wide[:, : round(6 * gamma)]) @ y), rel=1e-8)


def test_mean_norms_follow_the_law_of_the_inverse_wishart(quick: MinNorm) -> None:
    arrays, rng = quick.arrays(), np.random.default_rng(1)
    at = list(arrays["norm_d"]).index(40)
    inverse = [np.trace(np.linalg.inv(X @ X.T)) for X in rng.standard_normal((4000, 6, 40))]
    expected = 6 / 40 + 0.25 * np.mean(inverse)  # r2 n/d + sigma2 E tr (X X^T)^-1
    assert arrays["norm_theory"][at] ** 2 == pytest.approx(expected, rel=0.01)
    squares = quick._draws.squares[:, at]
    assert abs(squares.mean() - expected) < 4 * squares.std() / np.sqrt(len(squares)) + 0.01 * expected


def test_each_arm_reaches_a_point_that_fits(quick: MinNorm) -> None:
    X, y = quick.arrays()["X"], quick.arrays()["y"]
    goal = np.linalg.pinv(X) @ y
    far = {arm: np.linalg.norm(w - goal) for arm, w in zip(quick._linear[0].arms, quick._linear[0].w, strict=True)}
    for w in quick._linear[0].w:
        np.testing.assert_allclose(X @ w, y, atol=1e-5)
    assert max(far[arm] for arm in ("gd", "sgd", "momentum", "nesterov")) < 1e-12
    assert min(far[arm] for arm in ("gd-other", "adam", "sign")) > 0.05


def test_networks_go_from_the_l2_to_the_l1_interpolator(quick: MinNorm) -> None:
    problem = quick._network[0].problem
    d = problem.X.shape[1]
    least = linprog(np.ones(2 * d), A_eq=np.hstack([problem.X, -problem.X]), b_eq=problem.y).fun
    l1 = curve(quick, "alpha-sweep/l1")
    assert l1.y[0] == pytest.approx(np.abs(np.linalg.pinv(problem.X) @ problem.y).sum(), rel=1e-2)
    assert least < l1.y[-1] < 1.1 * least
    predicted = curve(quick, "alpha-sweep/l1/limit")
    np.testing.assert_allclose(l1.y, np.interp(np.log(l1.x), np.log(predicted.x), predicted.y), rtol=0.03)


def test_deeper_products_complete_better_than_the_nuclear_norm(quick: MinNorm) -> None:
    errors = {depth: curve(quick, f"matrix-completion/depth-{depth}").y[-1] for depth in (2, 3, 4)}
    nuclear = next(marker.at for marker in quick.markers() if marker.label == "nuclear minimum")
    assert max(errors[3], errors[4]) < 0.2 * nuclear
    assert 0.3 * nuclear < errors[2] < 2 * nuclear


# ---------------------------------------------------------------- starts, parameterisations, the picture


def test_a_start_keeps_its_part_outside_the_rows() -> None:
    run = work(make(w0=2.0, **SMALL))
    arrays = run.arrays()
    X, y = arrays["X"], arrays["y"]
    kept = arrays["w"] - np.linalg.pinv(X) @ y
    np.testing.assert_allclose(X @ kept, 0, atol=1e-10)
    assert 1.5 < np.linalg.norm(kept) < 2
    np.testing.assert_allclose(arrays["w"], arrays["w_hat"], atol=1e-10)
    plateau = next(marker.at for marker in run.markers() if marker.label == "null part of w0")
    assert plateau == pytest.approx(np.linalg.norm(kept) / np.linalg.norm(np.linalg.pinv(X) @ y))
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
    assert verdict(run, "MN5").note == "needs param linear"


def test_the_matrix_parameterisation_measures_entries_as_equations() -> None:
    run = work(make(param="deep-matrix", depth=2, **SMALL))
    arrays = run.arrays()
    seen, W = arrays["observed"] > 0, arrays["w"]
    loss = 0.5 * np.sum((W - arrays["w_star"])[seen] ** 2)
    assert curve(run, "train-loss/depth-2").y[-1] == pytest.approx(loss)
    assert curve(run, "null-component/depth-2").y[-1] == pytest.approx(np.linalg.norm(W[~seen]) / np.linalg.norm(W))
    assert curve(run, "norms/l1").y[-1] == pytest.approx(np.linalg.norm(W, "nuc"))
    filled = np.where(seen, arrays["w_star"], 0)
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
    np.testing.assert_allclose(drawn["best"][0][0], best, atol=1e-12)
    for points in drawn["fits"]:
        np.testing.assert_allclose(points @ row[0], 1.0, atol=1e-12)
    radii = [np.linalg.norm(ring, axis=1) for ring in drawn["circle"]]
    assert any(np.allclose(radius, np.linalg.norm(best)) for radius in radii)  # one circle touches the line at w*
    start = np.array([0.0, 2.0])
    from_start, from_zero = drawn["gd"]
    np.testing.assert_allclose(from_start[0], start, atol=1e-12)
    np.testing.assert_allclose(from_start[-1], best + start - (start @ row[0]) * row[0], atol=1e-5)
    np.testing.assert_allclose(from_zero[-1], best, atol=1e-5)


def test_live_knobs_change_what_is_drawn_and_nothing_else(small: MinNorm) -> None:
    run = work(make(**SMALL), until=100)
    record = run.history.records[-1]
    before, shown = layers(run), curve(run, "norms/l1").y
    run.set_knob("angle", 10.0)
    assert not np.allclose(layers(run)["start"][0], before["start"][0])
    run.set_knob("optimiser", "adam")
    assert "adam" in layers(run)
    assert not np.allclose(curve(run, "norms/l1").y, shown)
    np.testing.assert_allclose(curve(run, "norms/l1").y[-1], record["linear/l1"][run._linear[0].arms.index("adam")])
    work(run)
    assert run.history.records == small.history.records


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
    assert "lower step size eta" in caught.value.hint
    assert run.done
    for series in run.series():
        assert np.all(np.isfinite(series.x)) and np.all(np.isfinite(series.y)), series.name
    assert all(np.isfinite(marker.at) for marker in run.markers())
    assert any(marker.label.endswith("diverges") for marker in run.markers())
    assert verdict(run, "MN1").holds is None
    assert "needs 0 < eta < 1" in verdict(run, "MN1").note
    json.dumps(run.history.records, allow_nan=False)


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
    assert verdict(run, "MN5").holds is None and "limit of nesterov" in verdict(run, "MN5").note
    assert verdict(run, "MN1").holds is True


def test_a_step_of_zero_stands_still_and_says_so() -> None:
    run = work(make(eta=0.0, **SMALL))
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
    assert chopped.history.records == small.history.records
    np.testing.assert_array_equal(chopped._draws.squares, small._draws.squares)


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
    assert resumed.history.records == small.history.records
    np.testing.assert_array_equal(resumed._draws.squares, small._draws.squares)
    for name, values in small.arrays().items():
        np.testing.assert_array_equal(resumed.arrays()[name], values)


def test_a_seed_among_others_is_the_seed_alone_and_touches_no_other(small: MinNorm) -> None:
    both, other = work(make((0, 1), **SMALL)), work(make((0, 7), **SMALL))
    for name, alone in small.history.records[-1].items():
        for run in (both, other):
            np.testing.assert_array_equal(run.history.records[-1][name][: len(alone)], alone)
    assert both.history.records[-1]["linear/l1"] != other.history.records[-1]["linear/l1"]
    pooled = both._draws.squares
    np.testing.assert_array_equal(pooled[::2], small._draws.squares[:13])
    band = curve(both, "distance/sgd")
    assert band.band == "range of 2 seeds" and np.all(band.lo <= band.y) and np.all(band.y <= band.hi)
    assert curve(small, "distance/sgd").lo is None


def test_every_series_belongs_to_a_figure_and_every_figure_has_series(quick: MinNorm) -> None:
    names = [series.name for series in quick.series()]
    patterns = [pattern for figure in quick.spec.figures for pattern in figure.series]
    assert len(set(names)) == len(names)
    assert all(any(fnmatch.fnmatch(name, pattern) for pattern in patterns) for name in names)
    assert all(any(fnmatch.fnmatch(name, pattern) for name in names) for pattern in patterns)
    declared = {figure.name for figure in quick.spec.figures} | {picture.name for picture in quick.spec.pictures}
    assert set(MinNormScreen.VIEWS) == declared
    assert {marker.figure for marker in quick.markers()} <= declared


def test_programmes_that_would_take_too_long_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "LARGEST_PROGRAMME", 10)
    run = make(**SMALL)
    run.advance(10.0)
    while not run._tasks.done:
        run.advance(10.0)
    assert run._tasks.results["linear", "l1", 0] is None
    run.history.append(0, run.measure())
    assert {marker.label for marker in run.markers() if marker.figure == "norms"} == {"l2 minimum"}


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
