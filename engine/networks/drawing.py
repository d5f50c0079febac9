"""First parameters of a `torch.nn` module from the stream `init`: PyTorch's defaults, drawn by NumPy, so the same on every device.

Weights and biases of linear layers and convolutions are uniform within 1/sqrt(fan_in) (He et al. 2015, arXiv:1502.01852, with slope
sqrt(5)), embeddings are N(0, 1), normalisations begin as the identity.
"""

from __future__ import annotations

import math

import numpy as np
from torch import nn

from engine.training.initialise import Draw


def draw_parameters(module: nn.Module, rng: np.random.Generator) -> Draw:
    """Return an array for each of `module.named_parameters()`, in their order and shape.

    Raises:
        TypeError: a layer with parameters of a kind that is not known here.
    """
    drawn: Draw = []
    for layer in module.modules():
        own = [parameter for _, parameter in layer.named_parameters(recurse=False)]
        if not own:
            continue
        if isinstance(layer, nn.Linear | nn.Conv2d):
            bound = 1.0 / math.sqrt(math.prod(layer.weight.shape[1:]))
            drawn += [rng.uniform(-bound, bound, tuple(parameter.shape)) for parameter in own]
        elif isinstance(layer, nn.Embedding):
            drawn += [rng.standard_normal(tuple(parameter.shape)) for parameter in own]
        elif isinstance(layer, nn.BatchNorm2d | nn.LayerNorm):
            drawn += [np.ones(tuple(layer.weight.shape)), np.zeros(tuple(layer.bias.shape))]
        else:
            raise TypeError(f"no first weights are known for {type(layer).__name__}")
    return drawn


def parameter_count(module: nn.Module) -> int:
    """Return how many numbers are trained."""
    return sum(parameter.numel() for parameter in module.parameters())
