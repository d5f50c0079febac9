"""What descent and the eigenvalues of the Hessian compute."""

from __future__ import annotations

from dataclasses import replace

from engine.contract.work import Work, perceptron, training
from engine.phenomena.edge_of_stability.config import EdgeOfStabilityConfig
from engine.phenomena.edge_of_stability.size import memory, network_count, network_size

PRODUCTS, OF_IMAGES = 10, 35  # of the Hessian with a vector, behind one measured eigenvalue; of classes, whose eigenvalues lie close
GRADIENTS = 3.0  # that one such product costs, with what makes directions orthogonal


def work(config: EdgeOfStabilityConfig, seeds: int) -> Work:
    """A network a step size and the control; every few steps, products of the Hessian with vectors."""
    networks = network_count(config, seeds)
    weights, hidden = perceptron(config.inputs, config.width, config.depth, config.outputs)
    products = OF_IMAGES if config.outputs > 1 else PRODUCTS
    steps = config.steps * (1 + products * GRADIENTS / config.every)
    found = training(networks, steps, weights, hidden, config.n)
    found = found.in_double() if config.precision == "float64" else found
    return replace(found, parameters=network_size(config).parameters, memory=memory(config, seeds))
