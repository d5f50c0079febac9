"""Minimum norm: every claim of the quick preset, and its curves against loops, pinv and linear programmes."""

from __future__ import annotations

import fnmatch
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from engine.contract import Status, unmet
from engine.phenomena.min_norm.experiment import MinNorm
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

BESIDE = ("LN1", "LN2", "LN3", "LN4", "LN5", "LN6", "MIR1", "MIR2")  # of parameterisations with presets of their own


def test_every_claim_of_the_quick_preset_holds(quick: MinNorm) -> None:
    verdicts = quick.verdicts()
    assert {item.claim.id: item.holds for item in verdicts} == {
        **{f"MN{number}": True for number in range(1, 11)},
        **dict.fromkeys(BESIDE),
    }
    assert all(item.values for item in verdicts if item.holds)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 8))
def test_the_quick_claims_hold_for_other_seeds(seed: int) -> None:
    assert all(item.holds for item in work(make((seed,), "quick")).verdicts() if item.claim.id not in BESIDE)


@pytest.mark.slow
def test_every_claim_of_the_standard_preset_holds() -> None:
    run = work(MinNorm(MinNorm.spec.configure("standard"), (0, 1, 2), "cpu", "standard"))
    held = {item.claim.id: item.holds for item in run.verdicts()}
    assert {name for name, holds in held.items() if holds} == {"MN1", "MN2", "MN3", "MN4", "MN8"}
    assert all(holds is None for name, holds in held.items() if name in ("MN5", "MN6", "MN7", "MN9", "MN10", *BESIDE))


def altered(run: MinNorm, quantity: str = "", factor: float | dict[str, float] = 1.0) -> MinNorm:
    """The run with another quantity in its last record: times a factor, or times those of some settings."""
    copy = make(run.seeds, **run.config.values())
    for step, record in zip(run.history.steps, run.history.records, strict=True):
        copy.history.append(step, record)
    if quantity:
        values = np.asarray(copy.history.records[-1][quantity])
        named = isinstance(factor, dict)
        factors = [factor.get(network.setting.name, 1.0) for network in copy.networks] if named else factor
        copy.history.records[-1] = {**copy.history.records[-1], quantity: (values * factors).tolist()}
    while not copy.theory.done:
        copy.theory.advance()
    copy.draws.squares, copy.draws.step = run.draws.squares.copy(), run.draws.step
    return copy


ALPHAS = ("alpha-2", "alpha-1", "alpha-0.3", "alpha-0.03", "alpha-0.001")


@pytest.mark.parametrize(
    ("reading", "factor", "failing"),
    [
        ("distance", {"gd": 1e9, "gd-other": 1e9}, {"MN1"}),
        ("null", {"gd": 1e6, "gd-other": 1e6}, {"MN2"}),
        ("off-limit", {"gd-other": 1e8, "sgd": 1e9}, {"MN4", "MN5"}),
        ("gd-spread", 1e9, {"MN6"}),
        ("l1", dict.fromkeys(ALPHAS, 1.02), {"MN7"}),
        ("kkt", 100.0, {"MN7"}),
        ("wilson-angle", 1e6, {"MN10"}),
    ],
)
def test_a_claim_fails_by_the_number_that_speaks_against_it(quick: MinNorm, reading: str, factor: Any, failing: set[str]) -> None:
    run = altered(quick, reading, factor)
    assert {item.claim.id for item in run.verdicts() if item.holds is False} == failing


def test_adams_norms_must_differ_by_a_hundredth_and_after_fitting(quick: MinNorm) -> None:
    run = altered(quick)
    run.history.records[-1]["adam-norms"] = [[1.0, 1.005, 1.0]]
    assert verdict(run, "MN6").holds is False
    run = altered(quick)
    run.history.records[-1]["adam-residual"] = [[1e-9, 2e-6, 1e-9]]
    assert verdict(run, "MN6").holds is None


def test_the_norm_law_fails_when_the_draws_are_off(quick: MinNorm) -> None:
    run = altered(quick)
    run.draws.step = 100 * len(run.draws.widths) - 1
    assert run.draws.done == 99 and verdict(run, "MN9").holds is None
    run = altered(quick)
    run.draws.squares *= 1.5
    assert verdict(run, "MN9").holds is False
    run.theory.nested[0][5] *= 1.2
    assert verdict(run, "MN8").holds is False


def test_what_has_not_arrived_is_undecided_not_false() -> None:
    run = work(make(**{**SMALL, "steps": 5}))
    held = {item.claim.id: item.holds for item in run.verdicts()}
    assert held["MN3"] is True  # at the one step that was made
    late = [verdict(run, name) for name in ("MN1", "MN4", "MN5", "MN6")]
    assert {item.status for item in late} == {Status.CENSORED}
    assert all("not by step 5" in item.reason for item in late)
    needed = int(np.ceil(late[0].values["steps needed"]))
    longer = work(make(**{**SMALL, "steps": needed}))
    assert verdict(longer, "MN1").holds is True
    assert "not by step 5" in verdict(run, "MN5").reason
    fresh = make(**SMALL)
    assert all(item.holds is None and item.reason for item in fresh.verdicts())


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
    np.testing.assert_array_equal(closed.x, small.grid[1:])
    w = np.zeros(40)
    for step in range(1, 61):
        w = w - eta * X.T @ (X @ w - y)
        distance = np.linalg.norm(w - goal) / np.linalg.norm(goal)
        for series in (simulated, closed):
            assert series.y[series.x == step] == pytest.approx(distance if step in series.x else np.zeros(0), rel=1e-6, abs=1e-14)


def test_norms_are_drawn_over_the_minima_of_plain_linear_programmes(small: MinNorm) -> None:
    X, y = small.arrays()["X"], small.arrays()["y"]
    d = X.shape[1]
    l1 = linprog(np.ones(2 * d), A_eq=np.hstack([X, -X]), b_eq=y).fun
    bound = np.append(np.zeros(d), 1.0)
    ones = np.ones((d, 1))
    linf = linprog(bound, A_ub=np.block([[np.eye(d), -ones], [-np.eye(d), -ones]]), b_ub=np.zeros(2 * d),
                   A_eq=np.hstack([X, np.zeros((len(y), 1))]), b_eq=y, bounds=[(None, None)] * d + [(0, None)]).fun  # fmt: skip
    least = {"l1": l1, "l2": np.linalg.norm(np.linalg.pinv(X) @ y), "linf": linf}
    for order, power in (("l1", 1), ("l2", 2), ("linf", np.inf)):
        reached = np.linalg.norm(small.arrays()["w"], power)
        assert curve(small, f"norm-ratios/{order}").y[-1] == pytest.approx(reached / least[order], rel=1e-7)
    assert curve(small, "norm-ratios/l2").y[-1] == pytest.approx(1) and reached > 1.01 * least["linf"]


def test_directions_progress_as_one_minus_a_power(small: MinNorm) -> None:
    values = small.arrays()["singular_values"]
    for index, s in enumerate((values[0], values[-1])):
        series = curve(small, f"directions/{2 * index}")
        np.testing.assert_allclose(series.y, 1 - (1 - s**2 / values[0] ** 2) ** series.x, atol=1e-10)


def test_one_y_and_more_columns_is_nested_in_d() -> None:
    run, wider = work(make(**SMALL)), make(**{**SMALL, "d": 60})
    np.testing.assert_array_equal(run.arrays()["X"], wider.arrays()["X"][:, :40])
    series, y = curve(run, "norm-vs-d/nested"), run.arrays()["y"]
    wide = run.linear[0].wide
    for gamma, size in zip(series.x, series.y, strict=True):
        assert size == pytest.approx(np.linalg.norm(np.linalg.pinv(wide[:, : round(6 * gamma)]) @ y), rel=1e-8)


def test_mean_norms_follow_the_law_of_the_inverse_wishart(quick: MinNorm) -> None:
    arrays, rng = quick.arrays(), np.random.default_rng(1)
    at = list(arrays["norm_d"]).index(40)
    inverse = [np.trace(np.linalg.inv(X @ X.T)) for X in rng.standard_normal((4000, 6, 40))]
    expected = 6 / 40 + 0.25 * np.mean(inverse)  # r2 n/d + sigma2 E tr (X X^T)^-1
    assert arrays["norm_theory"][at] ** 2 == pytest.approx(expected, rel=0.01)
    squares = quick.draws.squares[:, at]
    assert abs(squares.mean() - expected) < 4 * squares.std() / np.sqrt(len(squares)) + 0.01 * expected


def test_each_optimiser_reaches_a_point_that_fits(quick: MinNorm) -> None:
    X, y = quick.arrays()["X"], quick.arrays()["y"]
    goal = np.linalg.pinv(X) @ y
    linear = quick.linear[0]
    far = {setting.name: np.linalg.norm(w - goal) for setting, w in zip(linear.settings, linear.w, strict=True)}
    for w in linear.w:
        np.testing.assert_allclose(X @ w, y, atol=1e-5)
    assert max(far[name] for name in ("gd", "sgd", "momentum", "nesterov")) < 1e-12
    assert min(far[name] for name in ("gd-other", "adam", "sign")) > 0.05


def test_networks_go_from_the_l2_to_the_l1_interpolator(quick: MinNorm) -> None:
    problem = quick.diagonal[0].problem
    d = problem.X.shape[1]
    least = linprog(np.ones(2 * d), A_eq=np.hstack([problem.X, -problem.X]), b_eq=problem.y).fun
    l1 = curve(quick, "alpha-sweep/l1")
    assert l1.y[0] == pytest.approx(np.abs(np.linalg.pinv(problem.X) @ problem.y).sum(), rel=1e-2)
    assert least < l1.y[-1] < 1.1 * least
    predicted = curve(quick, "alpha-sweep/l1/limit")
    np.testing.assert_allclose(l1.y, np.interp(np.log(l1.x), np.log(predicted.x), predicted.y), rtol=0.03)


def test_deeper_products_complete_better_than_the_nuclear_norm(quick: MinNorm) -> None:
    errors = {depth: curve(quick, f"matrix-completion/depth-{depth}").y[-1] for depth in (2, 3, 4)}
    nuclear = next(marker.at for marker in quick.markers() if marker.label == "min nuclear")
    assert max(errors[3], errors[4]) < 0.2 * nuclear
    assert 0.3 * nuclear < errors[2] < 2 * nuclear


def test_every_series_belongs_to_a_figure_and_every_figure_has_series(quick: MinNorm) -> None:
    names = [series.name for series in quick.series()]
    patterns = [pattern for figure in quick.spec.figures for pattern in figure.series]
    assert len(set(names)) == len(names)
    assert all(any(fnmatch.fnmatch(name, pattern) for pattern in patterns) for name in names)
    filled = [figure for figure in quick.spec.figures if not unmet(figure.domain, quick.config)]  # the others are of imported data
    assert all(any(fnmatch.fnmatch(name, pattern) for name in names) for figure in filled for pattern in figure.series)
    declared = {figure.name for figure in quick.spec.figures} | {picture.name for picture in quick.spec.pictures}
    assert set(MinNormScreen.VIEWS) == declared
    assert {marker.figure for marker in quick.markers()} <= declared


def test_singular_values_of_products_grow_as_from_a_balanced_start() -> None:
    """What is large grows first, and the deeper the later; theory knows when half is learnt within a factor of 1.6."""
    run = work(make(param="deep-matrix", **{**SMALL, "steps": 3000, "side": 20, "rank": 2, "share": 0.7}))
    halves = {}
    for depth in (2, 3):
        run.set_knob("depth", depth)
        for place in (0, 1):
            measured, flow = curve(run, f"directions/{place}"), curve(run, f"directions/{place}/theory")
            assert (flow.kind, flow.basis, measured.kind) == ("theory", "flow", "measured")
            halves[depth, place] = seen, expected = [item.x[np.argmax(item.y >= 0.5)] for item in (measured, flow)]
            assert 1 / 1.6 < seen / expected < 1.6
    (large2, flow_large2), (small2, flow_small2), (large3, flow_large3), (small3, flow_small3) = halves.values()
    assert flow_large2 < flow_small2 < flow_large3 < flow_small3
    assert large2 < small2 < large3 <= small3
