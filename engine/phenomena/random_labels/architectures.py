"""The networks of the randomisation test as ensembles: perceptrons, the small CNN of MNIST-1D, and the published convolutional ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from engine.data.split import Split
from engine.networks.drawing import draw_parameters
from engine.networks.network import ModuleMembers, images
from engine.networks.residual import wide_resnet
from engine.networks.zhang import small_alexnet, small_inception
from engine.phenomena.random_labels.cnn import CNN, draw_cnn
from engine.phenomena.random_labels.config import COLOURED, MODULES, RandomLabelsConfig
from engine.phenomena.random_labels.size import first_channels, layer_sizes
from engine.training.initialise import Draw, linear_layers
from engine.training.mlp import MLP

CHANNELS = 25  # of the one-dimensional convolutional network, as published with MNIST-1D


def mlp_sizes(config: RandomLabelsConfig, split: Split) -> tuple[int, ...]:
    """Return the layer sizes of the MLP: pixels, hidden layers, classes."""
    return layer_sizes(config, int(split.x.shape[1]), split.classes)


def module_maker(config: RandomLabelsConfig, split: Split) -> Callable[[], nn.Module]:
    """Return what makes the published network that a config names, for images of the split."""
    channels, classes, width = (split.shape[2] if len(split.shape) == COLOURED else 1), split.classes, config.width_multiplier
    if config.model == "inception":
        return lambda: small_inception(classes, channels, batch_norm=config.batch_norm, width=width)
    if config.model == "alexnet":
        return lambda: small_alexnet(classes, channels, split.shape[0], width=width)
    return lambda: wide_resnet(config.wrn_depth, classes=classes, channels=channels, base=first_channels(config))


def make_network(config: RandomLabelsConfig, split: Split, model: str, members: int, device: str) -> MLP | CNN | ModuleMembers:
    """Return an ensemble of the config's model, or of the CNN beside it, all of whose parameters are 0."""
    if model == "cnn":
        return CNN(split.x.shape[1], CHANNELS, split.classes, members, torch.float32, device)
    if config.model in MODULES:
        return ModuleMembers(module_maker(config, split)(), members, images(split.shape), torch.float32, device)
    return MLP(mlp_sizes(config, split), members, torch.float32, device)


def draw_weights(config: RandomLabelsConfig, split: Split, model: str, rng: np.random.Generator) -> Draw:
    """Draw one network's first parameters."""
    if model == "cnn":
        return draw_cnn(split.x.shape[1], CHANNELS, split.classes, rng)
    if config.model in MODULES:
        return draw_parameters(module_maker(config, split)(), rng)
    return linear_layers(mlp_sizes(config, split), rng)
