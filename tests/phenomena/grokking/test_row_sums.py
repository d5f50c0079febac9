"""Weighted sums of rows against loops and autograd."""

import numpy as np
import pytest
import torch

from engine.phenomena.grokking.row_sums import RowSums

MEMBERS, PLACES, EACH, COUNT, WIDE = 2, 9, 3, 5, 4


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    rows = torch.from_numpy(rng.integers(0, COUNT - 1, (MEMBERS, PLACES, EACH)))  # no place uses the last row
    table, weights, up = (torch.from_numpy(rng.standard_normal(shape)) for shape in SHAPES)
    return rows, table, weights, up


SHAPES = ((MEMBERS, COUNT, WIDE), (MEMBERS, PLACES, EACH), (MEMBERS, PLACES, WIDE))


def by_loops(rows, table, weights):
    places = [(m, i) for m in range(MEMBERS) for i in range(PLACES)]
    found = [sum(weights[m, i, c] * table[m, rows[m, i, c]] for c in range(EACH)) for m, i in places]
    return torch.stack(found).view(MEMBERS, PLACES, WIDE)


def test_sums_and_their_gradients(problem):
    rows, table, weights, up = problem
    sums = RowSums(rows, COUNT)
    table.requires_grad_(), weights.requires_grad_()
    expected = by_loops(rows, table, weights)
    expected.backward(up)
    table_grad, weights_grad = table.grad, weights.grad
    table, weights = table.detach(), weights.detach()
    torch.testing.assert_close(sums.weighted(table, weights), expected.detach())
    torch.testing.assert_close(sums.spread(up, weights), table_grad)
    torch.testing.assert_close(sums.dots(up, table), weights_grad)


def test_numbers_are_taken_and_gathered(problem):
    rows, table, weights, _ = problem
    sums, numbers = RowSums(rows, COUNT), table[..., 0]
    taken, gathered = sums.taken(numbers), torch.zeros(MEMBERS, COUNT, dtype=torch.float64)
    for m, i, c in np.ndindex(MEMBERS, PLACES, EACH):
        assert taken[m, i, c] == numbers[m, rows[m, i, c]]
        gathered[m, rows[m, i, c]] += weights[m, i, c]
    torch.testing.assert_close(sums.gathered(weights), gathered)
