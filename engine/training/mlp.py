"""Many multilayer perceptrons at once: every layer is one batched matrix product over the leading member axis.

Forward and backward are written out by hand into preallocated buffers, because at small widths autograd's bookkeeping
costs more than the products.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import torch
from torch import Tensor

from engine.training.activations import ACTIVATIONS, Name
from engine.training.network import EnsembleNetwork


class MLP(EnsembleNetwork):
    """Perceptrons with layers between consecutive `sizes`, weights (members, fan_in, fan_out), biases (members, 1, fan_out).

    Members of smaller width are padded: units whose weights and bias are zero stay zero, for every activation offered.
    """

    def __init__(self, sizes: Sequence[int], members: int, dtype: torch.dtype, device: str = "cpu", activation: Name = "relu") -> None:
        self.sizes = tuple(sizes)
        self.activation = ACTIVATIONS[activation]
        self._workspace: tuple[int, int] = (0, 0)
        layers = list(zip(self.sizes[:-1], self.sizes[1:], strict=True))
        super().__init__([shape for a, b in layers for shape in ((a, b), (1, b))], members, dtype, device)

    @property
    def alike(self) -> Hashable:
        """What networks have in common whose members can stand side by side in one of them."""
        return super().alike, self.sizes, self.activation

    def _forget(self) -> None:
        self._workspace = (0, 0)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (members, k, batch); keeps x (members, batch, d) until `backward`."""
        self._prepare(x.shape[1])
        self.inputs[0] = x
        *hidden, last = range(len(self.pre))
        for layer in hidden:
            z = self.pre[layer]
            torch.baddbmm(self.blocks[2 * layer + 1], self.inputs[layer], self.blocks[2 * layer], out=z)
            self.activation.apply(z, self.inputs[layer + 1])
        weight, bias, h = self.blocks[2 * last], self.blocks[2 * last + 1], self.inputs[last]
        return torch.baddbmm(bias.transpose(1, 2), weight.transpose(1, 2), h.transpose(1, 2), out=self.pre[last])

    def backward(self, delta: Tensor, keep: float = 0.0) -> None:
        """Set `gradient` to `keep * gradient + g` for the logits' gradient delta (members, k, batch)."""
        self._last_weights(delta, keep)
        delta = delta.transpose(1, 2)  # (members, batch, fan_out) from here on
        last = len(self.pre) - 1
        for layer in reversed(range(len(self.pre))):
            weight, bias = self.gradient_blocks[2 * layer], self.gradient_blocks[2 * layer + 1]
            if layer < last:
                torch.baddbmm(weight, self.inputs[layer].transpose(1, 2), delta, beta=keep, out=weight)
            torch.baddbmm(bias, self.ones, delta, beta=keep, out=bias)
            if layer:
                torch.bmm(delta, self.blocks[2 * layer].transpose(1, 2), out=self.back[layer])
                delta = self.back[layer]
                self.activation.derive(delta, self.pre[layer - 1], self.inputs[layer])

    def _last_weights(self, delta: Tensor, keep: float) -> None:
        """Add the gradient of the last layer's weights, multiplied as its transpose.

        A product of two transposed factors with few columns takes up to ten times as long (measured: n = h = 500, 10 classes).
        """
        weight = self.gradient_blocks[-2]
        torch.bmm(delta, self.inputs[-1], out=self.turned)
        if keep:
            weight.mul_(keep).add_(self.turned.transpose(1, 2))
        else:
            weight.copy_(self.turned.transpose(1, 2))

    def predict(self, member: int, x: Tensor) -> Tensor:
        """Return one member's logits (k, n)."""
        *hidden, last = range(len(self.sizes) - 1)
        for layer in hidden:
            z = torch.addmm(self.blocks[2 * layer + 1][member], x, self.blocks[2 * layer][member])
            x = z if self.activation.in_place else torch.empty_like(z)
            self.activation.apply(z, x)
        return torch.addmm(self.blocks[2 * last + 1][member].T, self.blocks[2 * last][member].T, x.T)

    def _prepare(self, batch: int) -> None:
        """Allocate the buffers of a step; they are used again while members and batch stay."""
        if self._workspace == (self.members, batch):
            return
        self._workspace = (self.members, batch)
        *hidden, k = self.sizes[1:]
        self.pre: list[Tensor] = [self.flat.new_empty(self.members, batch, width) for width in hidden]
        self.pre.append(self.flat.new_empty(self.members, k, batch))
        shared = self.activation.in_place
        self.inputs: list[Tensor] = [self.flat, *(z if shared else z.new_empty(z.shape) for z in self.pre[:-1])]
        self.back: list[Tensor] = [self.flat, *(self.flat.new_empty(self.members, batch, width) for width in hidden)]
        self.turned: Tensor = self.flat.new_empty(self.members, k, self.sizes[-2])  # the last weights' gradient, transposed
        self.ones: Tensor = self.flat.new_ones(self.members, 1, batch)
