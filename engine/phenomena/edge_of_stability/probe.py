"""What is read of networks on their way: rising steps are counted, and the sharpness is found from where the last reading left it.

Cohen et al. 2021, arXiv:2103.00065.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.phenomena.edge_of_stability.lanczos import top_eigenpairs
from engine.state import State
from engine.training.hessian import SquaredLossHessian
from engine.training.mlp import MLP

Floats = NDArray[np.float64]


class Probe:
    """Counts the steps on which each network's loss rises, and reads its sharpness.

    Args:
        network: what is trained, on inputs x (networks, n, d) and targets (networks, k, n).
        tolerance: relative residual of the eigenvalues.

    Attributes:
        vectors: (networks, parameters) the top eigenvectors found last.
    """

    def __init__(self, network: MLP, x: Tensor, targets: Tensor, tolerance: float) -> None:
        self._network, self._x, self._targets, self._tolerance = network, x, targets, tolerance
        self.vectors = torch.ones_like(network.layout.rows(network.flat))
        self._last = self.vectors.new_full((network.members,), torch.inf)
        self._rises, self._counted = torch.zeros_like(self._last), 0

    def took(self, losses: Tensor) -> None:
        """Compare the losses before each of some steps, (steps, networks), with those before the step that it follows."""
        before = torch.cat([self._last[None], losses[:-1]])
        self._rises += (losses > before).sum(dim=0)
        self._last = losses[-1].clone()
        self._counted += len(losses)

    def read(self) -> dict[str, Floats]:
        """Return sharpness, loss, accuracy, share of rising steps since the last reading, and the eigenvalue's residual, (networks,) each.

        Right is an example whose output has its target's sign, or the largest output its class.
        """
        hessian = SquaredLossHessian(self._network, self._x, self._targets)
        top = top_eigenpairs(hessian.product, self.vectors, self._tolerance)
        self.vectors = top.vector
        rising = self._rises / max(1, self._counted)
        self._rises, self._counted = torch.zeros_like(self._rises), 0
        accuracy = _right(self._network.forward(self._x), self._targets).double().mean(dim=1)
        found = {"sharpness": top.value, "loss": hessian.loss, "accuracy": accuracy, "rising": rising, "residual": top.residual}
        return {name: values.cpu().numpy() for name, values in found.items()}

    def state(self) -> State:
        """Return the eigenvectors and the count since the last reading."""
        arrays = {"vectors": self.vectors, "last": self._last, "rises": self._rises}
        return State({name: values.cpu().numpy() for name, values in arrays.items()}, {"counted": self._counted})

    def restore(self, state: State) -> None:
        """Go on from what `state` returned."""
        found = {name: torch.from_numpy(values.copy()).to(self._last) for name, values in state.arrays.items()}
        self.vectors, self._last, self._rises = found["vectors"], found["last"], found["rises"]
        self._counted = state.scalars["counted"]


def _right(outputs: Tensor, targets: Tensor) -> Tensor:
    """Which examples are right, (networks, n); outputs, targets: (networks, k, n)."""
    if targets.shape[1] == 1:
        return ((outputs > 0) == (targets > 0))[:, 0]
    return outputs.argmax(dim=1) == targets.argmax(dim=1)
