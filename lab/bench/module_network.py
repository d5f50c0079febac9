"""What an ensemble of ordinary `torch.nn.Module`s costs beside the hand-written network, and what a Hessian product costs beside a step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from time import perf_counter

import numpy as np
import torch
from torch import Tensor, nn

from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.initialise import linear_layers
from engine.training.mlp import MLP
from engine.training.module_network import ModuleNetwork, torch_layers
from engine.training.network import EnsembleNetwork
from engine.training.optimizers import SGD
from lab.bench.entry import Entry, Row, alternate

MEMBERS, N, STEPS = 32, 200, 100
SHAPES = ((40, 32, 32, 1), (196, 256, 10))


def measure(repeats: int) -> list[Row]:
    """Step both networks in turn, then step and multiply by Hessians in turn."""
    rows = []
    for sizes in SHAPES:
        hidden = [layer for a, b in pairwise(sizes[:-1]) for layer in (nn.Linear(a, b), nn.ReLU())]
        module = ModuleNetwork(nn.Sequential(*hidden, nn.Linear(sizes[-2], sizes[-1])), MEMBERS, torch.float64)
        by_hand, ordinary = _ensemble(MLP(sizes, MEMBERS, torch.float64), sizes), _ensemble(module, sizes)
        losses, x = torch.zeros(MEMBERS, dtype=torch.float64), ordinary.data.inputs.expand(MEMBERS, -1, -1)
        products = module.hessian(module.rows(), x, ordinary.data.targets, _half_squared)
        step = partial(_seconds, partial(ordinary.step, losses))
        sides = alternate(step, partial(_seconds, partial(by_hand.step, losses)), repeats)
        curved = alternate(partial(_seconds, partial(products, module.rows()), STEPS // 4), step, repeats)
        name = f"{MEMBERS} networks {'-'.join(map(str, sizes))}, n={N}"
        rows.append(Row(f"{name}: module / by hand", "x", tuple(module / hand for module, hand in sides), better="lower"))
        rows.append(Row(f"{name}: a step of the module", "ms", tuple(1e3 * module for module, _ in sides), better="lower"))
        rows.append(Row(f"{name}: Hessian product / step", "x", tuple(product / one for product, one in curved), better="lower"))
    return rows


def _half_squared(outputs: Tensor, targets: Tensor) -> Tensor:
    return 0.5 * ((outputs - targets) ** 2).sum(dim=1).mean()


def _ensemble(network: EnsembleNetwork, sizes: tuple[int, ...]) -> Ensemble:
    rng, ordinary = np.random.default_rng(0), isinstance(network, ModuleNetwork)
    for member in range(MEMBERS):
        drawn = linear_layers(sizes, np.random.default_rng(member))
        network.load(member, torch_layers(drawn) if ordinary else drawn)
    x = torch.from_numpy(rng.standard_normal((1, N, sizes[0])))
    y = torch.from_numpy(rng.standard_normal((MEMBERS, N, sizes[-1])))
    alike = np.zeros(MEMBERS, dtype=np.int64)
    return Ensemble(SGD(network, 0.01), TrainingSet(x, y, alike, alike), Batches([np.random.default_rng(0)], N, N), "half-squared")


def _seconds(work: Callable[[], object], count: int = STEPS) -> float:
    work()
    began = perf_counter()
    for _ in range(count):
        work()
    return (perf_counter() - began) / count


ENTRIES = (Entry("module-ensemble", "an ensemble of torch.nn.Modules beside the hand-written one", measure, 5),)
