"""Outputs and gradient of the two-layer decoder of Power et al. 2022 (arXiv:2201.02177) by hand: what `Decoder` computes, without a graph.

Rows of tokens are computed once and looked up, as in `Decoder`. Every block sees a table of rows x (r, d): the first one a row for every
a, "op", every b and "=", the later ones "a op" for every a, then all "b" and all "=". Products of all rows are taken at once, gradients
of weights are written where they belong, and what is not needed again is overwritten: fewer passes over memory than autograd makes.

Letters: p answers, d the width, h heads of width e, B pairs; n sequences of s tokens, the last t of which look back; r rows of a table,
q of them whose tokens go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

PER_BLOCK = 8  # parameters: mixed, joined, up, down, and weight and bias of two normalisations
EPSILON = 1e-5  # of a normalisation, PyTorch's


@dataclass(frozen=True)
class Layout:
    """Which rows of a block's table make up its sequences.

    start: (2, p) "a op" for every a; (0, p) in the last block, which has no use for them; end: (4, B) "a op b =" for every pair; rows: how
    many there are.
    """

    start: Tensor
    end: Tensor
    rows: int

    @property
    def asking(self) -> Tensor:
        """Rows whose tokens go on, (q,): "a op" for every a, then "b =" for every pair; in the last block "=" alone."""
        return torch.cat([self.start.flatten(), self.end[2 if len(self.start) else 3 :].flatten()])

    @property
    def sequences(self) -> list[tuple[Tensor, slice]]:
        """Sequences (s, n), and where in `asking` the tokens are that look back."""
        begin = self.start.numel()
        end = (self.end, slice(begin, None))
        return [(self.start, slice(begin)), end] if begin else [end]


def layouts(pairs: Tensor, p: int, layers: int) -> list[Layout]:
    """Return every block's layout for pairs (B, 2)."""
    a, b = pairs.long().unbind(1)
    every, pair = (torch.arange(count, device=pairs.device) for count in (p, len(a)))
    op, equals = torch.full_like(every, p), torch.full_like(a, 2 * p + 1)
    found = [Layout(torch.stack([every, op]), torch.stack([a, torch.full_like(a, p), p + 1 + b, equals]), 2 * p + 2)]
    if layers > 1:
        start, end = torch.stack([every, p + every]), torch.stack([a, p + a, 2 * p + pair, 2 * p + len(a) + pair])
        found += [Layout(start, end, 2 * p + 2 * len(a))] * (layers - 1)
    return [*found[:-1], replace(found[-1], start=every.new_empty(0, p))]


class Derivative:
    """One member's outputs for a batch, and how to go back.

    Args:
        weights: in the order of `Decoder`'s parameters.
        positions: (4, d).
        heads: of the blocks.
        pairs: (B, 2).
    """

    def __init__(self, weights: Sequence[Tensor], positions: Tensor, heads: int, pairs: Tensor) -> None:
        table, *inner, self._answer = weights
        p, at, blocks = len(self._answer), positions, _by_block(inner)
        x = torch.cat([table[:p] + at[0], table[p : p + 1] + at[1], table[:p] + at[2], table[p + 1 :] + at[3]])
        self._blocks: list[_Block] = []
        for block, layout in zip(blocks, layouts(pairs, p, len(blocks)), strict=True):
            self._blocks.append(_Block(block, layout, heads, x))
            x = self._blocks[-1].outputs
        self._last = x  # (B, d)
        self.outputs = torch.mm(self._answer, x.T)  # (p, B)

    def back(self, delta: Tensor, gradients: Sequence[Tensor], keep: float) -> None:
        """Set every gradient to `keep * gradient + g` for the outputs' gradient delta (p, B)."""
        table, *inner, answer = gradients
        _add_product(answer, delta, self._last, keep)
        back = torch.mm(delta.T, self._answer)
        for block, its in zip(reversed(self._blocks), reversed(_by_block(inner)), strict=True):
            back = block.back(back, its, keep)
        p = len(answer)
        first, operation, second, equals = torch.split(back, [p, 1, p, 1])
        _set(table, torch.cat([first + second, operation, equals]), keep)


class _Block:
    """One block's outputs (q, d) for a table of rows x (r, d): of the tokens that go on, in the order of `Layout.asking`."""

    def __init__(self, weights: Sequence[Tensor], layout: Layout, heads: int, x: Tensor) -> None:
        self._weights, self._rows, self._asking, self._x = weights, layout.rows, layout.asking, x
        mixed, joined, up, down, weight1, bias1, weight2, bias2 = weights
        query, key, value = (torch.mm(x, part.T) for part in torch.chunk(mixed, 3))
        query, self._seen = query.index_select(0, self._asking), x.new_empty(len(self._asking), x.shape[1])
        self._attentions = []
        for tokens, own in layout.sequences:
            asked, out = (item[own].view(-1, tokens.shape[1], heads, x.shape[1] // heads) for item in (query, self._seen))
            k, v = (item.index_select(0, tokens.flatten()).view(len(tokens), *asked.shape[1:]) for item in (key, value))
            self._attentions.append((_Attention(asked, k, v, out), tokens, own))
        self._normal1 = _Normalised(torch.addmm(x.index_select(0, self._asking), self._seen, joined.T), weight1, bias1)
        self._hidden = torch.mm(self._normal1.outputs, up.T).clamp_(min=0)
        self._normal2 = _Normalised(torch.addmm(self._normal1.outputs, self._hidden, down.T), weight2, bias2)
        self.outputs = self._normal2.outputs

    def back(self, back: Tensor, gradients: Sequence[Tensor], keep: float) -> Tensor:
        """Return the gradient in x (r, d) for one in the outputs, and set those in the weights to `keep * gradient + g`."""
        mixed, joined, up, down, *scales = gradients
        of_mixed, of_joined, of_up, of_down = self._weights[:4]
        back = self._normal2.back(back, scales[2:], keep)
        hidden = torch.mm(back, of_down)
        _add_product(down, back.T, self._hidden, keep)
        torch.ops.aten.threshold_backward.grad_input(hidden, self._hidden, 0, grad_input=hidden)
        _add_product(up, hidden.T, self._normal1.outputs, keep)
        back = self._normal1.back(back.addmm_(hidden, of_up), scales[:2], keep)
        _add_product(joined, back.T, self._seen, keep)
        of_x = _gathered(back, self._asking, self._rows)
        parts = self._back_to_rows(torch.mm(back, of_joined))
        for gradient, weight, part in zip(torch.chunk(mixed, 3), torch.chunk(of_mixed, 3), parts, strict=True):
            _add_product(gradient, part.T, self._x, keep)
            of_x.addmm_(part, weight)
        return of_x

    def _back_to_rows(self, seen: Tensor) -> list[Tensor]:
        """Return the gradients in every row's query, key and value, (r, d) each, for one in what was seen (q, d)."""
        query = torch.empty_like(seen)
        found: list[Tensor] = []
        for attention, tokens, own in self._attentions:
            both = attention.back(*(item[own].view_as(attention.query) for item in (seen, query)))
            parts = [_gathered(part.view(-1, seen.shape[1]), tokens, self._rows) for part in both]
            found = [a.add_(b) for a, b in zip(parts, found, strict=True)] if found else parts
        return [_gathered(query, self._asking, self._rows), *found]


class _Attention:
    """What the last t of s tokens see of those up to themselves, written to out (t, n, h, e).

    query: (t, n, h, e); key, value: (s, n, h, e). So few tokens make products too small for a matrix library: they are multiplied and
    added number by number.
    """

    def __init__(self, query: Tensor, key: Tensor, value: Tensor, out: Tensor) -> None:
        self.query, self._key, self._value = query, key, value
        self._scale = query.shape[3] ** -0.5
        self._weights = []
        for place, until in self._places():
            scores = (query[place] * key[:until]).sum(3, keepdim=True)  # (until, n, h, 1)
            weights = torch.softmax(scores.mul_(self._scale), dim=0)
            _weighted_sum(weights, value, out[place])
            self._weights.append(weights)

    def back(self, seen: Tensor, of_query: Tensor) -> tuple[Tensor, Tensor]:
        """Return the gradients in key and value for one in what was seen (t, n, h, e); that in the query is written to of_query."""
        of_key, of_value = torch.empty_like(self._key), torch.empty_like(self._value)
        for place, until in reversed(self._places()):
            weights, given, query = self._weights[place], seen[place], self.query[place]
            change = (given * self._value[:until]).sum(3, keepdim=True)
            change.sub_((change * weights).sum(0)).mul_(weights).mul_(self._scale)
            _weighted_sum(change, self._key, of_query[place])
            if place == len(seen) - 1:  # the last token sees all of them
                torch.mul(weights, given, out=of_value)
                torch.mul(change, query, out=of_key)
            else:
                of_value[:until].addcmul_(weights, given)
                of_key[:until].addcmul_(change, query)
        return of_key, of_value

    def _places(self) -> list[tuple[int, int]]:
        """Who asks, and how many tokens it sees."""
        t, s = len(self.query), len(self._key)
        return [(place, s - t + place + 1) for place in range(t)]


class _Normalised:
    """Rows (q, d) less their mean, over their deviation, times weight plus bias."""

    def __init__(self, x: Tensor, weight: Tensor, bias: Tensor) -> None:
        self._x, self._weight, self._bias = x, weight, bias
        self.outputs, self._mean, self._rate = torch.native_layer_norm(x, x.shape[1:], weight, bias, EPSILON)

    def back(self, back: Tensor, gradients: Sequence[Tensor], keep: float) -> Tensor:
        """Return the gradient in x for one in the outputs; those of weight and bias become `keep * gradient + g`."""
        found = torch.ops.aten.native_layer_norm_backward(
            back, self._x, self._x.shape[1:], self._mean, self._rate, self._weight, self._bias, [True, True, True]
        )
        for gradient, own in zip(gradients, found[1:], strict=True):
            _set(gradient, own, keep)
        of_x: Tensor = found[0]
        return of_x


def _weighted_sum(weights: Tensor, tokens: Tensor, out: Tensor) -> None:
    """Write the sum of weights (s, n, h, 1) times the first s tokens (n, h, e) each to out (n, h, e), without room for the products."""
    torch.mul(weights[0], tokens[0], out=out)
    for weight, token in zip(weights[1:], tokens[1:], strict=False):
        out.addcmul_(weight, token)


def _set(gradient: Tensor, found: Tensor, keep: float) -> None:
    if keep:
        gradient.mul_(keep)
        gradient.add_(found)
    else:
        gradient.copy_(found)


def _add_product(gradient: Tensor, left: Tensor, right: Tensor, keep: float) -> None:
    torch.addmm(gradient, left, right, beta=keep, out=gradient)


def _by_block(inner: Sequence[Tensor]) -> list[Sequence[Tensor]]:
    return [inner[begin : begin + PER_BLOCK] for begin in range(0, len(inner), PER_BLOCK)]


def _gathered(values: Tensor, rows: Tensor, count: int) -> Tensor:
    """Return for each of so many rows the sum of the values (len(rows), ...) that were looked up there; ordered on a GPU too."""
    found: Tensor = torch.ops.aten.embedding_dense_backward(values, rows.flatten(), count, -1, False)
    return found
