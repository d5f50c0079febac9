"""An ensemble of copies of one `torch.nn` module with their parameters in the ensemble's flat buffer: modules that autograd goes through,
batch normalisation included, under the same optimizers and trainers as the networks with hand-written derivatives.

The members are computed in turn: a large network fills the machine by itself. Gradients are copied from where autograd leaves them to
the gradient buffer: one pass over memory, where emptying the buffer and adding to it takes two. Kernels of convolutions lie channels
last, as their images do.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.training.network import EnsembleNetwork

CHUNK = 1000  # images that are predicted at once
BatchNorm = nn.BatchNorm1d | nn.BatchNorm2d


class ModuleMembers(EnsembleNetwork):
    """Members that are copies of a module.

    Args:
        module: maps inputs (batch, ...) to (batch, k); its own weights are not used.
        members: how many.
        view: turns a batch's rows (batch, d) into what the module takes.
        dtype, device: of the parameters.

    Attributes:
        names: of the parameters, in their order.
        statistics: (members, s) running means and variances of every batch normalisation, member by member.
    """

    def __init__(
        self, module: nn.Module, members: int, view: Callable[[Tensor], Tensor], dtype: torch.dtype = torch.float32, device: str = "cpu"
    ) -> None:
        self._view = view
        self._template = module.to(device=device, dtype=dtype)
        _forget_counts(self._template)
        self.names = [name for name, _ in module.named_parameters()]
        self._shapes = [tuple(parameter.shape) for parameter in module.parameters()]
        self._outputs: list[Tensor] = []
        self.statistics = torch.stack([_first_statistics(self._template)] * members)
        super().__init__([_stored(shape) for shape in self._shapes], members, dtype, device)

    def load(self, member: int, drawn: Sequence[NDArray[np.float64]]) -> None:
        """Write one member's parameters, given in the order and shape of `module.parameters()`."""
        super().load(member, [np.ascontiguousarray(np.moveaxis(values, 1, 3)) if values.ndim == 4 else values for values in drawn])

    def keep(self, members: Sequence[int]) -> None:
        """Go on with these members only."""
        self.statistics = self.statistics[list(members)].clone()
        self.modules.clear()  # they hold the buffers that are given up
        super().keep(members)

    def forward(self, x: Tensor) -> Tensor:
        """Return outputs (members, k, batch) for rows (members, batch, d); their graphs are kept for `backward`."""
        with torch.enable_grad():
            self._outputs = [module(self._view(rows)) for module, rows in zip(self.modules, x, strict=True)]
        return torch.stack([outputs.detach().T for outputs in self._outputs])

    def backward(self, delta: Tensor, keep: float = 0.0) -> None:
        """Set `gradient` to `keep * gradient + g`."""
        for parameter, found in self._gradients(delta):
            assert parameter.grad is not None  # a view of the gradient buffer
            if keep:
                parameter.grad.mul_(keep).add_(found)
            else:
                parameter.grad.copy_(found)

    def descend(self, delta: Tensor, rate: float) -> None:
        """Take the step `-rate * g` at once; `gradient` is left as it is."""
        for parameter, found in self._gradients(delta):
            parameter.data.add_(found, alpha=-rate)

    def _gradients(self, delta: Tensor) -> Iterable[tuple[nn.Parameter, Tensor]]:
        """Return every member's parameters with their gradients for the last `forward`."""
        # a product with delta, since gradients that are handed over make torch import its symbolic algebra (.5 s)
        products = [(outputs * given.T).sum() for outputs, given in zip(self._outputs, delta, strict=True)]
        self._outputs = []
        parameters = [parameter for module in self.modules for parameter in module.parameters()]
        return zip(parameters, torch.autograd.grad(torch.stack(products).sum(), parameters), strict=True)

    def predict(self, member: int, x: Tensor) -> Tensor:
        """Return one member's outputs (k, n) for rows (n, d); batch normalisation uses its running means."""
        module = self.modules[member].eval()
        with torch.no_grad():
            found = torch.cat([module(self._view(rows)) for rows in torch.split(x, CHUNK)])
        module.train()
        return found.T.contiguous()

    def layers(self, row: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Return parameters (parameters,) as they are stored in the order and shape of `module.parameters()`."""
        parts = torch.split(torch.from_numpy(row), [prod(shape) for shape in self._shapes])
        shaped = [part.numpy().reshape(_stored(shape)) for part, shape in zip(parts, self._shapes, strict=True)]
        return [np.moveaxis(part, 3, 1) if part.ndim == 4 else part for part in shaped]

    def _bind(self) -> None:
        super()._bind()
        self.modules: list[nn.Module] = []
        for member in range(self.members):
            module = copy.deepcopy(self._template).train()
            self.modules.append(module)
            for parameter, block, gradient in zip(module.parameters(), self.blocks, self.gradient_blocks, strict=True):
                parameter.data, parameter.grad = _seen(block[member]), _seen(gradient[member])
            _point_at(module, self.statistics[member])


def images(shape: tuple[int, ...]) -> Callable[[Tensor], Tensor]:
    """Return the view of rows (batch, d) of images height x width [x channels] as (batch, channels, height, width), channels last."""
    whole = shape if len(shape) == 3 else (*shape, 1)
    return lambda rows: rows.view(len(rows), *whole).permute(0, 3, 1, 2)


def _stored(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (shape[0], *shape[2:], shape[1]) if len(shape) == 4 else shape


def _seen(block: Tensor) -> Tensor:
    return block.permute(0, 3, 1, 2) if block.ndim == 4 else block


def _norms(module: nn.Module) -> list[BatchNorm]:
    return [layer for layer in module.modules() if isinstance(layer, BatchNorm)]


def _forget_counts(module: nn.Module) -> None:
    """A count of batches, which only averages without momentum need, costs an operation a layer and step."""
    for layer in _norms(module):
        layer.num_batches_tracked = None


def _first_statistics(module: nn.Module) -> Tensor:
    """Return means of 0 and variances of 1, layer by layer, (s,)."""
    like = next(module.parameters()).detach()
    moments = [torch.cat([like.new_zeros(layer.num_features), like.new_ones(layer.num_features)]) for layer in _norms(module)]
    return torch.cat([like.new_zeros(0), *moments])


def _point_at(module: nn.Module, statistics: Tensor) -> None:
    """Let every normalisation keep its running mean and variance in a member's statistics (s,)."""
    start = 0
    for layer in _norms(module):
        size = layer.num_features
        layer.running_mean, layer.running_var = statistics[start : start + size], statistics[start + size : start + 2 * size]
        start += 2 * size
