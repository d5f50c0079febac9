"""The flow and its limit: the reference table, an integration in plain time, true descent, and exact decimals."""

from __future__ import annotations

from decimal import Decimal, getcontext

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import minimize
from scipy.special import expit

from engine.errors import ProblemError
from engine.phenomena.max_margin.separable_data import FOUR_POINTS, Labelled, gauss_set, soudry_set
from engine.theory.margins.hard_margin import hard_margin_svm
from engine.theory.margins.logistic_descent import LogisticDescent, logistic_step_limit
from engine.theory.margins.logistic_flow import FlowPath, Loss, separating_flow
from engine.theory.margins.margin_path import log_summed_loss, margin_curves, validation
from engine.theory.margins.soudry_limit import soudry_limit

DECADES = np.array([4, 10, 30, 59])
LOG_S = DECADES * np.log(10)


def four_point_flow(loss: Loss = "logistic") -> FlowPath:
    return separating_flow(hard_margin_svm(FOUR_POINTS), LOG_S, loss)


def directions(w: np.ndarray) -> np.ndarray:
    return w / np.linalg.norm(w, axis=-1, keepdims=True)


def test_the_reference_table() -> None:
    """phenomena.md, max-margin: products at 1e4, 1e10, 1e30, 1e59 and the distance to the two-term prediction."""
    flow = four_point_flow()
    curves = flow.curves
    np.testing.assert_allclose(curves.direction_error * LOG_S, [0.6019, 0.6318, 0.6468, 0.6506], atol=5.1e-5)
    np.testing.assert_allclose(curves.one_minus_cos * LOG_S**2, [0.1811, 0.1996, 0.2092, 0.2116], atol=5.1e-5)
    np.testing.assert_allclose(curves.margin_gap * LOG_S, [0.29101, 0.29220, 0.29263, 0.29268], atol=5.1e-6)
    np.testing.assert_allclose(flow.loss_times_s, [0.79959, 0.8, 0.8, 0.8], atol=5.1e-6)
    distance = flow.distance(flow.limit)
    assert distance[0] == pytest.approx(2e-3, rel=0.1)
    assert distance[1] == pytest.approx(9e-6, rel=0.1)
    assert distance[2] < 3e-11
    assert distance[3] < 1e-13


@pytest.mark.parametrize("loss", ["logistic", "exponential"])
def test_the_reference_constants(loss: Loss) -> None:
    limit = four_point_flow(loss).limit
    np.testing.assert_allclose(limit.w_tilde, [0.395333, 0.852160], atol=5.1e-7)
    np.testing.assert_allclose(np.exp(-FOUR_POINTS[:2] @ limit.w_tilde), [8 / 35, 4 / 7], rtol=1e-12)
    assert limit.direction == pytest.approx(0.654493, abs=5.1e-7)
    assert limit.angle == pytest.approx(0.214181, abs=5.1e-7)
    assert limit.gap == pytest.approx(0.292698, abs=5.1e-7)
    assert limit.loss == pytest.approx(0.8, rel=1e-12)
    assert limit.exponent == pytest.approx(0.4, rel=1e-9)
    p = np.array([8 / 35, 4 / 7]) / 0.8
    assert limit.gap == pytest.approx(limit.svm.margin * np.sum(p * np.log(p.max() / p)), rel=1e-12)


def test_claims_of_the_four_point_set() -> None:
    """MM2-MM6 with the tolerances of the reference."""
    flow = four_point_flow()
    limit, curves = flow.limit, flow.curves
    assert curves.direction_error[3] * LOG_S[3] == pytest.approx(limit.direction, rel=0.01)
    assert curves.one_minus_cos[3] * LOG_S[3] ** 2 == pytest.approx(limit.angle, rel=0.02)
    assert curves.margin_gap[3] * LOG_S[3] == pytest.approx(limit.gap, rel=0.001)
    assert flow.loss_times_s[1] == pytest.approx(1 / flow.svm.margin**2, rel=1e-4)
    assert flow.distance(limit)[2] <= 1e-8


def test_equal_duals_have_no_one_over_log_term() -> None:
    """MM10, and the rate s^-1/4 of the Soudry set."""
    flow = separating_flow(hard_margin_svm(soudry_set(np.random.default_rng(0)).rows), LOG_S)
    limit = flow.limit
    assert limit.direction < 1e-12
    assert limit.mu == pytest.approx(0.25)
    assert limit.exponent == pytest.approx(0.25)
    assert flow.curves.direction_error[2] * LOG_S[2] <= 1e-4
    products = flow.curves.direction_error * LOG_S
    slope = np.log(products[2] / products[1]) / (LOG_S[2] - LOG_S[1])
    assert slope == pytest.approx(-0.25, abs=0.005)


@pytest.mark.parametrize("loss", ["logistic", "exponential"])
@pytest.mark.parametrize("data", ["four-point", "gauss"])
def test_the_flow_equals_an_integration_in_plain_time(loss: Loss, data: str) -> None:
    Z = FOUR_POINTS if data == "four-point" else gauss_set(20, 4, np.random.default_rng(1))[0].rows
    times = np.array([0.001, 0.1, 1.0, 10.0, 300.0])

    def rate(_: float, w: np.ndarray) -> np.ndarray:
        return Z.T @ (expit(-Z @ w) if loss == "logistic" else np.exp(-Z @ w))

    direct = solve_ivp(rate, (0, 300), np.zeros(Z.shape[1]), method="DOP853", t_eval=times, rtol=1e-12, atol=1e-13).y.T
    flow = separating_flow(hard_margin_svm(Z), np.log(times), loss)
    np.testing.assert_allclose(flow.w, direct, atol=2e-7 * np.abs(direct).max())
    expected = np.log1p(np.exp(-direct @ Z.T)) if loss == "logistic" else np.exp(-direct @ Z.T)
    np.testing.assert_allclose(flow.loss_times_s, times * expected.sum(axis=1), rtol=1e-6)


def test_true_descent_follows_the_flow() -> None:
    """MM7: direction difference 1e-2 at t = 10, 1e-4 at 2e5 on the four points."""
    svm = hard_margin_svm(FOUR_POINTS)
    eta = 0.5 * logistic_step_limit(FOUR_POINTS)
    steps = np.array([10, 1000, 200_000])
    descent = LogisticDescent(FOUR_POINTS, eta).path(steps)
    flow = separating_flow(svm, np.log(eta * steps)).w
    difference = np.linalg.norm(directions(descent) - directions(flow), axis=1)
    assert difference[0] == pytest.approx(1e-2, rel=0.5)
    assert difference[2] <= 1.1e-4
    small = 0.01 * eta  # and both agree to first order in the step
    close = LogisticDescent(FOUR_POINTS, small).path([20_000])
    np.testing.assert_allclose(close, separating_flow(svm, [np.log(small * 20_000)]).w, atol=3e-4)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_gaussian_data_reach_their_own_constants(seed: int) -> None:
    Z = gauss_set(12, 3, np.random.default_rng(seed))[0].rows
    svm = hard_margin_svm(Z)
    log_s = np.linspace(0, 280 * np.log(10), 30)
    flow = separating_flow(svm, log_s)
    limit, curves = flow.limit, flow.curves
    second_order = (np.linalg.norm(limit.w_tilde) / svm.norm) ** 2 / log_s[-1]  # products converge like 1/log s
    assert curves.direction_error[-1] * log_s[-1] == pytest.approx(limit.direction, abs=2 * second_order)
    assert curves.margin_gap[-1] * log_s[-1] == pytest.approx(limit.gap, abs=2 * second_order * svm.margin)
    predicted = np.multiply.outer(log_s[-1:], svm.w) + limit.w_tilde
    np.testing.assert_allclose(flow.w[-1:], predicted, atol=1e-6 * np.linalg.norm(predicted))


def test_the_two_term_error_falls_with_its_exponent() -> None:
    flow = separating_flow(hard_margin_svm(FOUR_POINTS), np.log(10) * np.array([6, 8, 10, 12]))
    distance = flow.distance(flow.limit)
    np.testing.assert_allclose(np.diff(np.log10(distance)) / 2, -0.4, atol=0.01)


def test_w_tilde_minimises_its_convex_function_with_duplicates() -> None:
    Z = np.repeat(FOUR_POINTS, [3, 1, 1, 2], axis=0)
    svm = hard_margin_svm(Z)
    limit = soudry_limit(svm, np.zeros(2))
    rows = Z[:4]
    found = minimize(lambda v: np.exp(-rows @ v).sum() + svm.w @ v, np.zeros(2), method="BFGS", options={"gtol": 1e-10})
    np.testing.assert_allclose(limit.w_tilde, found.x, atol=1e-6)
    assert np.exp(-rows @ limit.w_tilde) @ rows == pytest.approx(svm.w, rel=1e-12)
    flow = separating_flow(svm, [59 * np.log(10)])
    assert flow.distance(limit)[0] < 1e-11


def test_the_part_outside_the_support_is_read_off_the_path() -> None:
    Z = np.array([[2.0, 0.0, 0.0], [3.0, 1.0, 0.0], [4.0, -1.0, 2.0]])  # one support vector, two other directions
    flow = separating_flow(hard_margin_svm(Z), np.log(10) * np.array([4, 59]))
    limit = flow.limit
    np.testing.assert_allclose(limit.w_tilde[1:], flow.remainder[-1, 1:], atol=1e-15)
    assert np.abs(limit.w_tilde[1:]).min() > 0.01
    assert limit.second_margin == pytest.approx(1.5)
    times = np.array([1e-6, 100.0, 1e4])
    direct = solve_ivp(lambda _, w: Z.T @ expit(-Z @ w), (0, 1e4), np.zeros(3), method="LSODA", t_eval=times, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(direct.y[1:, -1], limit.w_tilde[1:], atol=0.01)  # tail of order s^-1/2


def test_curves_keep_their_digits_where_floats_cancel() -> None:
    """Against 80-digit decimals, for weights whose direction is right to 1e-12."""
    getcontext().prec = 80
    svm = hard_margin_svm(FOUR_POINTS)
    w = np.array([[0.8 * 100 + 3e-10, 0.4 * 100 + 1e-10]])
    a, b = (Decimal(float(entry)) for entry in w[0])
    length = (a * a + b * b).sqrt()
    ua, ub = (Decimal(2) / Decimal(5).sqrt(), Decimal(1) / Decimal(5).sqrt())
    direction = ((a / length - ua) ** 2 + (b / length - ub) ** 2).sqrt()
    products = [(Decimal(str(x)) * a + Decimal(str(y)) * b) / length for x, y in FOUR_POINTS.tolist()]
    gap = Decimal(5).sqrt() / 2 - min(products)
    curves = margin_curves(svm, w)
    assert curves.direction_error[0] == pytest.approx(float(direction), rel=1e-3)  # w itself holds no more digits
    assert curves.one_minus_cos[0] == pytest.approx(float(direction**2 / 2), rel=2e-3)
    assert 0 < curves.one_minus_cos[0] < 1e-22
    assert curves.margin_gap[0] == pytest.approx(float(gap), rel=1e-3)
    assert curves.norm[0] == pytest.approx(float(length), rel=1e-14)


def test_curves_equal_their_definitions_away_from_the_limit() -> None:
    rng = np.random.default_rng(0)
    svm = hard_margin_svm(gauss_set(20, 5, rng)[0].rows)
    w = rng.standard_normal((50, 5))
    curves = margin_curves(svm, w)
    unit, best = directions(w), svm.w / svm.norm
    np.testing.assert_allclose(curves.direction_error, np.linalg.norm(unit - best, axis=1), rtol=1e-12)
    np.testing.assert_allclose(curves.one_minus_cos, 1 - unit @ best, rtol=1e-12)
    np.testing.assert_allclose(curves.margin_gap, svm.margin - np.min(unit @ svm.Z.T, axis=1), rtol=1e-12)
    np.testing.assert_allclose(curves.norm, np.linalg.norm(w, axis=1))
    np.testing.assert_allclose(np.exp(log_summed_loss(svm.Z, w)), np.log1p(np.exp(-w @ svm.Z.T)).sum(axis=1))


def test_validation_loss_grows_and_its_error_stays() -> None:
    """MM9."""
    svm = hard_margin_svm(FOUR_POINTS)
    log_s = np.log(10) * np.arange(1, 60)
    points = np.tile(FOUR_POINTS, (12, 1))
    held_out = Labelled(np.vstack([points, [[-0.5, 0.4], [0.3, 2.0]]]), np.ones(50))  # one of these on the wrong side of w_hat
    seen = validation(held_out.X, held_out.y, separating_flow(svm, log_s).w)
    assert np.polyfit(log_s, seen.loss, 1)[0] > 0
    assert np.ptp(seen.error) <= 1 / 50
    assert seen.error[-1] == 1 / 50
    wrong = held_out.X[np.sign(held_out.X @ svm.w) != held_out.y]
    assert len(wrong) == 1
    assert np.diff(seen.loss)[-1] / np.diff(log_s)[-1] == pytest.approx(abs(float(wrong[0] @ svm.w)) / 50, rel=1e-3)
    clean = Labelled(points, np.ones(48))
    assert validation(clean.X, clean.y, separating_flow(svm, log_s).w).loss[-1] < 1e-8


def test_the_loss_is_right_where_it_is_below_every_float() -> None:
    Z = np.array([[1.0, 0.0], [0.0, 2.0]])
    w = np.array([[0.3, -0.2], [35.0, 20.0], [5000.0, 4000.0]])
    found = log_summed_loss(Z, w)
    np.testing.assert_allclose(found[0], np.log(np.log1p(np.exp(-0.3)) + np.log1p(np.exp(0.4))), rtol=1e-12)
    np.testing.assert_allclose(found[1], -35.0 + np.log1p(np.exp(-5.0)), rtol=1e-12)
    np.testing.assert_allclose(found[2], -5000.0, rtol=1e-12)


def test_the_two_term_curves_are_those_of_its_weights() -> None:
    limit, log_s = four_point_flow().limit, np.array([2.0, 20.0])
    curves, plain = limit.curves(log_s), margin_curves(limit.svm, np.multiply.outer(log_s, limit.svm.w) + limit.w_tilde)
    np.testing.assert_allclose(curves.direction_error, plain.direction_error, rtol=1e-9)
    np.testing.assert_allclose(curves.norm, plain.norm, rtol=1e-12)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_units_do_not_matter(scale: float) -> None:
    flow = separating_flow(hard_margin_svm(FOUR_POINTS), LOG_S)
    scaled = separating_flow(hard_margin_svm(FOUR_POINTS * scale), LOG_S - 2 * np.log(scale))  # s carries 1/|z|^2
    np.testing.assert_allclose(scaled.w * scale, flow.w, rtol=1e-7)


@pytest.mark.parametrize(("n", "d"), [(1, 1), (1, 4), (5, 1), (3, 30)])
def test_small_problems(n: int, d: int) -> None:
    flow = separating_flow(hard_margin_svm(gauss_set(n, d, np.random.default_rng(1))[0].rows), LOG_S)
    assert np.all(np.isfinite(flow.w))
    if d == 1:
        assert flow.limit.direction < 1e-12


def test_refusals() -> None:
    svm = hard_margin_svm(FOUR_POINTS)
    with pytest.raises(ProblemError, match="ascend"):
        separating_flow(svm, [1.0, 0.0])
    with pytest.raises(ProblemError, match="1e300 at most, got 1e400"):
        separating_flow(svm, [400 * np.log(10)])
    with pytest.raises(ProblemError, match="w = 0 has no direction"):
        margin_curves(svm, np.zeros((1, 2)))
    on_the_margin = hard_margin_svm(np.array([[1.0, 0.0], [1.0, 1.0]]))
    with pytest.raises(ProblemError, match="row 1 lies on the margin without dual weight"):
        soudry_limit(on_the_margin, np.zeros(2))
