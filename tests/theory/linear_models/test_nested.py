"""The nested curve against a fresh SVD solve at every p, near-singular draws included."""

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.phenomena.double_descent.digits import fourier_features, fourier_frequencies
from engine.theory.linear_models import nested, whitener

FIELDS = ("norm2", "excess_risk", "test_mse", "test_error", "noise_gain", "train_mse")


def _solved(X, Y, b, Xt, Yt, p):
    """Every curve at one p, from one singular value decomposition without cut-off."""
    left, s, right = np.linalg.svd(X[:, :p], full_matrices=False)
    w = right.T @ ((left.T @ Y) / s[:, None])
    predicted = Xt[:, :p] @ w
    error = (predicted.argmax(1) != Yt.argmax(1)).mean() if Y.shape[1] > 1 else ((predicted > 0) != (Yt > 0)).mean()
    return {
        "norm2": (w**2).sum(0),
        "excess_risk": ((w - b[:p]) ** 2).sum(0) + (b[p:] ** 2).sum(0),
        "test_mse": ((predicted - Yt) ** 2).mean(0),
        "test_error": error,
        "noise_gain": (1 / s**2).sum(),
        "train_mse": ((X[:, :p] @ w - Y) ** 2).mean(0) if p < len(X) else np.zeros(Y.shape[1]),
    }


def _compare(curves, X, Y, b, Xt, Yt, sizes, rel):
    for p in sizes:
        expected = _solved(X, Y, b, Xt, Yt, p)
        for field in FIELDS:
            assert getattr(curves, field)[p] == pytest.approx(expected[field], rel=rel, abs=1e-13), (field, p)


def _draw(n, D, m, seed):
    rng = np.random.default_rng(seed)
    X, Xt = rng.standard_normal((n, D)), rng.standard_normal((40, D))
    b = rng.standard_normal((D, m)) / D**0.5
    return X, X @ b + 0.5 * rng.standard_normal((n, m)), b, Xt, Xt @ b


def test_every_p_of_a_small_problem():
    X, Y, b, Xt, Yt = _draw(12, 60, 3, seed=0)
    _compare(nested.nested_path(X, Y, b, (Xt, Yt)), X, Y, b, Xt, Yt, range(1, 61), rel=1e-10)


@pytest.mark.slow
def test_every_p_of_the_quick_preset():
    X, Y, b, Xt, Yt = _draw(200, 1000, 2, seed=3)
    _compare(nested.nested_path(X, Y, b, (Xt, Yt)), X, Y, b, Xt, Yt, range(1, 1001), rel=1e-9)


@pytest.mark.parametrize("seed", [0, 1])
def test_quick_preset_around_the_threshold_and_beyond(seed):
    X, Y, b, Xt, Yt = _draw(200, 1000, 2, seed)
    curves = nested.nested_path(X, Y, b, (Xt, Yt))
    _compare(curves, X, Y, b, Xt, Yt, [1, 60, 150, *range(192, 212), 230, 300, 464, 700, 1000], rel=1e-9)
    for p in (150, 200, 300, 1000):
        w = np.linalg.lstsq(X[:, :p], Y, rcond=None)[0]
        assert curves.norm2[p] == pytest.approx((w**2).sum(0), rel=1e-9)


@pytest.mark.parametrize("closeness", [1e-3, 1e-5, 1e-7])
def test_guard_at_a_nearly_singular_threshold(closeness):
    """The n-th column almost repeats the first: condition numbers up to 1e9 at p = n, and none of it is left a few columns on."""
    n, D = 60, 240
    X, Y, b, Xt, Yt = _draw(n, D, 2, seed=5)
    X[:, n - 1] = X[:, 0] + closeness * X[:, n - 1]
    curves = nested.nested_path(X, Y, b, (Xt, Yt))
    _compare(curves, X, Y, b, Xt, Yt, [n], rel=1e-13 * np.linalg.cond(X[:, :n]))
    _compare(curves, X, Y, b, Xt, Yt, [n + 1, n + 2, n + 5, n + 9], rel=1e-9)
    _compare(curves, X, Y, b, Xt, Yt, [n + 30, n + 100, D], rel=1e-10)


def test_every_whitener_whitens():
    X, *_ = _draw(60, 300, 1, seed=2)
    seen = []
    for block in whitener.blocks(X, np.linalg.inv(X[:, :60])):
        K = X[:, : block.p] @ X[:, : block.p].T
        assert block.whitener @ K @ block.whitener.T == pytest.approx(np.eye(60), abs=1e-9)
        seen.extend(range(block.p, block.p + block.count))
    assert seen == list(range(60, 301))


def test_one_output_equals_the_same_output_among_others():
    X, Y, b, Xt, Yt = _draw(30, 90, 3, seed=1)
    alone = nested.nested_path(X, Y[:, 1], b[:, 1], (Xt, Yt[:, 1]))
    together = nested.nested_path(X, Y, b, (Xt, Yt))
    for field in ("norm2", "train_mse", "excess_risk", "test_mse"):
        assert getattr(alone, field).shape == (91,)
        assert getattr(alone, field) == pytest.approx(getattr(together, field)[:, 1], rel=1e-10)
    single = _solved(X, Y[:, 1:2], b[:, 1:2], Xt, Yt[:, 1:2], 45)
    assert alone.test_error[45] == single["test_error"]


def test_no_features_predict_nothing():
    X, Y, b, Xt, Yt = _draw(20, 50, 1, seed=1)
    curves = nested.nested_path(X, Y, b, (Xt, Yt))
    zero = [curves.norm2[0, 0], curves.train_mse[0, 0], curves.excess_risk[0, 0], curves.test_mse[0, 0], curves.noise_gain[0]]
    assert zero == pytest.approx([0, (Y**2).mean(), (b**2).sum(), (Yt**2).mean(), 0])


def test_bias_and_variance_add_up_to_the_mean_over_label_noise():
    rng = np.random.default_rng(8)
    n, D, sigma = 40, 100, 0.5
    X, b = rng.standard_normal((n, D)), np.full(D, D**-0.5)
    clean = nested.nested_path(X, X @ b, b)
    draws = nested.nested_path(X, (X @ b)[:, None] + sigma * rng.standard_normal((n, 4000)), b)
    for p in (10, 30, 55, 100):
        sample = draws.excess_risk[p]
        expected = clean.excess_risk[p] + sigma**2 * clean.noise_gain[p]
        assert abs(sample.mean() - expected) < 4 * sample.std() / 4000**0.5


def test_nothing_to_learn_is_learnt_without_a_warning():
    X, *_ = _draw(20, 50, 1, seed=1)
    curves = nested.nested_path(X, np.zeros(20), np.zeros(50), (X[:5], np.zeros(5)))
    assert not curves.norm2.any() and not curves.excess_risk.any() and not curves.test_mse.any()


@pytest.mark.parametrize("D", [3, 20, 21])
def test_curves_that_stop_before_at_and_just_beyond_the_threshold(D):
    X, Y, b, Xt, Yt = _draw(20, D, 2, seed=4)
    curves = nested.nested_path(X, Y, b, (Xt, Yt))
    _compare(curves, X, Y, b, Xt, Yt, range(1, D + 1), rel=1e-10)
    assert np.isfinite(curves.test_mse).all()


def test_steps_fill_the_curve_from_the_left():
    X, Y, b, *_ = _draw(30, 200, 1, seed=0)
    reached = []
    for p, curves in nested.nested_steps(X, Y, b):
        assert np.isfinite(curves.excess_risk[: p + 1]).all() and np.isnan(curves.excess_risk[p + 1 :]).all()
        reached.append(p)
    assert reached[0] == 30 and reached[-1] == 200 and reached == sorted(reached)


def test_fourier_features_of_images():
    rng = np.random.default_rng(0)
    x = np.abs(rng.standard_normal((230, 20)) @ rng.standard_normal((20, 64))) / 8  # correlated, positive, like pixels
    Z = fourier_features(x, fourier_frequencies(rng, 64, 400))
    Y = np.eye(10)[(x[:, :8].argmax(1) + 1) % 10]
    data = Z[:80], Y[:80], np.zeros((400, 10)), Z[80:], Y[80:]
    curves = nested.nested_path(data[0], data[1], data[2], data[3:])
    _compare(curves, *data, [20, 60, 78, 79, 80, 81, 82, 90, 150, 400], rel=1e-9)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda X, Y: (X[:1], Y[:1]), "at least 2 samples and 2 features, got n=1, D=30"),
        (lambda X, Y: (X[:, :1], Y), "got n=10, D=1"),
        (lambda X, Y: (X, Y[:5]), "Y must have 10 rows, one per sample, got 5"),
        (lambda X, Y: (np.where(np.arange(30) == 4, 0.0, X), Y), "column 4 of X is a combination"),
        (lambda X, Y: (X[[0, 1, 2, 3, 4, 5, 6, 7, 8, 8]], Y), "column 9 of X is a combination"),
        (lambda X, Y: (np.where(X > 1, np.nan, X), Y), "not finite"),
    ],
)
def test_draws_without_a_curve_are_named(change, named):
    X, Y, *_ = _draw(10, 30, 2, seed=0)
    with pytest.raises(ProblemError, match=named):
        nested.nested_path(*change(X, Y))


def test_mismatched_weights_and_tests_are_named():
    X, Y, b, Xt, Yt = _draw(10, 30, 2, seed=0)
    with pytest.raises(ProblemError, match=r"b must have shape \(30,\) or \(30, 2\), got \(29, 2\)"):
        nested.nested_path(X, Y, b[1:])
    with pytest.raises(ProblemError, match="the test X must have 30 features, got 20"):
        nested.nested_path(X, Y, b, (Xt[:, :20], Yt))
    with pytest.raises(ProblemError, match="come in pairs"):
        fourier_frequencies(np.random.default_rng(0), 5, 7)
