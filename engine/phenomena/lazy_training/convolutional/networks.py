"""Convolutional networks less what they are at their first weights, `h(w) = f(w) - f(w0)`, and their linearisation `Df(w0)(w - w0)`.

Chizat, Oyallon, Bach 2019, arXiv:1812.07956: a frozen copy is taken off, so that training starts from zero. First weights are normal of
variance `gain^2 2/(fan_in + fan_out)` (Glorot, Bengio 2010), biases are 0, and nothing is normalised, as in the paper's code.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.networks.convolutional import vgg11
from engine.networks.network import ModuleMembers
from engine.networks.residual import resnet18
from engine.phenomena.lazy_training.convolutional.size import first_channels
from engine.training.initialise import Draw


def make_module(architecture: str, classes: int, colours: int, channels: float) -> nn.Module:
    """Return VGG-11 or ResNet18 without normalisation, `channels` times as wide as published."""
    if architecture == "vgg11":
        return vgg11(classes, colours, channels, batch_norm=False)
    return resnet18(classes, colours, first_channels(channels), batch_norm=False)


def glorot_normal(module: nn.Module, gain: float, rng: np.random.Generator) -> Draw:
    """Draw first weights, in the order and shape of `module.parameters()`; biases are 0."""
    return [_drawn(tuple(parameter.shape), gain, rng) for parameter in module.parameters()]


def _drawn(shape: tuple[int, ...], gain: float, rng: np.random.Generator) -> NDArray[np.float64]:
    if len(shape) == 1:
        return np.zeros(shape)
    fans = (shape[0] + shape[1]) * math.prod(shape[2:])
    return gain * math.sqrt(2 / fans) * rng.standard_normal(shape)


class Linearisation:
    """A network at its first weights on one batch of images: what it computes, its derivative along a movement, and that transposed.

    The derivative is that of the transposed one by what is pulled back, since torch's own forward mode is slow to import.
    """

    def __init__(self, first: nn.Module, seen: Tensor) -> None:
        self._weights = list(first.parameters())
        with torch.enable_grad():
            self.outputs: Tensor = first(seen)
            self._given = torch.zeros_like(self.outputs, requires_grad=True)
            self._pulled = torch.autograd.grad((self.outputs * self._given).sum(), self._weights, create_graph=True)

    def along(self, moved: Sequence[Tensor]) -> Tensor:
        """Return the outputs' derivative along a movement of the weights, (batch, k)."""
        with torch.enable_grad():
            product = torch.stack([(one * way).sum() for one, way in zip(self._pulled, moved, strict=True)]).sum()
        return torch.autograd.grad(product, self._given, retain_graph=True)[0]

    def back(self, delta: Tensor) -> Sequence[Tensor]:
        """Return the gradient in the weights for one in the outputs (batch, k)."""
        with torch.enable_grad():
            product = (self.outputs * delta).sum()
        return torch.autograd.grad(product, self._weights, retain_graph=True)


@dataclass(frozen=True)
class Seen:
    """Images as a network takes them, its outputs (batch, k) at the first weights, and the linearisation there if any member is one."""

    images: Tensor
    start: Tensor
    linearisation: Linearisation | None


class CentredMembers(ModuleMembers):
    """Members that all begin at the same weights and see the same batches.

    linear: (members,) which are the linearised model; chunk: images that are scored at once; first: the network at the first weights.
    """

    def __init__(
        self, module: nn.Module, linear: Sequence[bool], view: Callable[[Tensor], Tensor], dtype: torch.dtype, device: str, chunk: int
    ) -> None:  # fmt: skip
        super().__init__(module, len(linear), view, dtype, device)
        self.linear, self.chunk = list(linear), chunk
        self.first = copy.deepcopy(self.modules[0])
        self._x = torch.empty(0)

    def begin(self, drawn: Draw) -> None:
        """Let every member begin at these weights."""
        for member in range(self.members):
            self.load(member, drawn)
        for kept, given in zip(self.first.parameters(), self.modules[0].parameters(), strict=True):
            kept.data, kept.grad = given.data.clone(), None

    def keep(self, members: Sequence[int]) -> None:
        """Go on with these members only."""
        self.linear = [self.linear[member] for member in members]
        super().keep(members)

    def forward(self, x: Tensor) -> Tensor:
        """Return outputs (members, k, batch) for rows (members, batch, d), the same for every member."""
        self._x = x
        with torch.no_grad():
            seen = self._see(x[0])
            return torch.stack([self._output(member, seen).T for member in range(self.members)])

    def backward(self, delta: Tensor, keep: float = 0.0) -> None:
        """Set `gradient` to `keep * gradient + g`."""
        self.differentiate(self._x, lambda member, outputs: delta[member], keep)

    def differentiate(self, x: Tensor, delta: Callable[[int, Tensor], Tensor], keep: float = 0.0) -> Tensor:
        """Set `gradient` to `keep * gradient + g`, and return the outputs (members, k, batch).

        The members come in turn, so that what layers make of a batch is held of one of them at a time. x: as `forward` takes it;
        delta: from a member and its outputs (k, batch) to the gradient in them.
        """
        self.gradient.mul_(keep)
        seen, found = self._see(x[0]), []
        for member, module in enumerate(self.modules):
            with torch.enable_grad():
                outputs = self._output(member, seen)
            found.append(outputs.detach().T)
            given = delta(member, found[-1]).T
            if seen.linearisation is not None and self.linear[member]:
                for parameter, gradient in zip(module.parameters(), seen.linearisation.back(given), strict=True):
                    assert parameter.grad is not None  # a view of the gradient buffer
                    parameter.grad.add_(gradient)
            else:
                (outputs * given).sum().backward()  # type: ignore[no-untyped-call]
        return torch.stack(found)

    def predict(self, member: int, x: Tensor) -> Tensor:
        """Return one member's outputs (k, n) for rows (n, d)."""
        with torch.no_grad():
            found = [self._output(member, self._see(rows)) for rows in torch.split(x, self.chunk)]
        return torch.cat(found).T.contiguous()

    def scores(self, x: Tensor, labels: Tensor) -> Iterator[Tensor]:
        """Yield, chunk by chunk of rows (n, d), right answers and kept ReLUs (2, members): how many, and shares times the chunk's images.

        A ReLU is kept where it is open or shut as it was at the first weights; the share is a mean over layers, so that large ones do
        not outweigh the others. The linearised model's are those of the first weights.
        """
        for rows, right in zip(torch.split(x, self.chunk), torch.split(labels, self.chunk), strict=True):
            with torch.no_grad():
                with relu_patterns(self.first) as before:
                    seen = self._see(rows)
                found = []
                for member in range(self.members):
                    with relu_patterns(self.modules[member]) as after:
                        outputs = self._output(member, seen)
                    found.append(torch.stack([(outputs.argmax(1) == right).sum().double(), _kept(before, after, right) * len(right)]))
            yield torch.stack(found, dim=1)

    def _see(self, rows: Tensor) -> Seen:
        """Look at rows (batch, d) with the first weights."""
        shown = self._view(rows)
        if any(self.linear):
            linearisation = Linearisation(self.first, shown)
            return Seen(shown, linearisation.outputs.detach(), linearisation)
        with torch.no_grad():
            return Seen(shown, self.first(shown), None)

    def _output(self, member: int, seen: Seen) -> Tensor:
        """Return outputs (batch, k) of images."""
        module = self.modules[member]
        if seen.linearisation is not None and self.linear[member]:
            pairs = zip(module.parameters(), self.first.parameters(), strict=True)
            return seen.linearisation.along([now.data - first.data for now, first in pairs])
        outputs: Tensor = module(seen.images) - seen.start
        return outputs

    def moved(self) -> Tensor:
        """Return |w - w0|/|w0|, (members,)."""
        firsts = [parameter.data for parameter in self.first.parameters()]
        length = torch.stack([first.square().sum() for first in firsts]).sum()
        ways = [
            torch.stack([(now.data - first).square().sum() for now, first in zip(module.parameters(), firsts, strict=True)]).sum()
            for module in self.modules
        ]
        return (torch.stack(ways) / length).sqrt()


def _kept(before: Sequence[Tensor], after: Sequence[Tensor], like: Tensor) -> Tensor:
    """Return the share of ReLUs that are as before, a mean over layers; all of them where none was seen."""
    if not after:
        return torch.ones((), dtype=torch.float64, device=like.device)
    return torch.stack([(old == new).double().mean() for old, new in zip(before, after, strict=True)]).mean()


@contextmanager
def relu_patterns(module: nn.Module) -> Iterator[list[Tensor]]:
    """Collect, layer by layer, which ReLUs are open in a forward pass."""
    found: list[Tensor] = []

    def look(layer: nn.Module, given: tuple[Tensor, ...], made: Tensor) -> None:
        found.append(made > 0)

    hooks = [layer.register_forward_hook(look) for layer in module.modules() if isinstance(layer, nn.ReLU)]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()
