"""Published networks that the engine trains in a way of its own, for the bench that sets their steps beside a plain loop."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np
from torch import Tensor, nn

from engine.networks.network import ModuleMembers, images
from engine.phenomena.grokking.interventions import Interventions
from engine.phenomena.grokking.mini_batches import MiniBatches
from engine.phenomena.grokking.power_decoder import PowerDecoder
from engine.phenomena.max_margin.convolutional.trainer import Images, Trainer
from engine.training.batches import Batches
from engine.training.initialise import Draw
from engine.training.optimizers import AdamW

RATE, ADAM_RATE, DECAY = 0.01, 1e-3, 0.01
Step: TypeAlias = Callable[[], object]
Parameters: TypeAlias = Callable[[], list[Tensor]]
Trained: TypeAlias = Callable[[nn.Module, Draw, Tensor, Tensor, int], tuple[Step, Parameters]]
"""A module, its first weights, an epoch of inputs (n, d) and labels (n,), and the batch to a step and the parameters as they are then."""


def decoder_step(module: nn.Module, drawn: Draw, x: Tensor, labels: Tensor, batch: int) -> tuple[Step, Parameters]:
    """Power et al.'s decoder as grokking's presets `power` and `power-small` train it."""
    (p, width), dtype = drawn[-1].shape, next(module.parameters()).dtype
    network = PowerDecoder(p, width, 1, dtype, x.device.type)
    network.load(0, drawn)
    hot = nn.functional.one_hot(labels, p).T.to(dtype)
    batches = Batches([np.random.default_rng(1)], len(x), batch)
    trainer = MiniBatches(
        AdamW(network, ADAM_RATE, DECAY),
        x[None],
        hot[None].contiguous(),
        ["cross-entropy"],
        Interventions(network, ["none"]),
        0,
        batches,
        [0],
    )
    return trainer.step, partial(_parameters, network)


def homogeneous_step(module: nn.Module, drawn: Draw, x: Tensor, labels: Tensor, batch: int) -> tuple[Step, Parameters]:
    """Lyu and Li's network as preset `lyu-li` trains it at a constant rate."""
    side = round(x.shape[1] ** 0.5)
    network = ModuleMembers(module, 1, images((side, side, 1)), x.dtype, x.device.type)
    network.load(0, drawn)
    shown = Images(x, labels, x, labels, len(drawn[-1]), (side, side))
    steps = Trainer(network, shown, np.random.default_rng(1), batch, RATE).epochs(10**9)
    return partial(next, steps), partial(_parameters, network)


def homogeneous_as_published(side: int = 28, width: float = 1.0) -> nn.Module:
    """Return Lyu and Li's network with its layers in the order in which the paper names them."""
    first, second, hidden = (max(1, round(count * width)) for count in (32, 64, 1024))
    return nn.Sequential(
        nn.Conv2d(1, first, 5, padding=2, bias=False), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        nn.Conv2d(first, second, 3, padding=1, bias=False), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(second * (side // 4) ** 2, hidden, bias=False), nn.ReLU(inplace=True), nn.Linear(hidden, 10, bias=False),
    )  # fmt: skip


def _parameters(network: ModuleMembers) -> list[Tensor]:
    return [parameter.detach() for parameter in network.modules[0].parameters()]
