"""Minimum norm: every claim of the quick preset, and its curves against loops, pinv and linear programmes."""

from __future__ import annotations

import fnmatch
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from engine.phenomena.min_norm import MinNorm
from engine.phenomena.min_norm.claims import CLAIMS, judge
from screens.min_norm import MinNormScreen
from tests.phenomena.driven import work
from tests.phenomena.min_norm.min_norm_runs import SMALL, curve, make, verdict


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


def test_every_series_belongs_to_a_figure_and_every_figure_has_series(quick: MinNorm) -> None:
    names = [series.name for series in quick.series()]
    patterns = [pattern for figure in quick.spec.figures for pattern in figure.series]
    assert len(set(names)) == len(names)
    assert all(any(fnmatch.fnmatch(name, pattern) for pattern in patterns) for name in names)
    assert all(any(fnmatch.fnmatch(name, pattern) for name in names) for pattern in patterns)
    declared = {figure.name for figure in quick.spec.figures} | {picture.name for picture in quick.spec.pictures}
    assert set(MinNormScreen.VIEWS) == declared
    assert {marker.figure for marker in quick.markers()} <= declared
