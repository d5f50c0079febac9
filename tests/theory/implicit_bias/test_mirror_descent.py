"""Mirror descent: its limit against optimality conditions, a primal solver and the known norms; its margin against the SVM and a primal."""

import numpy as np
import pytest
from scipy.optimize import minimize

from engine.errors import ProblemError
from engine.theory.implicit_bias.interpolators import min_norm_interpolator
from engine.theory.implicit_bias.mirror_descent import (
    MirrorDescent,
    Potential,
    least_divergence_interpolator,
    own_norm_max_margin,
)
from engine.theory.implicit_bias.optimisers import Schedule
from engine.theory.linear_models.min_norm import least_squares
from engine.theory.margins.hard_margin import hard_margin_svm

PS = (1.25, 1.5, 2.0, 3.0)


def problem(seed, n=10, d=40):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d)) / np.sqrt(d)
    w = np.zeros(d)
    w[:3] = 1, -1, 2
    y = x @ w
    return least_squares(x, y / np.linalg.norm(y))


def rows(seed, n=14, d=30):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d))
    return x * np.sign(x[:, :5].sum(axis=1))[:, None]


@pytest.mark.parametrize("p", PS)
@pytest.mark.parametrize("started", [False, True])
def test_the_limit_fits_and_its_dual_weights_differ_from_the_starts_in_the_row_space_alone(p, started):
    for seed in range(5):
        task, potential = problem(seed), Potential(p)
        start = 0.3 * np.random.default_rng(seed).standard_normal(40) if started else np.zeros(40)
        w = least_divergence_interpolator(task, potential, start if started else None)
        assert np.linalg.norm(task.X @ w - task.y) < 1e-10
        moved = np.sign(w) * np.abs(w) ** (p - 1) - np.sign(start) * np.abs(start) ** (p - 1)
        assert np.linalg.norm(task.null_component(moved)) < 1e-9 * np.linalg.norm(moved)


@pytest.mark.parametrize("p", [1.5, 3.0])
def test_no_other_interpolator_has_a_smaller_norm(p):
    task, potential = problem(1, 4, 9), Potential(p)
    w = least_divergence_interpolator(task, potential)
    basis = np.linalg.svd(task.X)[2][4:]
    found = minimize(lambda c: np.sum(np.abs(task.solution + c @ basis) ** p), np.zeros(5), method="Nelder-Mead",
                     options={"xatol": 1e-10, "fatol": 1e-14, "maxiter": 20_000, "maxfev": 20_000, "adaptive": True})  # fmt: skip
    np.testing.assert_allclose(w, task.solution + found.x @ basis, atol=1e-4)
    assert potential.norm(w) <= found.fun ** (1 / p) * (1 + 1e-12)


def test_two_is_the_least_euclidean_norm_and_near_one_is_nearly_sparse():
    task = problem(2)
    np.testing.assert_allclose(least_divergence_interpolator(task, Potential(2.0)), task.solution, atol=1e-12)
    w, sparse = least_divergence_interpolator(task, Potential(1.05)), min_norm_interpolator(task.X, task.y, "l1")
    assert np.abs(sparse).sum() <= np.abs(w).sum() <= 1.2 * np.abs(sparse).sum()


@pytest.mark.parametrize(("p", "eta"), [(1.5, 0.3), (2.0, 0.2), (3.0, 0.002)])
def test_descent_arrives_there(p, eta):
    task, potential = problem(3), Potential(p)
    descent = MirrorDescent(lambda w: task.X.T @ (task.X @ w - task.y), np.zeros(40), Schedule(eta), potential)
    descent.advance(60_000)
    np.testing.assert_allclose(descent.w, least_divergence_interpolator(task, potential), atol=1e-6)


def test_descent_resumes_bit_for_bit_and_does_not_depend_on_its_chunks():
    task, potential = problem(4), Potential(1.5)

    def made():
        return MirrorDescent(lambda w: task.X.T @ (task.X @ w - task.y), 0.1 * np.ones(40), Schedule(0.1, "sqrt"), potential)

    whole, parts, again = made(), made(), made()
    whole.advance(300)
    for count in (1, 70, 29):
        parts.advance(count)
    again.restore(parts.state())
    again.advance(200)
    np.testing.assert_array_equal(again.w, whole.w)
    np.testing.assert_array_equal(again.z, whole.z)


def test_divergence_is_that_of_its_definition():
    potential, rng = Potential(3.0), np.random.default_rng(0)
    w, start = rng.standard_normal((2, 6))
    slope = np.sign(start) * start**2
    assert potential.divergence(w, start) == pytest.approx(
        (np.abs(w) ** 3).sum() / 3 - (np.abs(start) ** 3).sum() / 3 - slope @ (w - start)
    )
    assert potential.divergence(w, w) == pytest.approx(0, abs=1e-12) and potential.divergence(w, start) > 0
    np.testing.assert_allclose(potential.weights(potential.link(w)), w)


@pytest.mark.parametrize("seed", range(4))
def test_the_euclidean_margin_is_the_svms(seed):
    z = rows(seed)
    margin, w = own_norm_max_margin(z, Potential(2.0))
    svm = hard_margin_svm(z)
    assert margin == pytest.approx(svm.margin, rel=1e-5)
    np.testing.assert_allclose(w, svm.w / np.linalg.norm(svm.w), atol=1e-4)


@pytest.mark.parametrize("p", [1.5, 3.0])
def test_no_direction_has_a_larger_margin_in_its_norm(p):
    z, potential = rows(7, 8, 6), Potential(p)
    margin, w = own_norm_max_margin(z, potential)
    assert potential.norm(w) == pytest.approx(1) and (z @ w).min() == pytest.approx(margin)
    limits = [{"type": "ineq", "fun": lambda v: z @ v[:-1] - v[-1]}, {"type": "ineq", "fun": lambda v: 1 - np.sum(np.abs(v[:-1]) ** p)}]
    found = minimize(lambda v: -v[-1], np.append(z.mean(axis=0) / 10, 0.0), constraints=limits, method="SLSQP",
                     options={"maxiter": 2000, "ftol": 1e-14})  # fmt: skip
    assert margin == pytest.approx(-found.fun, rel=1e-5)


def test_what_cannot_be_is_refused():
    with pytest.raises(ProblemError, match=r"p must be between 1\.05 and 8, got 1"):
        Potential(1.0)
    with pytest.raises(ProblemError, match="no w interpolates"):
        least_divergence_interpolator(least_squares(np.ones((3, 2)), [1.0, 2.0, 3.0]), Potential(1.5))
    with pytest.raises(ProblemError, match="not separable"):
        own_norm_max_margin(np.vstack([np.eye(2), -np.eye(2)]), Potential(1.5))
