"""An ensemble of any `torch.nn.Module`: one functional copy of it, its parameters with a leading member axis, derivatives by `torch.func`.

It takes the place of the networks with hand-written derivatives (`MLP` and its like) under the same optimizers and the same
`Ensemble`, so that a new experiment is not bound to layers whose backward pass somebody wrote. What it costs beside them is
an entry of `genlab bench`.

    network = ModuleNetwork(nn.Sequential(nn.Linear(40, 32), nn.Tanh(), nn.Linear(32, 1)), members=8, dtype=torch.float64)
    network.load(member, drawn)             # a list of arrays in the order of `module.named_parameters()`
    SGD(network, rate=[.1] * 8)

Modules without state of their own only: buffers (batch norm's running means) are shared by all members and never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call, grad, vjp, vmap

from engine.training.network import EnsembleNetwork

PointLoss = Callable[[Tensor, Tensor], Tensor]
"""Outputs (batch, k) and targets (batch, k) of one member to its loss, a scalar."""


class ModuleNetwork(EnsembleNetwork):
    """Members that share the architecture of `module`, which maps (batch, ...) to (batch, k); its own weights are not used.

    Args:
        module: the architecture; its parameters' order is that of `load`, `layout` and `blocks`.
        members: how many.
        dtype, device: of the members' parameters.
    """

    def __init__(self, module: nn.Module, members: int, dtype: torch.dtype, device: str = "cpu") -> None:
        self.module = module.to(device=device, dtype=dtype)
        self.names = [name for name, _ in module.named_parameters()]
        self._pull: Callable[[Tensor], tuple[Tensor, ...]] | None = None
        super().__init__([tuple(parameter.shape) for _, parameter in module.named_parameters()], members, dtype, device)

    @property
    def alike(self) -> Hashable:
        """What networks have in common whose members can stand side by side in one of them."""
        return super().alike, repr(self.module)

    def _forget(self) -> None:
        self._pull = None

    def forward(self, x: Tensor) -> Tensor:
        """Return outputs (members, k, batch) for inputs (members, batch, ...); remembers how to go back until `backward`."""
        outputs, self._pull = _with_pullback(lambda *blocks: self._outputs(blocks, x), *self.blocks)
        return outputs

    def backward(self, delta: Tensor, keep: float = 0.0) -> None:
        """Set `gradient` to `keep * gradient + g` for the outputs' gradient delta (members, k, batch) of the last `forward`."""
        if self._pull is None:
            raise RuntimeError("backward without forward")
        for block, found in zip(self.gradient_blocks, self._pull(delta), strict=True):
            block.mul_(keep).add_(found) if keep else block.copy_(found)
        self._pull = None

    def predict(self, member: int, x: Tensor) -> Tensor:
        """Return one member's outputs (k, n) for inputs (n, ...)."""
        with torch.no_grad():
            found: Tensor = self._single([block[member] for block in self.blocks], x).T
        return found

    def outputs(self, x: Tensor) -> Tensor:
        """Return every member's outputs (members, k, batch) for inputs (members, batch, ...), to read and not to go back from."""
        with torch.no_grad():
            return self._outputs(self.blocks, x)

    def gradients(self, rows: Tensor, x: Tensor, targets: Tensor, loss: PointLoss) -> Tensor:
        """Return the losses' gradients (members, parameters) at parameters `rows` (members, parameters).

        x: (members, batch, ...); targets: (members, batch, k).
        """
        found: Tensor = vmap(grad(lambda row, x, t: loss(self._single(self._cut(row), x), t)))(rows, x, targets)
        return found

    def hessian(self, rows: Tensor, x: Tensor, targets: Tensor, loss: PointLoss) -> Callable[[Tensor], Tensor]:
        """Return the products of every member's Hessian at `rows`: a function of one direction each, (members, parameters) to alike.

        The gradient is computed once; each product goes back through it (Pearlmutter 1994), a third cheaper than forward over reverse.
        """
        _, pull = _with_pullback(lambda rows: self.gradients(rows, x, targets, loss), rows)
        return lambda directions: pull(directions)[0]

    def rows(self) -> Tensor:
        """Return the parameters as (members, parameters), a copy."""
        return self.layout.rows(self.flat)

    def _outputs(self, blocks: Sequence[Tensor], x: Tensor) -> Tensor:
        found: Tensor = vmap(self._single)(list(blocks), x)
        return found.transpose(1, 2)

    def _single(self, parameters: Sequence[Tensor], x: Tensor) -> Tensor:
        found: Tensor = functional_call(self.module, dict(zip(self.names, parameters, strict=True)), (x,))
        return found

    def _cut(self, row: Tensor) -> list[Tensor]:
        sizes = [int(np.prod(shape)) for shape in self.layout.shapes]
        return [part.view(shape) for part, shape in zip(torch.split(row, sizes), self.layout.shapes, strict=True)]


def _with_pullback(function: Callable[..., Tensor], *given: Tensor) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, ...]]]:
    """Return function(*given), and what takes a gradient of it to those of `given`, any number of times."""
    found: tuple[Any, ...] = vjp(function, *given)
    return found[0], found[1]


def torch_layers(drawn: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """Return weights (fan_in, fan_out) and biases (1, fan_out), alternating, in the form of `nn.Linear`: (fan_out, fan_in), (fan_out,)."""
    return [values.T if place % 2 == 0 else values[0] for place, values in enumerate(drawn)]
