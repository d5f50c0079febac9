"""The tools against exact answers: descent on a linear model against its closed form, Lanczos against a dense Hessian."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.phenomena.edge_of_stability.lanczos import top_eigenpairs
from engine.seeds import streams
from engine.training.hessian import SquaredLossHessian
from engine.training.mlp import MLP
from engine.training.optimizers import SGD
from engine.training.whole_batch import WholeBatch

Floats = NDArray[np.float64]
BEYOND, STEPS = 2.1, 200  # eta S of the linear model, and how long it is watched
SIZES = (40, 8, 8, 1)  # of the network whose Hessian is written out


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
    return Checks(_linear(x, y), _lanczos(torch.from_numpy(x), torch.from_numpy(y), rng))


def _linear(x: Floats, y: Floats) -> float:
    """Of a network without hidden layer: weights and bias, which are the weights of inputs with a column of ones."""
    X, t = np.hstack([x[0], np.ones((x.shape[1], 1))]), y[0, :, 0]
    eigenvalues, vectors = np.linalg.eigh(X.T @ X / len(X))
    eta = BEYOND / eigenvalues[-1]
    network = MLP((x.shape[2], 1), 1, torch.float64)
    trainer = WholeBatch(SGD(network, eta), torch.from_numpy(x), torch.from_numpy(y.swapaxes(1, 2).copy()), "half-squared")
    loss = torch.zeros(1, dtype=torch.float64)
    for _ in range(STEPS):
        trainer.step(loss)
    solution = (vectors.T @ (X.T @ t / len(X))) / eigenvalues
    exact = vectors @ ((1 - (1 - eta * eigenvalues) ** STEPS) * solution)
    return float(np.linalg.norm(trainer.weights()[0].numpy() - exact) / np.linalg.norm(exact))


def _lanczos(x: Tensor, y: Tensor, rng: np.random.Generator) -> float:
    network = MLP(SIZES, 1, torch.float64, activation="tanh")
    drawn = [rng.standard_normal(shape) / np.sqrt(shape[0]) for shape in network.layout.shapes]
    network.load(0, drawn)
    start = torch.from_numpy(rng.standard_normal((1, network.layout.parameters)))
    top = top_eigenpairs(SquaredLossHessian(network, x, y.transpose(1, 2)).product, start, 1e-6)
    dense = torch.linalg.eigvalsh(_dense_hessian([torch.from_numpy(values) for values in drawn], x[0], y[0]))
    return abs(float(top.value[0] / dense[-1]) - 1)


def _dense_hessian(weights: Sequence[Tensor], x: Tensor, y: Tensor) -> Tensor:
    """The Hessian (parameters, parameters) by plain autograd, twice, of the network written out."""
    leaves = [values.clone().requires_grad_() for values in weights]
    W1, b1, W2, b2, W3, b3 = leaves
    hidden = torch.tanh(torch.tanh(x @ W1 + b1) @ W2 + b2)
    loss = 0.5 * ((hidden @ W3 + b3 - y) ** 2).mean()
    gradient = torch.cat([values.flatten() for values in torch.autograd.grad(loss, leaves, create_graph=True)])
    rows = [torch.autograd.grad(item, leaves, retain_graph=True) for item in gradient]  # one by one: each is a scalar
    return torch.stack([torch.cat([values.flatten() for values in row]) for row in rows])
