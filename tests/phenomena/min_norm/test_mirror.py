"""Mirror descent by exponent: its runs against plain loops and BFGS on the dual, its claims, resuming, knobs at their ends."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from engine.contract import Status, unmet
from engine.errors import Diverged, KnobError
from engine.phenomena.min_norm.experiment import MinNorm
from engine.state import State
from tests.phenomena.driven import work
from tests.phenomena.min_norm.min_norm_runs import SMALL, curve, make, verdict

MIRRORED: dict[str, Any] = {**SMALL, "param": "mirror", "d": 24, "eta": 0.2, "draws": 1}


@pytest.fixture(scope="module")
def whole() -> MinNorm:
    return work(make(**{**MIRRORED, "steps": 30_000}))


@pytest.fixture(scope="module")
def small() -> MinNorm:
    return work(make(**MIRRORED))


def test_both_claims_hold_with_every_exponents_distance(whole: MinNorm) -> None:
    for name in ("MIR1", "MIR2"):
        found = verdict(whole, name)
        assert found.holds is True and set(found.values) >= {f"potential p={p:g}" for p in (1.25, 1.5, 2, 3)}
    assert verdict(whole, "LN1").status is Status.NOT_APPLICABLE


@pytest.mark.parametrize(("p", "place"), [(1.25, 0), (1.5, 1), (3.0, 3)])
def test_the_limit_is_that_of_bfgs_on_the_dual(whole: MinNorm, p: float, place: int) -> None:
    arrays, q = whole.arrays(), p / (p - 1)
    X, y = arrays["X"], arrays["y"]
    assert np.linalg.norm(y) == pytest.approx(1)

    def dual(nu: np.ndarray) -> tuple[float, np.ndarray]:
        z = X.T @ nu
        return float(np.sum(np.abs(z) ** q) / q - y @ nu), X @ (np.sign(z) * np.abs(z) ** (q - 1)) - y

    found = minimize(dual, np.linalg.lstsq(X.T, np.sign(whole.mirror[0].w[place]), rcond=None)[0], jac=True, method="BFGS",
                     options={"gtol": 1e-12, "maxiter": 10_000})  # fmt: skip
    z = X.T @ found.x
    np.testing.assert_allclose(whole.mirror[0].w[place], np.sign(z) * np.abs(z) ** (q - 1), atol=1e-5)


def test_an_exponent_of_two_is_gradient_descent(small: MinNorm) -> None:
    X, y = small.arrays()["X"], small.arrays()["y"]
    w, step = np.zeros(24), 0.2 * 2 / np.linalg.norm(X, 2) ** 2
    for _ in range(300):
        w -= step * X.T @ (X @ w - y)
    np.testing.assert_allclose(small.mirror[0].w[2], w, atol=1e-12)


@pytest.mark.parametrize(("quantity", "failing"), [("off-limit", "MIR1"), ("off-half", "MIR1"), ("off-started", "MIR2")])
def test_a_claim_fails_by_the_number_that_speaks_against_it(whole: MinNorm, quantity: str, failing: str) -> None:
    run = make(**{**MIRRORED, "steps": 30_000})
    for step, record in zip(whole.history.steps, whole.history.records, strict=True):
        run.history.append(step, dict(record))
    run.history.records[-1][quantity] = [2e-6] * len(run.networks)
    assert [name for name in ("MIR1", "MIR2") if verdict(run, name).holds is False] == [failing]


def test_what_has_not_fitted_is_undecided(small: MinNorm) -> None:
    found = verdict(small, "MIR1")
    assert found.status is Status.CENSORED and "p=3 has not fitted" in found.reason


def test_another_exponent_runs_beside_the_four_and_is_the_one_followed() -> None:
    run = work(make(**{**MIRRORED, "p": 1.75}))
    assert run.chosen.label == "potential p=1.75" and run.mirror[0].exponents == [1.25, 1.5, 1.75, 2.0, 3.0]
    least = np.linalg.norm(run.mirror[0].problem.solution)
    assert curve(run, "norm-ratios/l2").y[-1] == pytest.approx(np.linalg.norm(run.mirror[0].w[2]) / least)
    np.testing.assert_allclose(run.arrays()["w_hat"], run.mirror[0].limits[2])


def test_weights_and_distances_are_drawn_where_mirror_descent_is_followed(small: MinNorm) -> None:
    other, figures = make(**SMALL), {figure.name: figure for figure in small.spec.figures}
    for name in ("mirror-weights", "mirror-limit", "mirror-shortest"):
        assert not unmet(figures[name].domain, small.config) and unmet(figures[name].domain, other.config) == "needs param mirror"
        assert figures[name].draws(small.series()) and not figures[name].draws(other.series())
    names = {series.name.partition("/")[0] for series in small.series()}
    assert names == {"mirror-weights", "mirror-limit", "mirror-shortest", "norm-ratios", "train-loss"}
    assert {marker.figure for marker in small.markers()} <= names
    assert curve(small, "norm-ratios/l1").label == f"l1, {small.chosen.label}"
    np.testing.assert_array_equal(curve(small, "mirror-weights/p-2").y, sorted(np.abs(small.mirror[0].w[2]), reverse=True))
    shortest = np.linalg.pinv(small.mirror[0].problem.X) @ small.mirror[0].problem.y
    away = np.linalg.norm(small.mirror[0].w[3] - shortest) / np.linalg.norm(shortest)
    assert curve(small, "mirror-shortest/p-3").y[-1] == pytest.approx(away)
    assert unmet(small.config.knob("p").needs, other.config) == "needs param mirror"


def test_chunking_and_resuming_change_nothing(small: MinNorm) -> None:
    chopped = work(make(**MIRRORED), budget=0.0)
    np.testing.assert_equal(chopped.history.records, small.history.records)
    first = work(make(**MIRRORED), until=100)
    first.advance(0.0)
    saved, resumed = first.state(), make(**MIRRORED)
    for step, record in zip(first.history.steps, first.history.records, strict=True):
        resumed.history.append(step, record)
    resumed.step = first.step
    resumed.restore(State({k: v.copy() for k, v in saved.arrays.items()}, json.loads(json.dumps(saved.scalars, allow_nan=False))))
    work(resumed)
    np.testing.assert_equal(resumed.history.records, small.history.records)


@pytest.mark.parametrize("knobs", [{"n": 8, "d": 8}, {"n": 1, "d": 2}, {"p": 1.25}, {"p": 3.0}, {"eta": 0.0}, {"nonzeros": 24}])
def test_knobs_at_their_ends_run_without_a_warning(knobs: dict[str, Any]) -> None:
    run = work(make(**{**MIRRORED, "steps": 60, **knobs}))
    assert not [item.claim.id for item in run.verdicts() if item.holds is False]
    assert all(np.all(np.isfinite(series.y)) for series in run.series())
    assert all(value.seeds or value.reason for value in run.scalars())


def test_a_step_that_is_too_long_is_told_and_stays_finite() -> None:
    run = make(**{**MIRRORED, "eta": 2.0})
    with pytest.raises(Diverged, match="diverged: eta is 2"):
        work(run)
    assert all(np.all(np.isfinite(series.y)) for series in run.series())


def test_an_exponent_outside_its_bounds_is_refused() -> None:
    with pytest.raises(KnobError, match=r"p must be between 1\.25 and 3, got 6"):
        make(**{**MIRRORED, "p": 6.0})


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_every_claim_of_the_preset_holds(seed: int) -> None:
    run = work(MinNorm(MinNorm.spec.configure("mirror"), (seed,), "cpu", "mirror"))
    held = {item.claim.id: item.holds for item in run.verdicts()}
    assert {name for name, holds in held.items() if holds} == {"MIR1", "MIR2"}
