"""An ensemble of two-layer ReLU networks at different output scales, trained by gradient descent in float64, gradients by hand.

Member: `h(x) = relu(x W^T) a / sqrt(m)`, loss `|alpha h(X) - y|^2/(2 alpha^2)`, whose gradient is `Dh^T (h - y/alpha)`: at
every alpha the function `alpha h` moves at the same pace (Chizat, Oyallon, Bach 2019, arXiv:1812.07956). A network that has
reached the relative residual `tol` rests, decided on the device at every step; `settle` takes it out of the batch.
"""

from __future__ import annotations

import copy
from collections.abc import Hashable, Sequence
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.state import State
from engine.training.joinable import Joinable

Floats = NDArray[np.float64]

MOVEMENT = ("weight-change", "kernel-change", "kernel-rotation", "alignment", "flipped")


class TwoLayerEnsemble(Joinable):
    """Networks of one size. Letters: M networks, m hidden neurons, d features, n examples.

    Attributes:
        W, a: (M, m, d) and (M, m), every network's weights as at the latest `gather`.
        steps_taken: (M,) each network's steps, as at the latest `gather`; taken: of those still in training.
        active: places of the networks that are still trained, the batch.
    """

    def __init__(
        self,
        W: Floats,
        a: Floats,
        X: Floats,
        y: Floats,
        X_test: Floats,
        alphas: Sequence[float],
        rates: Sequence[float],
        tol: float,
        device: str = "cpu",
    ) -> None:
        """W: (M, m, d); a: (M, m); X: (M, n, d); y: (M, n); X_test: (M, s, d); rates: each network's step size on its loss, (M,)."""

        def put(values: Any) -> Tensor:
            return torch.tensor(np.asarray(values, dtype=np.float64), device=device)

        self.W, self.a, self.X, self.y, self.X_test = put(W), put(a), put(X), put(y), put(X_test)
        self.alphas, self.rates, self.tol = put(alphas), put(rates), tol
        self.W0, self.a0 = self.W.clone(), self.a.clone()
        self.steps_taken = torch.zeros_like(self.alphas)
        self.taken = 0
        self._root = float(np.sqrt(self.a.shape[1]))
        self._load(list(range(len(self.alphas))))

    def _load(self, places: list[int]) -> None:
        """Make these networks the batch, with room for their hidden layers."""
        self.active = places
        self._W, self._a = self.W[places].clone(), self.a[places][:, None].clone()  # (B, m, d), (B, 1, m)
        self._Xt, self._X = self.X[places].mT.contiguous(), self.X[places].clone()  # (B, d, n), (B, n, d)
        self._aim = (self.y[places] / self.alphas[places, None])[:, None]  # (B, 1, n)
        self._enough = self.tol**2 * self._aim.square().sum((1, 2), keepdim=True)
        self._rate = (self.rates[places] / self._root)[:, None, None]
        self._going = torch.ones_like(self._rate)
        self._count = self.steps_taken[places][:, None, None].clone()
        self._allocate()

    def _allocate(self) -> None:
        self._hidden = self._W.new_empty((len(self._W), self._W.shape[1], self._X.shape[1]))  # (B, m, n)
        self._gates = torch.empty_like(self._hidden)

    def step(self) -> None:
        """Take one step with every network of the batch that has not reached its residual."""
        torch.bmm(self._W, self._Xt, out=self._hidden)
        self._hidden.clamp_(min=0)
        torch.sign(self._hidden, out=self._gates)
        residual = torch.bmm(self._a, self._hidden).div_(self._root).sub_(self._aim)  # (B, 1, n)
        self._going *= residual.square().sum(2, keepdim=True) > self._enough
        self._count += self._going
        weighted = residual.mT * (self._rate * self._going)  # (B, n, 1)
        by_output = torch.bmm(self._hidden, weighted)  # (B, m, 1)
        by_input = torch.bmm(self._gates, self._X * weighted)  # (B, m, d)
        self._W.addcmul_(self._a.mT, by_input, value=-1.0)
        self._a -= by_output.mT
        self.taken += 1

    def gather(self) -> None:
        """Bring `W`, `a` and `taken` up to date."""
        if self.active:
            self.W[self.active], self.a[self.active] = self._W, self._a[:, 0]
            self.steps_taken[self.active] = self._count[:, 0, 0]

    def settle(self, resting: Sequence[int]) -> None:
        """Take networks out of the batch for good; `gather` first."""
        if resting:
            self._load([place for place in self.active if place not in set(resting)])

    # ------------------------------------------------------------ beside the networks of other runs

    def take_step(self, losses: Tensor) -> None:
        """Take one step; losses are read where it is measured."""
        self.step()

    @property
    def alike(self) -> Hashable:
        """What ensembles have in common whose networks can be trained as one."""
        return type(self), self._W.shape[1:], self._X.shape[1:], str(self._W.device)

    def joined(self, others: Sequence[Self]) -> Self:
        """Return an ensemble that takes the steps of all networks in training; it reads none of them."""
        made = copy.copy(self)
        made.active = list(range(sum(len(one.active) for one in others)))
        for name in ("_W", "_a", "_Xt", "_X", "_aim", "_enough", "_rate", "_going", "_count"):
            setattr(made, name, torch.cat([getattr(one, name) for one in others]))
        made._allocate()
        return made

    def blocks(self) -> list[Tensor]:
        """Return everything that a step changes: weights, who is still going, and the steps of each."""
        return [self._W, self._a, self._going, self._count]

    @property
    def room(self) -> int:
        """Bytes that a step works on."""
        return sum(values.nbytes for values in (*self.blocks(), self._X, self._Xt, self._hidden, self._gates))

    def losses(self, steps: int) -> Tensor:
        """Return room for the losses of so many steps, which stay 0."""
        return self._W.new_zeros(steps, len(self.active))

    # ------------------------------------------------------------ readings, on the device

    def readings(self) -> Tensor:
        """Return residual, steps, whether at rest, `movement` and the outputs on the test points of each in the batch, (B, 8 + s)."""
        self.gather()
        y = self.y[self.active]
        residual = (self.outputs(self.X, self.active) - y).norm(dim=1) / y.norm(dim=1)
        heads = torch.stack([residual, self.steps_taken[self.active], 1 - self._going[:, 0, 0]], dim=1)
        movement = torch.stack([self.movement(place) for place in self.active])
        return torch.cat([heads, movement, self.outputs(self.X_test, self.active)], dim=1)

    def outputs(self, points: Tensor, places: list[int]) -> Tensor:
        """Return alpha h on points (M, k, d), (B, k)."""
        hidden = torch.bmm(points[places], self.W[places].mT).clamp_(min=0)  # (B, k, m)
        return torch.bmm(hidden, self.a[places][:, :, None])[:, :, 0] * (self.alphas[places, None] / self._root)

    def kernel(self, place: int, start: bool = False) -> Tensor:
        """Return a network's tangent kernel on its examples, (n, n), now or at the start; see engine.theory.kernels.tangent_kernel."""
        W, a = (self.W0, self.a0) if start else (self.W, self.a)
        hidden = (self.X[place] @ W[place].T).clamp_(min=0)  # (n, m)
        gates = hidden.sign() * a[place]
        return (hidden @ hidden.T + (self.X[place] @ self.X[place].T) * (gates @ gates.T)) / W.shape[1]

    def movement(self, place: int) -> Tensor:
        """Return MOVEMENT: |w-w0|/|w0|, |K-K0|/|K0|, 1 - <K0,K>/(|K0||K|), <K,y y^T>/(|K||y|^2), the share of flipped ReLUs, (5,)."""
        moved = (self.W[place] - self.W0[place]).square().sum() + (self.a[place] - self.a0[place]).square().sum()
        length = self.W0[place].square().sum() + self.a0[place].square().sum()
        before, after, y = self.kernel(place, start=True), self.kernel(place), self.y[place]
        norms = before.norm(), after.norm()
        turned = (before / norms[0] - after / norms[1]).square().sum() / 2
        aligned = y @ after @ y / (norms[1] * (y @ y))
        flipped = ((self.X[place] @ self.W[place].T > 0) != (self.X[place] @ self.W0[place].T > 0)).double().mean()
        return torch.stack([(moved / length).sqrt(), (after - before).norm() / norms[0], turned, aligned, flipped])

    # ------------------------------------------------------------ storage

    def state(self) -> State:
        """Return every network's weights and place."""
        self.gather()
        still = [place for place, going in zip(self.active, host(self._going[:, 0, 0]), strict=True) if not going]
        arrays = {"W": host(self.W), "a": host(self.a), "taken": host(self.steps_taken)}
        return State(arrays, {"batch": self.active, "resting": still, "steps": self.taken})

    def restore(self, state: State) -> None:
        """Go on bit for bit."""
        for name, kept in (("W", self.W), ("a", self.a), ("taken", self.steps_taken)):
            kept.copy_(self.W.new_tensor(state.arrays[name]))
        self.taken = state.scalars["steps"]
        self._load(list(state.scalars["batch"]))
        for place in state.scalars["resting"]:
            self._going[self.active.index(place)] = 0.0


def host(values: Tensor) -> Floats:
    """Return a copy on the host."""
    return np.asarray(values.detach().clone().cpu().numpy())
