"""True logistic descent against a plain loop and scikit-learn-free gradients; resuming bit for bit."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.phenomena.max_margin.separable_data import FOUR_POINTS, gauss_set, soudry_set
from engine.state import State
from engine.theory.margins.hard_margin import hard_margin_svm
from engine.theory.margins.logistic_descent import LogisticDescent, logistic_step_limit
from engine.theory.margins.logistic_flow import separating_flow


def rows(seed: int = 0) -> np.ndarray:
    return gauss_set(40, 10, np.random.default_rng(seed))[0].rows


@pytest.mark.parametrize("beta", [0.0, 0.9])
def test_it_is_descent_on_the_numerical_gradient(beta: float) -> None:
    Z, eta = rows(), 0.02
    w, velocity = np.zeros(10), np.zeros(10)
    for _ in range(100):
        shifts = np.eye(10) * 1e-6
        loss = np.log1p(np.exp(-(np.concatenate([w + shifts, w - shifts])) @ Z.T)).sum(axis=1)
        velocity = beta * velocity - eta * (loss[:10] - loss[10:]) / 2e-6
        w = w + velocity
    stepper = LogisticDescent(Z, eta, beta)
    stepper.advance(100)
    np.testing.assert_allclose(stepper.w, w, rtol=1e-6)
    assert stepper.step * stepper.flow_time == pytest.approx(100 * eta / (1 - beta))


@pytest.mark.parametrize("beta", [0.0, 0.9])
def test_chunks_and_restoring_change_no_bit(beta: float) -> None:
    whole, pieces, resumed = (LogisticDescent(rows(), 0.05, beta) for _ in range(3))
    whole.advance(1000)
    for size in (1, 499, 0, 37):
        pieces.advance(size)
    arrays, scalars = pieces.state()
    resumed.restore(State(arrays, json.loads(json.dumps(scalars))))
    resumed.advance(463)
    pieces.advance(463)
    np.testing.assert_array_equal(resumed.w, whole.w)
    np.testing.assert_array_equal(pieces.w, whole.w)
    assert resumed.step == whole.step == 1000
    path = LogisticDescent(rows(), 0.05, beta).path([0, 1, 1000])
    np.testing.assert_array_equal(path[2], whole.w)
    np.testing.assert_array_equal(path[0], 0)


def test_below_the_limit_the_loss_falls_at_every_step() -> None:
    Z = rows(1)
    limit = logistic_step_limit(Z)
    assert limit == pytest.approx(8 / np.linalg.eigvalsh(Z.T @ Z)[-1])
    w = LogisticDescent(Z, 0.99 * limit).path(np.arange(300))
    assert np.all(np.diff(np.logaddexp(0, -(w @ Z.T)).sum(axis=1)) < 0)


def test_momentum_runs_the_flow_faster() -> None:
    """Soudry Figure 1: beta = .9 and eta = 1/s_max^2 move ten times the flow's time."""
    Z = soudry_set(np.random.default_rng(0)).rows
    eta = 1 / np.linalg.norm(Z, 2) ** 2
    stepper = LogisticDescent(Z, eta, 0.9)
    stepper.advance(20_000)
    flow = separating_flow(hard_margin_svm(Z), [np.log(stepper.step * stepper.flow_time)]).w[0]
    plain = LogisticDescent(Z, eta)
    plain.advance(20_000)
    assert np.linalg.norm(stepper.w - flow) < 0.1
    assert np.linalg.norm(plain.w - flow) > 1  # log(10) |w_hat| behind


def test_refusals() -> None:
    with pytest.raises(ProblemError, match="must be positive, got 0"):
        LogisticDescent(FOUR_POINTS, 0.0)
    with pytest.raises(ProblemError, match="below 1, got 1"):
        LogisticDescent(FOUR_POINTS, 0.1, 1.0)
    stepper = LogisticDescent(FOUR_POINTS, 0.1)
    stepper.advance(5)
    with pytest.raises(ProblemError, match="at step 5 and cannot go back to 4"):
        stepper.path([4])
