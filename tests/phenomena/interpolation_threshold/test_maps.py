"""Maps over (n, d) against cell-by-cell least squares, the perceptron, and Cover's formula summed by hand."""

import math

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.phenomena.interpolation_threshold.maps import separability_edge, separability_map, train_error_map

ROWS, COLUMNS = [2, 5, 9, 12], [1, 4, 9, 10, 12, 15]


def _brute(X, noise):
    table = np.zeros((len(ROWS), len(COLUMNS)))
    for i, n in enumerate(ROWS):
        for j, d in enumerate(COLUMNS):
            fitted = X[:n, :d] @ np.linalg.pinv(X[:n, :d]) @ noise[:n]
            table[i, j] = np.mean((noise[:n] - fitted) ** 2)
    return table


def test_training_error_of_noise_cell_by_cell():
    rng = np.random.default_rng(0)
    X, noise = rng.standard_normal((12, 15)), rng.standard_normal(12)
    found = train_error_map(X, noise, ROWS, COLUMNS)
    np.testing.assert_allclose(found, _brute(X, noise), atol=1e-13)
    assert (found == 0).tolist() == [[d >= n for d in COLUMNS] for n in ROWS]


def test_training_error_with_dependent_columns():
    rng = np.random.default_rng(1)
    X, noise = rng.choice([-1.0, 1.0], (12, 15)), rng.standard_normal(12)
    X[:, 1] = X[:, 0]
    np.testing.assert_allclose(train_error_map(X, noise, ROWS, COLUMNS), _brute(X, noise), atol=1e-13)


def _perceptron_separates(z, passes=20000):
    w = np.zeros(z.shape[1])
    for _ in range(passes):
        wrong = np.flatnonzero(z @ w <= 0)
        if not wrong.size:
            return True
        w += z[wrong[0]] / np.linalg.norm(z[wrong[0]])
    return False


def test_the_staircase_ends_where_the_perceptron_does():
    z = np.random.default_rng(2).standard_normal((12, 12))
    rows, columns = [1, 3, 6, 9, 12], [1, 2, 3, 4, 5, 6, 8, 10, 12]
    edges = list(separability_edge(z, rows, columns))
    for n, edge in zip(rows, edges, strict=True):
        assert _perceptron_separates(z[:n, : columns[edge]])
        assert edge == 0 or not _perceptron_separates(z[:n, : columns[edge - 1]], 5000)


def test_no_separating_width_is_said_by_the_number_of_columns():
    z = np.random.default_rng(3).standard_normal((40, 4))
    assert list(separability_edge(z, [2, 40], [2, 3, 4])) == [0, 3]


def test_cover_by_hand():
    expected = [[sum(math.comb(n - 1, k) for k in range(d)) * 2.0 ** (1 - n) for d in (1, 3, 5)] for n in (3, 6, 10)]
    np.testing.assert_allclose(separability_map([3, 6, 10], [1, 3, 5]), expected, rtol=1e-10)


@pytest.mark.parametrize(
    ("rows", "columns", "words"),
    [([3, 2], [1], "samples must ascend"), ([13], [1], "samples must lie in 1..12, got 13"), ([3], [0], "features must lie in 1..15")],
)
def test_bad_sizes_are_a_sentence(rows, columns, words):
    with pytest.raises(ProblemError, match=words):
        train_error_map(np.ones((12, 15)), np.ones(12), rows, columns)
