"""The order of columns against numpy's rank of every prefix."""

import numpy as np

from engine.theory.linear_models.column_order import independent_first


def test_the_first_columns_have_full_rank_and_constant_ones_are_left_out():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((6, 12))
    X[:, 2] = X[:, 0] - 2 * X[:, 1]
    X[:, 4] = 3.0
    X[:, 7] = X[:, 5]
    order = independent_first(X, np.arange(12))
    assert sorted(order) == [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11]
    assert [np.linalg.matrix_rank(X[:, order[:d]]) for d in range(1, 12)] == [1, 2, 3, 4, 5, 6, 6, 6, 6, 6, 6]
    assert order[:6].tolist() == [0, 1, 3, 5, 6, 8]


def test_the_given_order_is_kept():
    X = np.random.default_rng(1).standard_normal((3, 5))
    assert independent_first(X, [4, 2, 0, 1, 3]).tolist() == [4, 2, 0, 1, 3]


def test_fewer_independent_columns_than_rows():
    X = np.outer(np.arange(1.0, 6.0), np.ones(3))
    assert independent_first(X, [0, 1, 2]).tolist() == [0, 1, 2]
