"""Steepest descent and Adam on separable data: plain formulas while they still work, each method's own margin afterwards."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.special import expit

from engine.errors import ProblemError
from engine.phenomena.max_margin.separable_data import FOUR_POINTS, gauss_set
from engine.state import State
from engine.theory.implicit_bias.interpolators import Order
from engine.theory.margins.hard_margin import hard_margin_svm
from engine.theory.margins.logistic_flow import Loss
from engine.theory.margins.norm_margins import max_margin, own_norm_margin
from engine.theory.margins.steepest_descent import OWN_NORM, Kind, RelativeGradient, margin_optimiser

KINDS: tuple[Kind, ...] = ("normalised", "sign", "coordinate", "adam")
DUAL = {"normalised": 2, "sign": 1, "coordinate": np.inf, "adam": 1}


def rows(seed: int) -> np.ndarray:
    return gauss_set(40, 10, np.random.default_rng(seed))[0].rows


def gradient(Z: np.ndarray, w: np.ndarray, loss: Loss) -> np.ndarray:
    return Z.T @ (expit(-Z @ w) if loss == "logistic" else np.exp(-Z @ w))


@pytest.mark.parametrize("loss", ["logistic", "exponential"])
def test_the_relative_gradient_is_the_gradient_times_its_scale(loss: Loss) -> None:
    Z = rows(0)
    svm_like = np.linalg.lstsq(Z, np.ones(40), rcond=None)[0]
    relative = RelativeGradient(Z, loss)
    for w in (np.zeros(10), svm_like, 30 * max_margin(Z, "l2")[1], -svm_like):
        pull = relative(w)
        np.testing.assert_allclose(pull, gradient(Z, w, loss) * np.exp(relative.shift), rtol=1e-10)
    far = 1e5 * max_margin(Z, "l2")[1]
    assert np.all(gradient(Z, far, "exponential") == 0)  # underflow
    assert np.linalg.norm(relative(far)) > 0.1


@pytest.mark.parametrize("loss", ["logistic", "exponential"])
@pytest.mark.parametrize("kind", KINDS)
def test_steps_follow_the_plain_formulas(kind: Kind, loss: Loss) -> None:
    Z, eta, steps, eps = rows(1), 2.0, 60, 1e-6
    unit = eta / np.linalg.norm(Z, ord=DUAL[kind], axis=1).max()
    w, mean, square = np.zeros(10), np.zeros(10), np.zeros(10)
    for t in range(1, steps + 1):
        g = gradient(Z, w, loss)
        rate = unit / np.sqrt(t)
        if kind == "normalised":
            w = w + rate * g / np.linalg.norm(g)
        elif kind == "sign":
            w = w + rate * np.sign(g)
        elif kind == "coordinate":
            w = w + rate * np.sign(g) * (np.abs(g) == np.abs(g).max())
        else:
            mean, square = 0.9 * mean + 0.1 * g, 0.999 * square + 0.001 * g**2
            w = w + rate * (mean / (1 - 0.9**t)) / (np.sqrt(square / (1 - 0.999**t)) + eps)
    stepper = margin_optimiser(kind, hard_margin_svm(Z), eta=eta, eps=eps, loss=loss)
    stepper.advance(steps)
    np.testing.assert_allclose(stepper.w, w, rtol=1e-8)


def test_each_method_reaches_its_own_margin_and_is_the_best_at_it() -> None:
    """MM8 at 1e5 steps on one draw."""
    Z = rows(2)
    optima = {order: max_margin(Z, order)[0] for order in ("l1", "l2", "linf")}
    ratios: dict[Kind, dict[Order, float]] = {}
    for kind in ("normalised", "sign", "coordinate"):
        stepper = margin_optimiser(kind, hard_margin_svm(Z))
        stepper.advance(100_000)
        ratios[kind] = {order: float(own_norm_margin(Z, stepper.w, order)) / best for order, best in optima.items()}
    for kind, by_norm in ratios.items():
        own = OWN_NORM[kind]
        assert 0.95 <= by_norm[own] <= 1 + 1e-9
        assert max(ratios, key=lambda other: ratios[other][own]) == kind


def test_constant_normalised_steps_converge_like_one_over_t() -> None:
    Z = rows(2)
    best = max_margin(Z, "l2")[0]
    stepper = margin_optimiser("normalised", hard_margin_svm(Z), eta=1.0, rate="constant")
    gaps = []
    for steps in (2000, 18_000):
        stepper.advance(steps)
        gaps.append(1 - float(own_norm_margin(Z, stepper.w, "l2")) / best)
    assert gaps[0] / gaps[1] == pytest.approx(10, rel=0.2)


def test_adam_without_eps_heads_for_linf_with_eps_it_turns_away() -> None:
    Z = rows(1)
    best = max_margin(Z, "linf")[0]
    ratios = []
    for eps in (0.0, 1e-8):
        stepper = margin_optimiser("adam", hard_margin_svm(Z), eps=eps)
        stepper.advance(50_000)
        assert np.all(np.isfinite(stepper.w))
        ratios.append(float(own_norm_margin(Z, stepper.w, "linf")) / best)
    assert ratios[0] > 0.95
    assert ratios[1] < ratios[0]


@pytest.mark.parametrize("kind", KINDS)
def test_chunks_and_restoring_change_no_bit(kind: Kind) -> None:
    whole, pieces, resumed = (margin_optimiser(kind, hard_margin_svm(rows(3))) for _ in range(3))
    whole.advance(500)
    pieces.advance(123)
    arrays, scalars = pieces.state()
    resumed.restore(State(arrays, json.loads(json.dumps(scalars))))
    pieces.advance(377)
    resumed.advance(377)
    np.testing.assert_array_equal(pieces.w, whole.w)
    np.testing.assert_array_equal(resumed.w, whole.w)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("Z", [[[3.0]], [[1.0, 2.0, -1.0]], [[1.0, 0.0], [1.0, 0.0], [2.0, 0.0]]])
def test_small_problems_stay_finite(kind: Kind, Z: list) -> None:
    stepper = margin_optimiser(kind, hard_margin_svm(Z))
    stepper.advance(3000)
    assert np.all(np.isfinite(stepper.w))
    assert float(own_norm_margin(np.array(Z), stepper.w, OWN_NORM[kind])) > 0


def test_refusals() -> None:
    with pytest.raises(ProblemError, match="step size must be positive, got 0"):
        margin_optimiser("sign", hard_margin_svm(FOUR_POINTS), eta=0.0)
    with pytest.raises(ProblemError, match="eps must be between 0 and 1, got 2"):
        margin_optimiser("adam", hard_margin_svm(FOUR_POINTS), eps=2.0)
    with pytest.raises(ProblemError, match="not separable"):
        margin_optimiser("normalised", hard_margin_svm([[1.0, 0.0], [-1.0, 0.0]]))
