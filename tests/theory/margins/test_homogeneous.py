"""Homogeneous networks: log loss and smoothed margin against numbers of many digits, the KKT residual, half the SVM's margin."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from scipy.optimize import minimize

from engine.theory.margins.hard_margin import hard_margin_svm
from engine.theory.margins.homogeneous import kkt_residual, largest_fall, log_loss, smoothed_logistic_margin

RNG = np.random.default_rng(0)


def by_decimals(q):
    """log L, the weights, and log(exp(L) - 1), with 400 digits."""
    with localcontext() as context:
        context.prec, context.Emax, context.Emin = 400, 10**6, -(10**6)
        powers = [(-Decimal(float(value))).exp() for value in q]
        loss = sum((1 + power).ln() for power in powers)
        return float(loss.ln()), [float(power / (1 + power) / loss) for power in powers], float((loss.exp() - 1).ln())


@pytest.mark.parametrize("q", [[-3.0, 0.2, 5.0], [0.5, 39.0, 41.0], [41.0, 41.5, 300.0], [400.0, 401.0, 405.0], [-90.0, 2.0, 50.0]])
def test_the_log_loss_its_weights_and_the_smoothed_margin_are_those_of_many_digits(q):
    logs, weights, smoothed = by_decimals(q)
    found, lam = log_loss(np.array(q))
    assert found == pytest.approx(logs, rel=1e-12)
    np.testing.assert_allclose(lam, weights, rtol=1e-11, atol=1e-300)
    assert float(smoothed_logistic_margin(found, 2.0, 3)) == pytest.approx(-smoothed / 8, rel=1e-11)


def test_weights_are_the_derivative_of_the_log_loss():
    q = RNG.normal(1, 2, 6)
    for place in range(6):
        step = 1e-6 * np.eye(6)[place]
        slope = (log_loss(q + step)[0] - log_loss(q - step)[0]) / 2e-6
        assert slope == pytest.approx(-log_loss(q)[1][place], rel=1e-5)


def test_the_smoothed_margin_is_below_the_margin_and_changes_sign_at_log_2():
    assert float(smoothed_logistic_margin(np.log(np.log(2)), 1.0, 2)) == pytest.approx(0, abs=1e-12)
    assert smoothed_logistic_margin(np.log(600.0), 1.0, 2) == pytest.approx(-600)
    for scale in (10.0, 100.0):
        q = scale * RNG.uniform(1, 2, 20)
        smoothed = float(smoothed_logistic_margin(log_loss(q)[0], 1.0, 2))
        assert q.min() - np.log(20) - 1e-9 <= smoothed <= q.min()


def test_the_svm_is_a_kkt_point_and_others_are_not():
    Z = RNG.standard_normal((8, 12))
    svm = hard_margin_svm(Z)
    angle, slack = kkt_residual(svm.margins, svm.alpha / svm.alpha.sum(), svm.w, Z.T @ svm.alpha)
    assert angle == pytest.approx(0, abs=1e-10) and slack == pytest.approx(0, abs=1e-8)
    other = svm.w + 0.3 * RNG.standard_normal(12)
    lam = np.full(8, 1 / 8)
    angle, slack = kkt_residual(Z @ other, lam, other, Z.T @ lam)
    pull = Z.T @ lam
    assert angle == pytest.approx(1 - other @ pull / np.linalg.norm(other) / np.linalg.norm(pull)) and angle > 0.01
    assert kkt_residual(np.array([-1.0, 2.0]), np.ones(2), np.ones(2), np.zeros(2)) == (1.0, float("inf"))


def test_half_the_svms_margin_is_the_widest_of_a_linear_two_layer_network():
    Z, h = np.random.default_rng(3).standard_normal((4, 3)), 2

    def outputs(theta):
        return Z @ theta[: 3 * h].reshape(3, h) @ theta[3 * h :]

    best = min(
        minimize(lambda t: (t @ t, 2 * t), np.random.default_rng(seed).standard_normal(4 * h), jac=True, method="SLSQP",
                 constraints={"type": "ineq", "fun": lambda t: outputs(t) - 1}, options={"maxiter": 500, "ftol": 1e-12}).fun
        for seed in range(6)
    )  # fmt: skip
    assert 1 / best == pytest.approx(hard_margin_svm(Z).margin / 2, rel=1e-5)


def test_the_largest_fall_is_relative_to_the_highest_before():
    assert largest_fall(np.array([1.0, 2.0, 1.5, 4.0, 3.6])) == pytest.approx(0.25)
    assert largest_fall(np.array([1.0, 2.0])) == 0 and largest_fall(np.empty(0)) == 0
