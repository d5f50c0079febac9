"""The tangent kernel against numerical derivatives of the network, sums by hand, and its infinite-width limit by Monte Carlo."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from engine.errors import ProblemError
from engine.theory.kernels import tangent_kernel as tk


def student(m: int, d: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(m, d)), rng.normal(size=m)


def sphere(n: int, d: int, seed: int) -> np.ndarray:
    X = np.random.default_rng(seed).normal(size=(n, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def jacobian(W: np.ndarray, a: np.ndarray, X: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """Central differences of h(x) = relu(x W^T) a/sqrt(m) in every weight, (n, m d + m); exact up to kinks."""

    def h(theta: np.ndarray) -> np.ndarray:
        return np.maximum(X @ theta[: W.size].reshape(W.shape).T, 0) @ theta[W.size :] / math.sqrt(len(a))

    start = np.concatenate([W.ravel(), a])
    return np.stack([(h(start + e) - h(start - e)) / (2 * step) for e in step * np.eye(start.size)], axis=1)


def test_kernel_is_the_gram_matrix_of_derivatives() -> None:
    W, a = student(7, 4, 0)
    X, other = sphere(6, 4, 1), 2 * sphere(5, 4, 2)
    J, J_other = jacobian(W, a, X), jacobian(W, a, other)
    assert tk.tangent_kernel(W, a, X) == pytest.approx(J @ J.T, abs=1e-8)
    assert tk.tangent_kernel(W, a, X, other) == pytest.approx(J @ J_other.T, abs=1e-8)


def test_blocks_agree_with_the_sum() -> None:
    W, a = student(9, 3, 3)
    X = sphere(17, 3, 4)
    K = np.zeros((17, 17))
    for j in range(9):
        z = X @ W[j]
        K += np.outer(np.maximum(z, 0), np.maximum(z, 0)) + (X @ X.T) * a[j] ** 2 * np.outer(z > 0, z > 0)
    K /= 9
    for block_bytes in (1, 3000, 10**9):
        assert tk.tangent_kernel(W, a, X, block_bytes=block_bytes) == pytest.approx(K, abs=1e-13)
        assert tk.tangent_kernel(W, a, X, X, block_bytes=block_bytes) == pytest.approx(K, abs=1e-13)


def test_infinite_width_is_the_mean_over_weights() -> None:
    X = sphere(5, 3, 6) * np.array([[1.0], [1.0], [2.0], [0.5], [1.0]])
    W, a = student(400_000, 3, 7)
    limit = tk.infinite_width_kernel(X)
    groups = np.array([tk.tangent_kernel(W[i::40], a[i::40], X) for i in range(40)])
    standard_error = groups.std(axis=0, ddof=1) / math.sqrt(40)
    assert np.all(np.abs(groups.mean(axis=0) - limit) < 4.5 * standard_error)
    assert tk.infinite_width_kernel(X, X[:2]) == pytest.approx(limit[:, :2], abs=1e-12)


def test_infinite_width_at_known_angles() -> None:
    X = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    assert tk.infinite_width_kernel(X)[0] == pytest.approx([1.0, 1 / (2 * math.pi), 0.0], abs=1e-15)


def test_measures_by_hand() -> None:
    K0, K = tk.infinite_width_kernel(sphere(8, 3, 8)), tk.infinite_width_kernel(sphere(8, 3, 9))
    y = np.random.default_rng(10).normal(size=8)
    assert tk.relative_change(K0, K) == pytest.approx(math.sqrt(((K - K0) ** 2).sum() / (K0**2).sum()), rel=1e-12)
    target = cosine_similarity(K.reshape(1, -1), np.outer(y, y).reshape(1, -1))[0, 0]
    assert tk.alignment(K, y) == pytest.approx(target, rel=1e-12)
    assert tk.alignment(np.outer(y, y), y) == pytest.approx(1.0)


def test_memory_estimate_covers_what_is_allocated() -> None:
    import tracemalloc

    W, a = student(300, 10, 11)
    X = sphere(700, 10, 12)
    for block_bytes in (2**18, 2**28):
        tracemalloc.start()
        tk.tangent_kernel(W, a, X, block_bytes=block_bytes)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak <= tk.memory_estimate(700, 700, 300, block_bytes) <= 4 * peak


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda W, a, X: tk.tangent_kernel(W, a, X, limit=1000), "needs"),
        (lambda W, a, X: tk.tangent_kernel(W, a[1:], X), "W must be"),
        (lambda W, a, X: tk.tangent_kernel(W, a, X[:, 1:]), "features"),
        (lambda W, a, X: tk.tangent_kernel(W, a * np.nan, X), "finite"),
        (lambda W, a, X: tk.infinite_width_kernel(0 * X), "norm of a point"),
        (lambda W, a, X: tk.relative_change(0 * W, W), "norm at the start"),
        (lambda W, a, X: tk.relative_change(W, W[1:]), "one shape"),
        (lambda W, a, X: tk.alignment(np.eye(5), np.zeros(5)), "y"),
    ],
)
def test_refuses_what_has_no_kernel(call: object, word: str) -> None:
    W, a = student(4, 3, 13)
    with pytest.raises(ProblemError, match=word):
        call(W, a, sphere(5, 3, 14))  # type: ignore[operator]
