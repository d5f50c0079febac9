"""Sums of a few rows of a table for each of many places, plain and weighted, and what their gradients need: rows are read, not multiplied.

A sum of 8 rows of 512 numbers costs a tenth of the product with a matrix of 128 rows that gives the same (measured).
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.phenomena.grokking.pair_network import rows_of_all


class RowSums:
    """Which rows of its member's table each place sums up.

    Letters: R rows of a member's table, b places, c rows a place. Sums are ordered, so that they do not differ between runs, on a GPU too.

    Args:
        rows: (members, b, c) in 0..R-1.
        count: R.
    """

    def __init__(self, rows: Tensor, count: int) -> None:
        members, places, each = rows.shape
        self._shape, self._count, device = (members, places, each), count, rows.device
        self._rows = rows_of_all(rows, count).reshape(-1, each)  # (members b, c)
        flat = self._rows.flatten()
        self._order = flat.argsort(stable=True)
        self._users = self._order // each  # the place of each entry, row by row
        self._starts = torch.searchsorted(flat[self._order], torch.arange(members * count, device=device))
        self._place = torch.arange(members * places, device=device).repeat_interleave(each)
        self._firsts = torch.arange(0, flat.numel(), each, device=device)

    def taken(self, numbers: Tensor) -> Tensor:
        """Return the numbers of a place's rows, (members, b, c), for one number a row, (members, R) in any shape."""
        return numbers.flatten().index_select(0, self._rows.flatten()).view(self._shape)

    def gathered(self, values: Tensor) -> Tensor:
        """Return for each row the sum of what places have for it, (members, R), the transpose of `taken`; values: (members, b, c)."""
        found = torch.nn.functional.embedding_bag(self._order, values.reshape(-1, 1), self._starts, mode="sum")
        return found.view(self._shape[0], self._count)

    def summed(self, table: Tensor) -> Tensor:
        """Return each place's sum of its rows, (members, b, n); table: (members, R, n)."""
        return torch.nn.functional.embedding_bag(self._rows, table.flatten(0, 1), mode="sum").view(*self._shape[:2], -1)

    def users_summed(self, values: Tensor) -> Tensor:
        """Return for each row the sum over the places that use it, (members, R, n): the gradient of `summed`; values: (members, b, n)."""
        found = torch.nn.functional.embedding_bag(self._users, values.flatten(0, 1), self._starts, mode="sum")
        return found.view(self._shape[0], self._count, -1)

    def weighted(self, table: Tensor, weights: Tensor) -> Tensor:
        """Return each place's weighted sum of its rows, (members, b, n); table: (members, R, n), weights: (members, b, c)."""
        flat = weights.reshape(self._rows.shape)
        found = torch.nn.functional.embedding_bag(self._rows, table.flatten(0, 1), mode="sum", per_sample_weights=flat)
        return found.view(*self._shape[:2], -1)

    def spread(self, values: Tensor, weights: Tensor) -> Tensor:
        """Return for each row the weighted sum over the places that use it, (members, R, n): the gradient of `weighted` in the table.

        values: (members, b, n), the gradient in the sums.
        """
        flat = weights.flatten().index_select(0, self._order)
        places = values.flatten(0, 1)
        found = torch.nn.functional.embedding_bag(self._users, places, self._starts, mode="sum", per_sample_weights=flat)
        return found.view(self._shape[0], self._count, -1)

    def dots(self, values: Tensor, table: Tensor) -> Tensor:
        """Return each place's products with its rows, (members, b, c): the gradient of `weighted` in the weights."""
        found: Tensor = torch.ops.aten._embedding_bag_per_sample_weights_backward(
            values.flatten(0, 1), table.flatten(0, 1), self._rows.flatten(), self._firsts, self._place, 0
        )
        return found.view(self._shape)
