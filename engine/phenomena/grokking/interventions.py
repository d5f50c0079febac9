"""What is done to a gradient before the optimizer sees it, to make a network grok sooner; a member at a time.

perp-Grad: Prieto, Barsbey, Mediano, Birdal 2025, arXiv:2501.04697. Grokfast-EMA: Lee, Kang, Kim, Lee 2024, arXiv:2405.20233.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import torch
from torch import Tensor

from engine.phenomena.grokking.config import Speedup
from engine.training.network import EnsembleNetwork
from engine.training.optimizers import Optimizer, PerMember

MOMENTUM, GAIN = 0.98, 2.0  # of Grokfast-EMA, as published for modular arithmetic with an MLP and a transformer
TINY = 1e-30  # so that a table of zeros is left alone


class Interventions:
    """Changes the gradient of those members of a network that ask for it.

    names: (members,) one per member; `slow`: Grokfast's averages in the form of the network's buffer, or nothing.
    """

    def __init__(self, network: EnsembleNetwork, names: Sequence[Speedup]) -> None:
        self.network, self.names = network, list(names)
        self.slow: Tensor | None = torch.zeros_like(network.flat) if "grokfast" in names else None

    def apply(self) -> None:
        """Change `network.gradient` in place."""
        if self.slow is not None:
            self._amplify(self.slow)
        if "perp-grad" in self.names:
            self._project()

    def keep(self, members: Sequence[int]) -> None:
        """Go on with these members only; call before the network does."""
        if self.slow is not None:
            self.slow = self.network.compacted(self.slow, members)
        self.names = [self.names[member] for member in members]

    def _amplify(self, slow: Tensor) -> None:
        """`h <- .98 h + .02 g; g <- g + 2 h` for Grokfast's members."""
        slow.lerp_(self.network.gradient, 1.0 - MOMENTUM)
        for average, gradient in zip(self.network.layout.views(slow), self.network.gradient_blocks, strict=True):
            for member, name in enumerate(self.names):
                if name == "grokfast":
                    gradient[member].add_(average[member], alpha=GAIN)

    def _project(self) -> None:
        """`g <- g - (w.g/w.w) w`, rescaled to |g|, table by table."""
        for weights, gradient in zip(self.network.blocks, self.network.gradient_blocks, strict=True):
            for member, name in enumerate(self.names):
                if name == "perp-grad":
                    w, g = weights[member], gradient[member]
                    before = g.norm()
                    g.sub_(w * ((w * g).sum() / w.square().sum().clamp(min=TINY)))
                    g.mul_(before / g.norm().clamp(min=TINY))


class HeavyBall(Optimizer):
    """`v <- beta*v + g + decay*w`, `w <- w - rate*v`; with beta = 0 plain gradient descent (Polyak 1964, in PyTorch's form).

    The velocity has a buffer of its own: `optimizers.SGD` keeps it in the network's gradient, where interventions would act on it.
    """

    def __init__(self, network: EnsembleNetwork, rate: PerMember, decay: PerMember = 0.0, beta: float = 0.0) -> None:
        super().__init__(network, rate, decay)
        self.beta = beta
        self.buffers = {"velocity": torch.zeros_like(network.flat)}

    @property
    def alike(self) -> Hashable:
        """What optimizers have in common whose members one of them can update."""
        return super().alike, self.beta

    def step(self) -> None:
        """Update every member once."""
        w, v = self.network.flat, self.buffers["velocity"]
        v.mul_(self.beta).add_(self.network.gradient).add_(w * self._decay)
        w.sub_(v * self._rate)
