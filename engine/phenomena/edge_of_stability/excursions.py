"""What follows when eta S has passed 2: the quadratic model explodes, the network comes back, because displacement lowers its sharpness.

Cohen et al. 2021, arXiv:2103.00065 (the quadratic model); Damian et al. 2023, arXiv:2209.15594 (self-stabilisation).

Letters: w0 the weights at which eta S is first read beyond 2.1, g and H gradient and Hessian there, v the top eigenvector.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.interruption import checkpoint
from engine.phenomena.edge_of_stability.config import BEYOND
from engine.phenomena.edge_of_stability.lanczos import top_eigenpairs
from engine.state import State
from engine.training.hessian import SquaredLossHessian
from engine.training.losses import LOSSES
from engine.training.mlp import MLP
from engine.training.optimizers import SGD
from engine.training.whole_batch import WholeBatch

Floats = NDArray[np.float64]
STEPS = 300  # for which networks are followed
BEFORE, AFTER = 30, 10  # steps about the largest loss, at which sharpness and displacement are read
ARRAYS = ("model", "network", "sharpness", "displacement")  # of an excursion
ROOM = 2**28  # bytes that readings of several steps may take side by side


@dataclass(frozen=True)
class Excursion:
    """One network from the reading on at which eta S was beyond 2.1.

    eta_sharpness: at that reading; model, network: (STEPS + 1,) losses of descent on the quadratic model and on the network;
    sharpness, displacement: (k,) S and g.v/S at successive steps about the network's largest loss.
    """

    eta_sharpness: float
    model: Floats
    network: Floats
    sharpness: Floats
    displacement: Floats


class Excursions:
    """Follows networks of one ensemble, on copies, from their first reading beyond 2.1 on.

    Args:
        network, x, targets: the ensemble, and all its inputs (members, n, d) and targets (members, k, n).
        etas: of the members that are followed, by their place in the ensemble.
        tolerance: relative residual of the eigenvalues.

    Attributes:
        found: by place.
    """

    def __init__(self, network: MLP, x: Tensor, targets: Tensor, etas: dict[int, float], tolerance: float) -> None:
        self._network, self._x, self._targets, self._etas, self._tolerance = network, x, targets, etas, tolerance
        self.found: dict[int, Excursion] = {}

    def look(self, eta_sharpness: Floats, vectors: Tensor) -> None:
        """Follow those that have now passed 2.1. eta_sharpness: (members,); vectors: (members, parameters), the top eigenvectors."""
        rows = None
        for place in self._etas:
            if place not in self.found and eta_sharpness[place] >= BEYOND:
                rows = self._network.layout.rows(self._network.flat) if rows is None else rows
                self.found[place] = self._follow(place, rows[place : place + 1], float(eta_sharpness[place]), vectors[place : place + 1])

    def _follow(self, place: int, start: Tensor, eta_sharpness: float, vector: Tensor) -> Excursion:
        x, targets, eta = self._x[place : place + 1], self._targets[place : place + 1], self._etas[place]
        copy = self._network.sized(1)
        copy.layout.fill(copy.flat, start)
        model = _quadratic(copy, x, targets, eta)
        network = _descent(copy, start, x, targets, eta, STEPS + 1)[0]
        peak = int(np.argmax(np.where(np.isfinite(network), network, -np.inf)))
        first, last = max(0, peak - BEFORE), min(STEPS, peak + AFTER)
        kept = _descent(copy, start, x, targets, eta, last + 1, first)[1]
        sharpness, displacement = self._readings(kept, x, targets, vector)
        return Excursion(eta_sharpness, model, network, sharpness, displacement)

    def _readings(self, rows: Tensor, x: Tensor, targets: Tensor, vector: Tensor) -> tuple[Floats, Floats]:
        """S and g.v/S at weights (k, parameters)."""
        units = x.shape[2] + 6 * sum(self._network.sizes[1:])
        together = max(1, ROOM // (x.shape[1] * units * x.element_size()))
        found: list[tuple[Tensor, Tensor]] = []
        for start in range(0, len(rows), together):
            part = rows[start : start + together]
            checkpoint()
            many = self._network.sized(len(part))
            many.layout.fill(many.flat, part)
            inputs, wanted = x.expand(len(part), -1, -1), targets.expand(len(part), -1, -1)
            gradient = _gradient(many, inputs, wanted)[1]
            top = top_eigenpairs(SquaredLossHessian(many, inputs, wanted).product, vector.expand(len(part), -1), self._tolerance)
            found.append((top.value, (gradient * top.vector).sum(dim=1) / top.value))
        values, displacements = (torch.cat(parts).double().cpu().numpy() for parts in zip(*found, strict=True))
        return values, displacements

    def state(self) -> State:
        """Return what was found."""
        arrays = {f"{place}/{name}": getattr(one, name) for place, one in self.found.items() for name in ARRAYS}
        return State(arrays, {"eta_sharpness": {str(place): one.eta_sharpness for place, one in self.found.items()}})

    def restore(self, state: State) -> None:
        """Go on from what `state` returned."""
        self.found = {
            int(place): Excursion(value, **{name: np.array(values) for name, values in state.under(f"{place}/").items()})
            for place, value in state.scalars["eta_sharpness"].items()
        }


def _gradient(network: MLP, x: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Loss (members,) and gradient (members, parameters)."""
    loss, delta = network.flat.new_zeros(network.members), torch.empty_like(targets, memory_format=torch.contiguous_format)
    LOSSES["half-squared"](network.forward(x), targets, delta, loss)
    network.backward(delta)
    return loss, network.layout.rows(network.gradient)


def _quadratic(network: MLP, x: Tensor, targets: Tensor, eta: float) -> Floats:
    """Losses of descent on `L + g.d + d.H d/2`, which only the last digits of its early steps tell from descent on the network."""
    loss, gradient = _gradient(network, x, targets)
    hessian = SquaredLossHessian(network, x, targets)
    moved, losses = torch.zeros_like(gradient), []
    for _ in range(STEPS + 1):
        checkpoint()
        turned = hessian.product(moved)
        losses.append(loss + (moved * (gradient + 0.5 * turned)).sum(dim=1))
        moved = moved - eta * (gradient + turned)
    return torch.cat(losses).double().cpu().numpy()


def _descent(
    network: MLP, start: Tensor, x: Tensor, targets: Tensor, eta: float, steps: int, first: int = -1
) -> tuple[Floats, Tensor]:  # fmt: skip
    """Losses (steps,) before each step from `start`, and the weights before the steps from `first` on (none if it is negative)."""
    network.layout.fill(network.flat, start)
    trainer = WholeBatch(SGD(network, eta), x, targets, "half-squared")
    losses, kept = network.flat.new_zeros(steps, 1), list[Tensor]()
    for step in range(steps):
        checkpoint()
        if 0 <= first <= step:
            kept.append(network.layout.rows(network.flat))
        trainer.step(losses[step])
    return losses[:, 0].double().cpu().numpy(), torch.cat(kept) if kept else start[:0]
