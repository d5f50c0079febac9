"""Ridge curves against solves of the augmented least-squares problem, which share no normal equations with them."""

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.theory.linear_models.nested import nested_path
from engine.theory.linear_models.nested_ridge import ridge_steps


def ridge_path(*arguments):
    """The whole curves."""
    *_, (_, curves) = ridge_steps(*arguments)
    return curves


def _draw(n, D, m, seed):
    rng = np.random.default_rng(seed)
    X, Xt = rng.standard_normal((n, D)), rng.standard_normal((40, D))
    b = rng.standard_normal((D, m)) / D**0.5
    return X, X @ b + 0.5 * rng.standard_normal((n, m)), b, Xt, Xt @ b


def test_curves_are_the_augmented_least_squares_solutions():
    n, D = 30, 100
    X, Y, b, Xt, Yt = _draw(n, D, 3, seed=0)
    p = np.array([1, 10, 29, 30, 31, 64, 100])
    ridge = np.array([0.5, 2.0, 1e-3, 1e-3, 0.1, 20.0, 1.0])
    curves = ridge_path(X, Y, p, ridge, b, (Xt, Yt))
    for i, (k, lam) in enumerate(zip(p, ridge, strict=True)):
        stacked = np.vstack([X[:, :k], lam**0.5 * np.eye(k)])
        operator = np.linalg.pinv(stacked)[:, :n]
        w = operator @ Y
        assert curves.norm2[i] == pytest.approx((w**2).sum(0), rel=1e-8)
        assert curves.train_mse[i] == pytest.approx(((X[:, :k] @ w - Y) ** 2).mean(0), rel=1e-6)
        assert curves.excess_risk[i] == pytest.approx(((w - b[:k]) ** 2).sum(0) + (b[k:] ** 2).sum(0), rel=1e-8)
        assert curves.noise_gain[i] == pytest.approx((operator**2).sum(), rel=1e-8)
        assert curves.test_mse[i] == pytest.approx(((Xt[:, :k] @ w - Yt) ** 2).mean(0), rel=1e-8)
        assert curves.test_error[i] == ((Xt[:, :k] @ w).argmax(1) != Yt.argmax(1)).mean()


def test_vanishing_ridge_is_the_nested_curve_and_infinite_ridge_predicts_nothing():
    X, Y, b, *_ = _draw(20, 60, 1, seed=1)
    p = np.array([0, 5, 30, 60])
    assert ridge_path(X, Y[:, 0], p, 1e-9, b[:, 0]).excess_risk == pytest.approx(nested_path(X, Y[:, 0], b[:, 0]).excess_risk[p], rel=1e-6)
    assert ridge_path(X, Y, p, np.inf, b).excess_risk == pytest.approx(np.full((4, 1), (b**2).sum()))


def test_negative_ridge_down_to_the_smallest_eigenvalue():
    X, Y, *_ = _draw(20, 200, 1, seed=2)
    smallest = np.linalg.svd(X, compute_uv=False)[-1] ** 2
    w = X.T @ np.linalg.solve(X @ X.T - 0.5 * smallest * np.eye(20), Y)
    assert ridge_path(X, Y, 200, -0.5 * smallest).norm2[0] == pytest.approx((w**2).sum(0))
    with pytest.raises(ProblemError, match="ridge must exceed minus the smallest eigenvalue, -"):
        ridge_path(X, Y, 200, -1.01 * smallest)


@pytest.mark.parametrize(
    ("p", "ridge", "named"),
    [
        ([5, 3], 1.0, r"p must rise within 0\.\.60, got 3\.\.5 out of order"),
        ([5, 61], 1.0, r"got 5\.\.61"),
        ([5, 6], [1.0, 0.0], "needs a ridge other than 0, got 0"),
        ([5], np.nan, "got nan"),
    ],
)
def test_grids_without_a_solution_are_named(p, ridge, named):
    X, Y, *_ = _draw(20, 60, 1, seed=1)
    with pytest.raises(ProblemError, match=named):
        ridge_path(X, Y, p, ridge)
