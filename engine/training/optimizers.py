"""Optimizers over the flat buffer of an ensemble, with a learning rate and a weight decay per member.

SGD with momentum as in Sutskever et al. 2013 (PyTorch's form, decay added to the gradient); AdamW of Loshchilov, Hutter
2019, arXiv:1711.05101 (decay beside the gradient).
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.training.network import EnsembleNetwork

PerMember = float | Sequence[float]


class Optimizer(ABC):
    """Updates `network.flat` from `network.gradient`.

    momentum: which multiple of its gradient buffer the network keeps when the next gradient is added; count: steps, where they matter.
    """

    def __init__(self, network: EnsembleNetwork, rate: PerMember, decay: PerMember = 0.0, momentum: float = 0.0) -> None:
        self.network = network
        self.momentum = momentum
        self.rates = np.broadcast_to(np.asarray(rate, dtype=np.float64), (network.members,)).copy()
        self.decays = np.broadcast_to(np.asarray(decay, dtype=np.float64), (network.members,)).copy()
        self.buffers: dict[str, Tensor] = {}
        self.count = 0
        self._scale = 1.0
        self._bind()

    def scale_rates(self, factor: float) -> None:
        """Multiply the learning rates as first given by a factor from now on (warm-up, schedules)."""
        self._scale = factor
        self._bind()

    @abstractmethod
    def step(self) -> None:
        """Update every member once."""

    def keep(self, members: Sequence[int]) -> None:
        """Go on with these members only, in the network too."""
        self.buffers = {name: self.network.compacted(buffer, members) for name, buffer in self.buffers.items()}
        self.rates, self.decays = self.rates[list(members)], self.decays[list(members)]
        self.network.keep(members)
        self._bind()

    @property
    def place(self) -> tuple[int, float]:
        """The steps that were counted, and the factor of the learning rates."""
        return self.count, self._scale

    def go_to(self, place: tuple[int, float]) -> None:
        """Take up another optimizer's place, or an earlier one."""
        self.count, scale = place
        if scale != self._scale:
            self.scale_rates(scale)

    @property
    def alike(self) -> Hashable:
        """What optimizers have in common whose members one of them can update."""
        return type(self), self.momentum

    def joined(self, network: EnsembleNetwork, others: Sequence[Optimizer]) -> Self:
        """Return an optimizer like this one for a network with the members of all of these, one after the other; its moments are 0."""
        made = copy.copy(self)
        made.network = network
        made.rates, made.decays = (np.concatenate(item) for item in zip(*((one.rates, one.decays) for one in others), strict=True))
        made.buffers = {name: torch.zeros_like(network.flat) for name in self.buffers}
        made._bind()
        return made

    def state(self) -> dict[str, NDArray[Any]]:
        """Every moment as (members, parameters)."""
        return {name: self.network.layout.rows(buffer).cpu().numpy() for name, buffer in self._moments().items()}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take up moments that `state` returned."""
        for name, buffer in self._moments().items():
            self.network.layout.fill(buffer, torch.from_numpy(arrays[name]).to(buffer))

    def _moments(self) -> dict[str, Tensor]:
        return {"gradient": self.network.gradient, **self.buffers}

    def _bind(self) -> None:
        self._rate, self._decay = self._value(self.rates * self._scale), self._value(self.decays)

    def _value(self, values: NDArray[np.float64]) -> Tensor | float:
        """Return one number when all members share it (one pass less over memory), else a value for every parameter."""
        if np.all(values == values[0]):
            return float(values[0])
        return self.network.layout.spread(torch.as_tensor(values).to(self.network.flat))


class SGD(Optimizer):
    """`v <- momentum*v + g + decay*w`, `w <- w - rate*v`; v is the network's gradient buffer."""

    def step(self) -> None:
        """Update every member once."""
        w, v = self.network.flat, self.network.gradient
        _add_product(v, w, self._decay, 1.0)
        _add_product(w, v, self._rate, -1.0)


class AdamW(Optimizer):
    """`w <- w - rate*(decay*w + m_hat/(sqrt(v_hat)+eps))` with bias-corrected moments of the gradient."""

    def __init__(
        self,
        network: EnsembleNetwork,
        rate: PerMember,
        decay: PerMember = 0.0,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        super().__init__(network, rate, decay)
        self.betas, self.eps = betas, eps
        self.buffers = {name: torch.zeros_like(network.flat) for name in ("first", "second")}

    @property
    def alike(self) -> Hashable:
        """What optimizers have in common whose members one of them can update."""
        return super().alike, self.betas, self.eps

    def step(self) -> None:
        """Update every member once."""
        w, g, first, second = self.network.flat, self.network.gradient, self.buffers["first"], self.buffers["second"]
        self.count += 1
        first.lerp_(g, 1 - self.betas[0])
        second.mul_(self.betas[1]).addcmul_(g, g, value=1 - self.betas[1])
        torch.sqrt(second, out=self._spare).div_((1 - self.betas[1] ** self.count) ** 0.5).add_(self.eps)
        torch.div(first, self._spare, out=self._spare)
        _add_product(w, w, self._shrinkage, -1.0)
        self._move(w, -1.0 / (1 - self.betas[0] ** self.count))

    def _move(self, w: Tensor, scale: float) -> None:
        """Add scale * rate * `_spare` to w; a member's factor is rounded once, as that of an optimizer in which all share it."""
        if isinstance(self._rate, float):
            _add_product(w, self._spare, self._rate, scale)
        else:
            w.addcmul_(self._spare, self._precise_rate.mul(scale).to(w.dtype))

    def state(self) -> dict[str, NDArray[Any]]:
        """Every moment as (members, parameters), and the number of steps taken."""
        return {**super().state(), "count": np.asarray(self.count)}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take up what `state` returned."""
        super().restore(arrays)
        self.count = int(arrays["count"])

    def _bind(self) -> None:
        super()._bind()
        self._spare = torch.empty_like(self.network.flat)
        if not isinstance(self._rate, float):
            self._precise_rate = self.network.layout.spread(torch.as_tensor(self.rates * self._scale).to(self.network.flat.device))
        self._shrinkage = self._value(self.rates * self.decays * self._scale)


def _add_product(target: Tensor, other: Tensor, factor: Tensor | float, sign: float) -> None:
    """Target += sign * factor * other, with one factor for all or one per element."""
    if isinstance(factor, float):
        if factor:
            target.add_(other, alpha=sign * factor)
    else:
        target.addcmul_(other, factor, value=sign)
