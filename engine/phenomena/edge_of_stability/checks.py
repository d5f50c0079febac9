"""The tools against exact answers: descent on a linear model against its closed form, Lanczos against a dense Hessian."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor, nn

from engine.phenomena.edge_of_stability.lanczos import top_eigenpairs
from engine.seeds import streams
from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.module_network import ModuleNetwork
from engine.training.optimizers import SGD

BEYOND, STEPS = 2.1, 200  # eta S of the linear model, and how long it is watched


@dataclass(frozen=True)
class Checks:
    """Relative differences: of a linear model's weights from their closed form; of the largest eigenvalue from the dense Hessian's."""

    linear: float
    lanczos: float


@cache
def check(seed: int) -> Checks:
    """Make both comparisons on 100 Gaussian points in 40 dimensions."""
    rng = streams(seed).data
    x, y = rng.standard_normal((1, 100, 40)), rng.standard_normal((1, 100, 1))
    return Checks(_linear(torch.from_numpy(x), torch.from_numpy(y)), _lanczos(torch.from_numpy(x), torch.from_numpy(y), rng))


def _linear(x: Tensor, y: Tensor) -> float:
    X, t = x[0].numpy(), y[0, :, 0].numpy()
    eigenvalues, vectors = np.linalg.eigh(X.T @ X / len(X))
    eta = BEYOND / eigenvalues[-1]
    network = ModuleNetwork(nn.Linear(X.shape[1], 1, bias=False), 1, torch.float64)
    place = np.zeros(1, dtype=np.int64)
    order = Batches([np.random.default_rng(0)], len(X), len(X))
    ensemble = Ensemble(SGD(network, eta), TrainingSet(x, y, place, place), order, "half-squared")
    loss = torch.zeros(1, dtype=torch.float64)
    for _ in range(STEPS):
        ensemble.step(loss)
    solution = (vectors.T @ (X.T @ t / len(X))) / eigenvalues
    exact = vectors @ ((1 - (1 - eta * eigenvalues) ** STEPS) * solution)
    return float(np.linalg.norm(network.rows()[0].numpy() - exact) / np.linalg.norm(exact))


def _lanczos(x: Tensor, y: Tensor, rng: np.random.Generator) -> float:
    module = nn.Sequential(nn.Linear(40, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 1))
    network = ModuleNetwork(module, 1, torch.float64)
    drawn = [rng.standard_normal(tuple(parameter.shape)) / np.sqrt(parameter.shape[-1]) for parameter in module.parameters()]
    network.load(0, drawn)
    start = torch.from_numpy(rng.standard_normal((1, network.layout.parameters)))

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        return 0.5 * ((outputs - targets) ** 2).mean()

    top = top_eigenpairs(network.hessian(network.rows(), x, y, loss), start, 1e-6)
    dense = torch.linalg.eigvalsh(_dense_hessian([torch.from_numpy(values) for values in drawn], x[0], y[0]))
    return abs(float(top.value[0] / dense[-1]) - 1)


def _dense_hessian(weights: list[Tensor], x: Tensor, y: Tensor) -> Tensor:
    """The Hessian (parameters, parameters) by plain autograd, twice, of the network written out."""
    sizes = [values.numel() for values in weights]

    def loss(row: Tensor) -> Tensor:
        parts = torch.split(row, sizes)
        W1, b1, W2, b2, W3, b3 = (part.view_as(values) for part, values in zip(parts, weights, strict=True))
        hidden = torch.tanh(torch.tanh(x @ W1.T + b1) @ W2.T + b2)
        found: Tensor = 0.5 * ((hidden @ W3.T + b3 - y) ** 2).mean()
        return found

    row = torch.cat([values.flatten() for values in weights])
    found: Tensor = torch.autograd.functional.hessian(loss, row, vectorize=True)  # type: ignore[no-untyped-call]
    return found
