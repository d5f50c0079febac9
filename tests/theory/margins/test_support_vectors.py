"""Support vectors that proliferate: the law of negative duals against simulation, and the duals against the max-margin problem itself."""

import numpy as np
import pytest
from sklearn.svm import SVC

from engine.errors import ProblemError
from engine.theory.margins.support_vectors import all_support_probability, duals, half_point, negative_duals, support


def drawn(n, d, rng):
    return rng.standard_normal((n, d)), rng.choice([-1.0, 1.0], n)


def centred(x, y):
    """Points and their mirror images, which have the same max margin through the origin as the points: libsvm always fits a bias."""
    return np.vstack([x, -x]), np.r_[y, -y]


@pytest.mark.parametrize(("n", "d"), [(10, 12), (10, 30), (25, 60), (25, 120), (40, 300)])
def test_the_number_of_negative_duals_is_as_expected(n, d):
    rng = np.random.default_rng(n * d)
    draws = 400
    counts = np.array([(duals(*drawn(n, d, rng)) < 0).sum() for _ in range(draws)])
    expected = float(negative_duals(n, d))
    assert counts.mean() == pytest.approx(expected, abs=4 * max(counts.std(), np.sqrt(expected)) / np.sqrt(draws))


@pytest.mark.parametrize(("n", "d"), [(12, 20), (12, 60), (30, 150)])
def test_all_points_support_exactly_when_no_dual_is_negative(n, d):
    rng = np.random.default_rng(d)
    for _ in range(60):
        x, y = drawn(n, d, rng)
        assert (duals(x, y) >= 0).all() == support(x @ x.T, y).all()


@pytest.mark.parametrize(("n", "d"), [(12, 14), (12, 40), (25, 60)])
def test_support_vectors_are_those_of_libsvm(n, d):
    rng = np.random.default_rng(n + d)
    for _ in range(8):
        x, y = drawn(n, d, rng)
        machine = SVC(kernel="linear", C=1e9, tol=1e-10).fit(*centred(x, y))
        assert set(machine.support_ % n) == set(np.flatnonzero(support(x @ x.T, y)))


def test_with_all_duals_positive_the_margin_classifier_is_the_least_norm_fit_of_the_labels():
    x, y = drawn(10, 400, np.random.default_rng(0))
    w = x.T @ np.linalg.solve(x @ x.T, y)
    assert (duals(x, y) > 0).all()
    np.testing.assert_allclose(y * (x @ w), 1.0)


def test_an_orthonormal_design_and_its_scale():
    y = np.array([1.0, -1.0, 1.0])
    np.testing.assert_allclose(duals(2 * np.eye(3, 5), y), 0.25)


@pytest.mark.parametrize(("n", "half"), [(100, 1.52), (1000, 1.62), (10**6, 1.76)])
def test_the_transition_moves_slowly_towards_two(n, half):
    assert half_point(n) == pytest.approx(half, abs=0.006)
    assert float(all_support_probability(n, half_point(n) * n * np.log(n))) == pytest.approx(0.5)


def test_what_has_no_duals_is_refused():
    with pytest.raises(ProblemError, match="rank 2 of 3 rows"):
        duals(np.ones((3, 2)) + np.eye(3, 2), [1, 1, -1])
    with pytest.raises(ProblemError, match="d must be at least n=5, got 4"):
        negative_duals(5, [9, 4])
    with pytest.raises(ProblemError, match="n must be at least 2"):
        negative_duals(1, 4)
