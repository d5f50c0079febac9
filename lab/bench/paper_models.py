"""A training step of each published network: the engine's beside a plain PyTorch loop over the same batches, from the same weights; on the
processor, and on a GPU where torch can use one.

The plain loop is what one would write: `module(x)`, cross-entropy, `backward`, `optimizer.step`, images as channels first, indexed by
a permutation of the epoch; no DataLoader, which `loader` measures. Beside the time that passes stands the processor's, which says the
same on a machine that has nothing else to do, and more on one that has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import ceil, prod
from time import perf_counter, process_time
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from engine.networks.convolutional import five_layer_cnn, homogeneous_cnn, vgg11
from engine.networks.decoder import HEADS, Decoder
from engine.networks.drawing import draw_parameters
from engine.networks.network import ModuleMembers, images
from engine.networks.residual import preact_resnet18, resnet18, wide_resnet
from engine.networks.training import ModuleEnsemble, Recipe, RecipeEnsemble
from engine.networks.zhang import small_alexnet, small_inception
from engine.training.batches import Batches
from engine.training.ensemble import TrainingSet
from engine.training.initialise import Draw, linear_layers
from engine.training.mlp import MLP
from engine.training.module_network import torch_layers
from engine.training.optimizers import SGD, AdamW, Optimizer
from lab.bench.entry import Entry, Row, alternate
from lab.bench.paper_trainers import (
    ADAM_RATE,
    DECAY,
    RATE,
    Parameters,
    Step,
    Trained,
    decoder_step,
    homogeneous_as_published,
    homogeneous_step,
)

READING = 0.4  # seconds that a reading takes at least
EPOCH = 4  # batches of an epoch
MOMENTUM = 0.9


@dataclass(frozen=True)
class Model:
    """A published network with its batch.

    label: its name; make: the module; shape: of an image, height x width x channels, or of what is there instead (two tokens);
    sizes: of a perceptron's layers, which the engine differentiates by hand; adam: AdamW in place of SGD with momentum;
    trained: how the engine trains it where that is not an ensemble of modules; plain: the module as one would write it, where the
    engine's computes the same in another order.
    """

    label: str
    make: Callable[[], nn.Module]
    shape: tuple[int, ...]
    batch: int
    adam: bool = False
    sizes: tuple[int, ...] = ()
    tokens: int = 0
    dtype: torch.dtype = torch.float32
    momentum: float = MOMENTUM
    trained: Trained | None = None
    plain: Callable[[], nn.Module] | None = None

    @property
    def classes(self) -> int:
        """How many outputs there are."""
        return self.tokens or 10

    def data(self) -> tuple[Tensor, Tensor]:
        """Return an epoch of inputs (n, d) and labels (n,)."""
        rng, n = np.random.default_rng(0), EPOCH * self.batch
        labels = torch.from_numpy(rng.integers(0, self.classes, n))
        if self.tokens:
            return torch.from_numpy(rng.integers(0, self.tokens, (n, 2))), labels
        return torch.from_numpy(rng.standard_normal((n, prod(self.shape)))).to(self.dtype), labels

    def view(self, rows: Tensor) -> Tensor:
        """Return rows (batch, d) as the module takes them."""
        return rows if self.sizes or self.tokens else images(self.shape)(rows)


def perceptron(sizes: tuple[int, ...]) -> nn.Module:
    """Return linear layers of these sizes with ReLUs between them."""
    hidden = [layer for a, b in pairwise(sizes[:-1]) for layer in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(*hidden, nn.Linear(sizes[-2], sizes[-1]))


def published() -> tuple[Model, ...]:
    """Return the networks in the papers' sizes; where a step of the paper's batch takes tens of seconds on a CPU, in a smaller batch."""
    zhang, cifar, mnist = (28, 28, 3), (32, 32, 3), (28, 28, 1)
    one, three, omnigrok, belkin = (2352, 512, 10), (2352, 512, 512, 512, 10), (784, 200, 200, 10), (784, 50, 10)
    return (
        Model("MLP 1x512", lambda: perceptron(one), zhang, 128, sizes=one),
        Model("MLP 3x512", lambda: perceptron(three), zhang, 128, sizes=three),
        Model("Omnigrok's MLP", lambda: perceptron(omnigrok), mnist, 200, adam=True, sizes=omnigrok),
        Model("Belkin et al.'s, 50 units", lambda: perceptron(belkin), mnist, 128, sizes=belkin),
        Model("small Inception", small_inception, zhang, 32),
        Model("small AlexNet", small_alexnet, zhang, 128),
        Model("WRN-28-1", wide_resnet, cifar, 32),
        Model("pre-activation ResNet18, k = 8", partial(preact_resnet18, 8), cifar, 128, adam=True),
        Model("5-layer CNN, k = 16", partial(five_layer_cnn, 16), cifar, 128),
        Model("Power's decoder, p = 97", lambda: Decoder(97, 128, HEADS), (2,), 512, adam=True, tokens=97, trained=decoder_step),
        Model("Lyu and Li's CNN", homogeneous_cnn, mnist, 100, momentum=0.0, trained=homogeneous_step, plain=homogeneous_as_published),
        Model("VGG-11, double precision", vgg11, cifar, 4, dtype=torch.float64),
        Model("ResNet18, double precision", resnet18, cifar, 2, dtype=torch.float64),
    )


def engine_step(model: Model, device: str = "cpu") -> tuple[Step, Parameters]:
    """Return what takes a step with the engine, and what returns the parameters in the module's order and shape."""
    x, labels = model.data()
    module, one = model.make().to(model.dtype), np.zeros(1, dtype=np.int64)
    drawn = _drawn(model, module)
    if model.trained is not None:
        return model.trained(module, drawn, x.to(device), labels.to(device), model.batch)
    hot = nn.functional.one_hot(labels, model.classes).to(model.dtype)
    data = TrainingSet(x[None].to(device), hot[None].to(device), one, one)
    batches = Batches([np.random.default_rng(1)], len(x), model.batch)
    losses = torch.zeros(1, dtype=model.dtype, device=device)
    if model.sizes:
        network = MLP(model.sizes, 1, model.dtype, device)
        network.load(0, drawn)
        ensemble: RecipeEnsemble = RecipeEnsemble(_optimizer(model, network), data, batches, Recipe())
        return partial(ensemble.step, losses), lambda: [
            block[0].T if place % 2 == 0 else block[0, 0] for place, block in enumerate(network.blocks)
        ]
    members = ModuleMembers(module, 1, model.view, model.dtype, device)
    members.load(0, drawn)
    ensemble = ModuleEnsemble(_optimizer(model, members), data, batches, Recipe())
    return partial(ensemble.step, losses), lambda: [parameter.detach() for parameter in members.modules[0].parameters()]


def plain_step(model: Model, device: str = "cpu") -> tuple[Step, Parameters]:
    """Return what takes the same step in plain PyTorch, and what returns the parameters."""
    x, labels = model.data()
    module = (model.plain or model.make)().to(device=device, dtype=model.dtype)
    with torch.no_grad():
        for parameter, values in zip(module.parameters(), _ordinary(model, _drawn(model, module)), strict=True):
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)))
    ready, labels = model.view(x).contiguous().to(device), labels.to(device)
    optimizer: torch.optim.Optimizer = (
        torch.optim.AdamW(module.parameters(), ADAM_RATE, weight_decay=DECAY)
        if model.adam
        else torch.optim.SGD(module.parameters(), RATE, model.momentum)
    )
    rng, order = np.random.default_rng(1), list[Tensor]()

    def step() -> None:
        if not order:
            order.extend(torch.split(torch.from_numpy(rng.permutation(len(x))).to(device), model.batch))
        rows = order.pop(0)
        optimizer.zero_grad()
        nn.functional.cross_entropy(module(ready[rows]), labels[rows]).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step, lambda: [parameter.detach() for parameter in module.parameters()]


def _drawn(model: Model, module: nn.Module) -> Draw:
    rng = np.random.default_rng(2)
    return linear_layers(model.sizes, rng) if model.sizes else draw_parameters(module, rng)


def _ordinary(model: Model, drawn: Draw) -> Draw:
    """Return a draw in the shapes of PyTorch."""
    return torch_layers(drawn) if model.sizes else drawn


def _optimizer(model: Model, network: MLP | ModuleMembers) -> Optimizer:
    return AdamW(network, ADAM_RATE, DECAY) if model.adam else SGD(network, RATE, momentum=model.momentum)


def measure(repeats: int) -> list[Row]:
    """Time steps of both, in turn."""
    devices = ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)
    return [row for device in devices for model in published() for row in _rows(model, device, repeats)]


def _rows(model: Model, device: str, repeats: int) -> list[Row]:
    wait = torch.cuda.synchronize if device == "cuda" else _at_once
    ours, plain = engine_step(model, device)[0], plain_step(model, device)[0]
    count = max(1, ceil(READING / _seconds(plain, 1, wait).passed))
    _seconds(ours, 1, wait)
    taken: list[tuple[_Taken, _Taken]] = alternate(partial(_seconds, ours, count, wait), partial(_seconds, plain, count, wait), repeats)
    label = f"{model.label}, batch {model.batch}" + (" on the GPU" if device == "cuda" else "")
    versus = f"{label}: plain PyTorch over engine"
    rows = [Row(versus, "x", tuple(other.passed / mine.passed for mine, other in taken), 1.0, "higher")]
    if device == "cpu":
        rows.append(Row(f"{versus}, processor time", "x", tuple(other.worked / mine.worked for mine, other in taken)))
    return [
        *rows,
        Row(f"{label}: a step of the engine", "ms", tuple(1e3 * mine.passed for mine, _ in taken), better="lower"),
        Row(f"{label}: images a second", "1/s", tuple(model.batch / mine.passed for mine, _ in taken)),
    ]


class _Taken(NamedTuple):
    """Seconds of a step: that passed, and of the processor."""

    passed: float
    worked: float


def _seconds(step: Step, count: int, wait: Callable[[], object]) -> _Taken:
    step()
    wait()
    began, worked = perf_counter(), process_time()
    for _ in range(count):
        step()
    wait()
    return _Taken((perf_counter() - began) / count, (process_time() - worked) / count)


def _at_once() -> None:
    """The processor has done what it was asked."""


ENTRIES = (Entry("paper-models", "a training step of each published network against a plain PyTorch loop", measure, 5),)
