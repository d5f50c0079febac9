"""What descent and the eigenvalues of the Hessian compute."""

from __future__ import annotations

from engine.contract.work import Work, perceptron, training
from engine.phenomena.edge_of_stability.config import EdgeOfStabilityConfig

PRODUCTS = 10  # of the Hessian with a vector, behind one measured eigenvalue
GRADIENTS = 3.0  # that one such product costs, with what makes directions orthogonal


def work(config: EdgeOfStabilityConfig, seeds: int) -> Work:
    """A network a step size and the control; every few steps, products of the Hessian with vectors."""
    networks = seeds * (len(config.edges) + 1)
    weights, hidden = perceptron(config.inputs, config.width, config.depth, config.outputs)
    steps = config.steps * (1 + PRODUCTS * GRADIENTS / config.every)
    return training(networks, steps, weights, hidden, config.n)
