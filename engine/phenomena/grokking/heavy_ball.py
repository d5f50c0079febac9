"""Full-batch gradient descent with momentum whose velocity has a buffer of its own, so that the gradient may be changed before it enters.

Polyak 1964 in PyTorch's form (Sutskever et al. 2013), decay added to the gradient. `optimizers.SGD` saves that buffer by keeping the
velocity in the network's gradient; where an intervention projects or amplifies the gradient, it would act on the velocity there.
"""

from __future__ import annotations

from engine.training.network import Network
from engine.training.optimizers import Optimizer, PerMember


class HeavyBall(Optimizer):
    """`v <- beta*v + g + decay*w`, `w <- w - rate*v`; with beta = 0 plain gradient descent."""

    def __init__(self, network: Network, rate: PerMember, decay: PerMember = 0.0, beta: float = 0.0) -> None:
        import torch

        super().__init__(network, rate, decay)
        self.beta = beta
        self.buffers = {"velocity": torch.zeros_like(network.flat)}

    def step(self) -> None:
        """Update every member once."""
        w, v = self.network.flat, self.buffers["velocity"]
        v.mul_(self.beta).add_(self.network.gradient).add_(w * self._decay)
        w.sub_(v * self._rate)
