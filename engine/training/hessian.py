"""Products of the Hessian with directions, for many multilayer perceptrons at once and the squared loss, written out by hand.

The R-operator of Pearlmutter 1994: every quantity of the forward and the backward pass is differentiated along the direction. What does
not depend on the direction is computed once for all products at the same weights.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.training.mlp import MLP


class SquaredLossHessian:
    """The Hessians of `mean_i sum_k (f_ik - t_ik)^2 / 2` at the network's present weights, which may change only after the last product.

    Letters: W_l and b_l of layer l, h_l its inputs, z_l what it puts out, delta_l the loss's gradient in z_l.

    Args:
        network: a perceptron whose activation has a second derivative.
        x: (members, n, d) inputs; targets: (members, k, n).

    Attributes:
        loss: (members,) at these weights.
    """

    def __init__(self, network: MLP, x: Tensor, targets: Tensor) -> None:
        self._layout, self._n = network.layout, x.shape[1]
        self._weights, biases = network.blocks[::2], network.blocks[1::2]
        self._inputs, self._firsts, self._seconds = [x], list[Tensor](), list[Tensor]()
        self._forward(network, biases)
        difference = torch.baddbmm(biases[-1], self._inputs[-1], self._weights[-1]) - targets.transpose(1, 2)  # (members, n, k)
        self.loss = 0.5 * difference.square().sum(dim=2).mean(dim=1)
        self._backward(difference / self._n)

    def _forward(self, network: MLP, biases: list[Tensor]) -> None:
        activation = network.activation
        if activation.derivatives is None:
            raise ValueError("this activation has no second derivative")
        for weight, bias in zip(self._weights[:-1], biases[:-1], strict=True):
            z = torch.baddbmm(bias, self._inputs[-1], weight)
            h = z if activation.in_place else torch.empty_like(z)
            activation.apply(z, h)
            first, second = activation.derivatives(z, h)
            self._inputs.append(h)
            self._firsts.append(first)
            self._seconds.append(second)

    def _backward(self, delta: Tensor) -> None:
        """Keep every delta, and in `_seconds` the gradient in h times the second derivative."""
        self._deltas = [delta]
        for layer in reversed(range(len(self._firsts))):
            back = torch.bmm(self._deltas[0], self._weights[layer + 1].transpose(1, 2))
            self._seconds[layer] *= back
            self._deltas.insert(0, back.mul_(self._firsts[layer]))

    def product(self, directions: Tensor) -> Tensor:
        """Return every member's Hessian times its direction; both (members, parameters)."""
        blocks = self._cut(directions)
        moved: list[Tensor] = []  # of h_l along the direction, from the second layer on
        steps: list[Tensor] = []  # of z_l
        for layer, weight in enumerate(self._weights):
            step = torch.baddbmm(blocks[2 * layer + 1], self._inputs[layer], blocks[2 * layer])
            if layer:
                moved.append(steps[-1] * self._firsts[layer - 1])
                step.baddbmm_(moved[-1], weight)
            steps.append(step)
        found = torch.empty_like(directions)
        turned = steps[-1] / self._n  # of delta_l
        for layer in reversed(range(len(self._weights))):
            of_weight, of_bias = self._slot(found, layer)
            of_weight.copy_(torch.bmm(self._inputs[layer].transpose(1, 2), turned))
            of_bias.copy_(turned.sum(dim=1, keepdim=True))
            if layer:
                of_weight += torch.bmm(moved[layer - 1].transpose(1, 2), self._deltas[layer])
                turned = torch.bmm(turned, self._weights[layer].transpose(1, 2))
                turned.baddbmm_(self._deltas[layer], blocks[2 * layer].transpose(1, 2))
                turned.mul_(self._firsts[layer - 1]).addcmul_(self._seconds[layer - 1], steps[layer - 1])
        return found

    def _cut(self, rows: Tensor) -> list[Tensor]:
        """Return views of (members, parameters) in the form of the layers' blocks."""
        sizes = [shape.numel() for shape in map(torch.Size, self._layout.shapes)]
        parts = torch.split(rows, sizes, dim=1)
        return [part.view(len(rows), *shape) for part, shape in zip(parts, self._layout.shapes, strict=True)]

    def _slot(self, rows: Tensor, layer: int) -> list[Tensor]:
        return self._cut(rows)[2 * layer : 2 * layer + 2]
