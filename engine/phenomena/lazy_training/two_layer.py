"""An ensemble of two-layer ReLU networks at different output scales, trained by gradient descent in float64, gradients by hand.

Member: `h(x) = relu(x W^T) a / sqrt(m)`, loss `|alpha h(X) - y|^2/(2 alpha^2)`, whose gradient is `Dh^T (h - y/alpha)`: at
every alpha the function `alpha h` moves at the same pace (Chizat, Oyallon, Bach 2019, arXiv:1812.07956). A member that has
reached the relative residual `tol` rests, decided on the device at every step; `settle` takes it out of the batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

Floats = NDArray[np.float64]


class TwoLayerEnsemble:
    """Networks of one size. Letters: M members, m hidden neurons, d features, n examples.

    Attributes:
        W, a: (M, m, d) and (M, m), every member's weights as at the latest `gather`.
        taken: (M,) steps taken, as at the latest `gather`.
        batch: numbers of the members that are still trained.
    """

    def __init__(
        self,
        W: Floats,
        a: Floats,
        X: Floats,
        y: Floats,
        alphas: Sequence[float],
        rates: Sequence[float],
        tol: float,
        device: str = "cpu",
    ) -> None:
        """W: (M, m, d); a: (M, m); X: (M, n, d); y: (M, n); rates: step size of each member on its loss, (M,)."""
        import torch

        def put(values: Any) -> Tensor:
            return torch.tensor(np.asarray(values, dtype=np.float64), device=device)

        self.W, self.a, self.X, self.y = put(W), put(a), put(X), put(y)
        self.alphas, self.rates, self.tol = put(alphas), put(rates), tol
        self.W0, self.a0 = self.W.clone(), self.a.clone()
        self.taken = torch.zeros_like(self.alphas)
        self._root = float(np.sqrt(self.a.shape[1]))
        self._load(list(range(len(self.alphas))))

    def _load(self, members: list[int]) -> None:
        """Make these members the batch, with room for their hidden layers."""
        import torch

        self.batch = members
        self._W, self._a = self.W[members].clone(), self.a[members][:, None].clone()  # (B, m, d), (B, 1, m)
        self._Xt, self._X = self.X[members].mT.contiguous(), self.X[members].clone()  # (B, d, n), (B, n, d)
        self._aim = (self.y[members] / self.alphas[members, None])[:, None]  # (B, 1, n)
        self._enough = self.tol**2 * self._aim.square().sum((1, 2), keepdim=True)
        self._rate = (self.rates[members] / self._root)[:, None, None]
        self._going = torch.ones_like(self._rate)
        self._count = self.taken[members][:, None, None].clone()
        self._hidden = self._W.new_empty((len(members), self._W.shape[1], self._X.shape[1]))  # (B, m, n)
        self._gates = torch.empty_like(self._hidden)

    def step(self) -> None:
        """Take one step with every member of the batch that has not reached its residual."""
        import torch

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

    def gather(self) -> None:
        """Bring `W`, `a` and `taken` up to date."""
        if self.batch:
            self.W[self.batch], self.a[self.batch] = self._W, self._a[:, 0]
            self.taken[self.batch] = self._count[:, 0, 0]

    def settle(self, resting: Sequence[int]) -> None:
        """Take members out of the batch for good; `gather` first."""
        if resting:
            self._load([member for member in self.batch if member not in set(resting)])

    # ------------------------------------------------------------ readings, on the device

    def outputs(self, points: Tensor, members: Sequence[int]) -> Tensor:
        """Return alpha h on points (M, k, d), (B, k)."""
        import torch

        chosen = list(members)
        hidden = torch.bmm(points[chosen], self.W[chosen].mT).clamp_(min=0)  # (B, k, m)
        return torch.bmm(hidden, self.a[chosen][:, :, None])[:, :, 0] * (self.alphas[chosen, None] / self._root)

    def resting(self) -> Tensor:
        """Return 1 for each member of the batch that has stopped, (B,), in the batch's order."""
        return 1 - self._going[:, 0, 0]

    def kernel(self, member: int, start: bool = False) -> Tensor:
        """Return a member's tangent kernel on its examples, (n, n), now or at the start; see engine.theory.kernels.tangent_kernel."""
        W, a = (self.W0, self.a0) if start else (self.W, self.a)
        hidden = (self.X[member] @ W[member].T).clamp_(min=0)  # (n, m)
        gates = hidden.sign() * a[member]
        return (hidden @ hidden.T + (self.X[member] @ self.X[member].T) * (gates @ gates.T)) / W.shape[1]

    def movement(self, member: int) -> Tensor:
        """Return |w - w0|/|w0|, |K - K0|/|K0|, 1 - <K0, K>/(|K0||K|), <K, y y^T>/(|K||y|^2) and the share of flipped ReLUs, (5,)."""
        import torch

        moved = (self.W[member] - self.W0[member]).square().sum() + (self.a[member] - self.a0[member]).square().sum()
        length = self.W0[member].square().sum() + self.a0[member].square().sum()
        before, after, y = self.kernel(member, start=True), self.kernel(member), self.y[member]
        norms = before.norm(), after.norm()
        turned = (before / norms[0] - after / norms[1]).square().sum() / 2
        aligned = y @ after @ y / (norms[1] * (y @ y))
        flipped = ((self.X[member] @ self.W[member].T > 0) != (self.X[member] @ self.W0[member].T > 0)).double().mean()
        return torch.stack([(moved / length).sqrt(), (after - before).norm() / norms[0], turned, aligned, flipped])

    # ------------------------------------------------------------ storage

    def arrays(self) -> dict[str, Floats]:
        """Return what `restore` needs."""
        self.gather()
        return {"W": host(self.W), "a": host(self.a), "taken": host(self.taken)}

    def restore(self, arrays: dict[str, Floats], batch: Sequence[int], resting: Sequence[int]) -> None:
        """Go on bit for bit; batch: the members in it; resting: those of them that have stopped."""
        for name in ("W", "a", "taken"):
            getattr(self, name).copy_(self.W.new_tensor(arrays[name]))
        self._load(list(batch))
        for member in resting:
            self._going[self.batch.index(member)] = 0.0


def host(values: Tensor) -> Floats:
    """Return a copy on the host."""
    return np.asarray(values.detach().clone().cpu().numpy())
