"""The two-layer decoder of Power et al. on pairs of tokens as an ensemble, with its gradient by hand.

Power, Burda, Edwards, Babuschkin, Misra 2022, arXiv:2201.02177, Appendix A.1.2: width 128, 4 heads, about 4e5 parameters beside the
embeddings, the loss of the answer alone, ten steps of warm-up. First weights are PyTorch's.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from engine.networks.decoder import HEADS, Decoder
from engine.networks.decoder_derivative import Derivative
from engine.networks.drawing import draw_parameters
from engine.networks.network import ModuleMembers
from engine.phenomena.grokking.pair_network import PairNetwork
from engine.training.initialise import Draw


class PowerDecoder(ModuleMembers, PairNetwork):
    """Members are computed in turn; parameters are called as in `Decoder`."""

    WARM_UP = 10

    def __init__(self, tokens: int, width: int, members: int, dtype: torch.dtype = torch.float32, device: str = "cpu") -> None:
        self.tokens = tokens
        self._derivatives: list[Derivative] = []
        super().__init__(Decoder(tokens, width, HEADS), members, lambda pairs: pairs, dtype, device)

    def forward(self, x: Tensor) -> Tensor:
        """Return outputs (members, p, b) for pairs (members, b, 2)."""
        at = self.modules[0].positions
        assert isinstance(at, Tensor)  # a buffer, which PyTorch calls a module or a tensor
        tables = ([block[member] for block in self.blocks] for member in range(self.members))
        self._derivatives = [Derivative(weights, at, HEADS, pairs) for weights, pairs in zip(tables, x, strict=True)]
        return torch.stack([derivative.outputs for derivative in self._derivatives])

    def backward(self, delta: Tensor, keep: float = 0.0) -> None:
        """Set `gradient` to `keep * gradient + g` for the outputs' gradient delta (members, p, b)."""
        for member, (derivative, given) in enumerate(zip(self._derivatives, delta, strict=True)):
            derivative.back(given, [block[member] for block in self.gradient_blocks], keep)
        self._derivatives = []

    @property
    def outputs(self) -> int:
        """How many outputs there are: one for every token."""
        return self.tokens

    def draw(self, rng: np.random.Generator) -> Draw:
        """Return one member's first weights."""
        return draw_parameters(self.modules[0], rng)

    def embeddings(self, member: int) -> Tensor:
        """Return the embedding without the operation and "=", (1, p, d)."""
        return self.blocks[self.names.index("embedding.weight")][member : member + 1, : self.tokens]

    def tables(self) -> dict[str, Tensor]:
        """Return the first member's parameters by their names."""
        return {name: block[0] for name, block in zip(self.names, self.blocks, strict=True)}
