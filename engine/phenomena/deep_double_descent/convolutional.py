"""The convolutional networks of Nakkiran et al. 2020, arXiv:1912.02292, each with its own trainer: Adam at a constant rate, or plain SGD
whose rate falls as 1/sqrt(1 + floor(step/512)), on images that may be cut out of a margin and mirrored anew in every step. A rate may
fall in a line as well, which is not the paper's.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from engine.networks.augmentation import CropAndFlip
from engine.networks.convolutional import five_layer_cnn
from engine.networks.drawing import draw_parameters
from engine.networks.network import ModuleMembers, images
from engine.networks.residual import preact_resnet18
from engine.networks.schedules import InverseRoot, LinearDecay, Schedule, constant
from engine.networks.training import ModuleEnsemble, Recipe
from engine.phenomena.deep_double_descent.config import DeepDoubleDescentConfig
from engine.phenomena.deep_double_descent.networks import Setting
from engine.phenomena.deep_double_descent.problem import Problem
from engine.readings import Network
from engine.seeds import streams
from engine.training.batches import Batches
from engine.training.ensemble import TrainingSet
from engine.training.losses import Name as LossName
from engine.training.optimizers import SGD, AdamW

COLOURED = 3  # dimensions of an image with colours


def make_module(config: DeepDoubleDescentConfig, h: int, problem: Problem) -> nn.Module:
    """Return the network of one width for the images of a problem."""
    channels = problem.shape[2] if len(problem.shape) == COLOURED else 1
    return (preact_resnet18 if config.model == "resnet" else five_layer_cnn)(h, problem.classes, channels)


def make_trainer(
    config: DeepDoubleDescentConfig, network: Network[Setting], problem: Problem, x: Tensor, targets: Tensor, loss: LossName
) -> ModuleEnsemble:  # fmt: skip
    """Return the trainer of one network. x: (1, n, d) of its examples, scaled; targets: (1, n, K)."""
    rng = streams(network.seed)
    module = make_module(config, network.setting.h, problem)
    ensemble = ModuleMembers(module, 1, images(problem.shape), torch.float32, x.device.type)
    ensemble.load(0, draw_parameters(module, rng.init))
    sgd = config.optimizer == "sgd"
    optimizer = SGD(ensemble, config.lr, config.wd, config.momentum) if sgd else AdamW(ensemble, config.lr, config.wd)
    one = np.zeros(1, dtype=np.int64)
    batches = Batches([rng.order], x.shape[1], min(config.batch or x.shape[1], x.shape[1]))
    return ModuleEnsemble(optimizer, TrainingSet(x, targets, one, one), batches, _recipe(config, problem, network.seed), loss)


def _recipe(config: DeepDoubleDescentConfig, problem: Problem, seed: int) -> Recipe:
    """The margin of a cut is black, a pixel of 0 before it was scaled."""
    schedules: dict[str, Schedule] = {"constant": constant, "inverse-root": InverseRoot(), "linear": LinearDecay(config.steps)}
    schedule = schedules[config.schedule]
    if not config.augment:
        return Recipe(schedule)
    height, width, channels = (*problem.shape, 1)[:3]
    return Recipe(schedule, (CropAndFlip((height, width, channels), seed, fill=problem.black),))
