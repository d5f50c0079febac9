"""Many one-dimensional convolutional networks at once, with autograd: every layer is a batched matrix product of patches.

The three-layer network of Greydanus, Kobak 2024, arXiv:2011.14439: kernels of 5, 3 and 3, stride 2, padding 1, ReLU,
then one linear layer. Grouped convolutions would do the same at half the speed (measured on two cores).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from engine.training.initialise import Draw, linear_layers
from engine.training.network import EnsembleNetwork

KERNELS, STRIDE, PADDING = (5, 3, 3), 2, 1


def layer_sizes(length: int, channels: int, classes: int) -> list[tuple[int, int]]:
    """Return (fan_in, fan_out) of each layer; a convolution's fan_in is kernel times channels."""
    sizes, before = [], 1
    for kernel in KERNELS:
        sizes.append((kernel * before, channels))
        length, before = (length + 2 * PADDING - kernel) // STRIDE + 1, channels
    return [*sizes, (length * channels, classes)]


def draw_cnn(length: int, channels: int, classes: int, rng: np.random.Generator) -> Draw:
    """Draw one member's first parameters."""
    return [values for pair in layer_sizes(length, channels, classes) for values in linear_layers(pair, rng)]


class CNN(EnsembleNetwork):
    """Networks on signals (batch, length) of one channel; weights (members, kernel * channels, channels)."""

    def __init__(self, length: int, channels: int, classes: int, members: int, dtype: torch.dtype, device: str = "cpu") -> None:
        sizes = layer_sizes(length, channels, classes)
        super().__init__([shape for a, b in sizes for shape in ((a, b), (1, b))], members, dtype, device)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (members, k, batch); their graph is kept for `backward`."""
        with torch.enable_grad():
            self._outputs = _logits(x, self.leaves)
        return self._outputs.detach()

    def backward(self, delta: Tensor, keep: float = 0.0) -> None:
        """Set `gradient` to `keep * gradient + g`: autograd accumulates into the gradient's own memory."""
        self.gradient.mul_(keep)
        # a product with delta, since gradients that are handed over make torch import its symbolic algebra (.5 s)
        (self._outputs * delta).sum().backward()  # type: ignore[no-untyped-call]

    def predict(self, member: int, x: Tensor) -> Tensor:
        """Return one member's logits (k, n)."""
        return _logits(x.unsqueeze(0), [block[member : member + 1] for block in self.blocks])[0]

    def _bind(self) -> None:
        super()._bind()
        self.leaves = [block.detach().requires_grad_() for block in self.blocks]
        for leaf, gradient in zip(self.leaves, self.gradient_blocks, strict=True):
            leaf.grad = gradient


def _logits(x: Tensor, blocks: list[Tensor]) -> Tensor:
    """x: (members, batch, length) -> (members, k, batch)."""
    members, batch, _ = x.shape
    h = x.unsqueeze(3)  # (members, batch, length, channels)
    for kernel, weight, bias in zip(KERNELS, blocks[0::2], blocks[1::2], strict=False):
        patches = _patches(h, kernel)
        z = torch.baddbmm(bias, patches.view(members, -1, weight.shape[1]), weight)
        h = torch.relu(z).view(members, batch, patches.shape[2], -1)
    features = h.reshape(members, batch, -1).transpose(1, 2)
    return torch.baddbmm(blocks[-1].transpose(1, 2), blocks[-2].transpose(1, 2), features)


def _patches(h: Tensor, kernel: int) -> Tensor:
    """(members, batch, length, channels) -> (members, batch, positions, kernel * channels)."""
    padded = torch.nn.functional.pad(h, (0, 0, PADDING, PADDING))
    span = padded.shape[2] - kernel + 1
    return torch.cat([padded[:, :, tap : tap + span : STRIDE] for tap in range(kernel)], dim=3)
