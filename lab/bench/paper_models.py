"""A training step of each published network: the engine's beside a plain PyTorch loop over the same batches, from the same weights; on the
processor, and on a GPU where torch can use one.

The plain loop is what one would write: `module(x)`, cross-entropy, `backward`, `optimizer.step`, images as channels first, indexed by
a permutation of the epoch; no DataLoader, which `loader` measures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import ceil, prod
from time import perf_counter

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

READING = 0.4  # seconds that a reading takes at least
EPOCH = 4  # batches of an epoch
RATE, MOMENTUM, ADAM_RATE, DECAY = 0.01, 0.9, 1e-3, 0.01
Step = Callable[[], object]


@dataclass(frozen=True)
class Model:
    """A published network with its batch.

    label: its name; make: the module; shape: of an image, height x width x channels, or of what is there instead (two tokens);
    sizes: of a perceptron's layers, which the engine differentiates by hand; adam: AdamW in place of SGD with momentum.
    """

    label: str
    make: Callable[[], nn.Module]
    shape: tuple[int, ...]
    batch: int
    adam: bool = False
    sizes: tuple[int, ...] = ()
    tokens: int = 0
    dtype: torch.dtype = torch.float32

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
        Model("Power's decoder, p = 97", lambda: Decoder(97, 128, HEADS), (2,), 512, adam=True, tokens=97),
        Model("Lyu and Li's CNN", homogeneous_cnn, mnist, 100),
        Model("VGG-11, double precision", vgg11, cifar, 4, dtype=torch.float64),
        Model("ResNet18, double precision", resnet18, cifar, 2, dtype=torch.float64),
    )


def engine_step(model: Model, device: str = "cpu") -> tuple[Step, Callable[[], list[Tensor]]]:
    """Return what takes a step with the engine, and what returns the parameters in the module's order and shape."""
    x, labels = model.data()
    module, one = model.make(), np.zeros(1, dtype=np.int64)
    drawn = _drawn(model, module)
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


def plain_step(model: Model, device: str = "cpu") -> tuple[Step, Callable[[], list[Tensor]]]:
    """Return what takes the same step in plain PyTorch, and what returns the parameters."""
    x, labels = model.data()
    module = model.make().to(device=device, dtype=model.dtype)
    with torch.no_grad():
        for parameter, values in zip(module.parameters(), _ordinary(model, _drawn(model, module)), strict=True):
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)))
    ready, labels = model.view(x).contiguous().to(device), labels.to(device)
    optimizer: torch.optim.Optimizer = (
        torch.optim.AdamW(module.parameters(), ADAM_RATE, weight_decay=DECAY)
        if model.adam
        else torch.optim.SGD(module.parameters(), RATE, MOMENTUM)
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
    return AdamW(network, ADAM_RATE, DECAY) if model.adam else SGD(network, RATE, momentum=MOMENTUM)


def measure(repeats: int) -> list[Row]:
    """Time steps of both, in turn."""
    devices = ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)
    return [row for device in devices for model in published() for row in _rows(model, device, repeats)]


def _rows(model: Model, device: str, repeats: int) -> list[Row]:
    wait = torch.cuda.synchronize if device == "cuda" else _at_once
    ours, plain = engine_step(model, device)[0], plain_step(model, device)[0]
    count = max(1, ceil(READING / _seconds(plain, 1, wait)))
    _seconds(ours, 1, wait)
    pairs = alternate(partial(_seconds, ours, count, wait), partial(_seconds, plain, count, wait), repeats)
    label = f"{model.label}, batch {model.batch}" + (" on the GPU" if device == "cuda" else "")
    return [
        Row(f"{label}: plain PyTorch over engine", "x", tuple(other / mine for mine, other in pairs), 1.0, "higher"),
        Row(f"{label}: a step of the engine", "ms", tuple(1e3 * mine for mine, _ in pairs), better="lower"),
        Row(f"{label}: images a second", "1/s", tuple(model.batch / mine for mine, _ in pairs)),
    ]


def _seconds(step: Step, count: int, wait: Callable[[], object]) -> float:
    step()
    wait()
    began = perf_counter()
    for _ in range(count):
        step()
    wait()
    return (perf_counter() - began) / count


def _at_once() -> None:
    """The processor has done what it was asked."""


ENTRIES = (Entry("paper-models", "a training step of each published network against a plain PyTorch loop", measure, 5),)
