"""How large the networks of a config are, and what they, their examples and the search for eigenvalues take of memory; without torch."""

from __future__ import annotations

from engine.networks.sizes import NetworkSize, perceptron
from engine.phenomena.edge_of_stability.config import EdgeOfStabilityConfig

BYTES = {"float32": 4, "float64": 8}
VECTORS = 4 * 60  # times the parameters of a network: directions of a search and their images, both stacked as well; 60 of each at most
MADE = 4  # times what layers make of the examples: made, and on the way back; of a direction and its product as well


def layer_sizes(config: EdgeOfStabilityConfig) -> tuple[int, ...]:
    """Return the layers' sizes d, width, ..., width, k."""
    return (config.inputs, *[config.width] * config.depth, config.outputs)


def network_size(config: EdgeOfStabilityConfig) -> NetworkSize:
    """Return the size of one network."""
    return perceptron(layer_sizes(config))


def network_count(config: EdgeOfStabilityConfig, seeds: int) -> int:
    """Return how many networks are trained: one a step size and the control, and seed."""
    return seeds * (len(config.edges) + 1)


def memory(config: EdgeOfStabilityConfig, seeds: int) -> float:
    """Return about how many bytes are held at once: examples as drawn, twice, and for every network, and what the networks make of them."""
    size, networks = network_size(config), network_count(config, seeds)
    drawn = 2.0 * seeds * config.n * config.inputs * BYTES["float64"]
    each = config.n * (config.inputs + MADE * size.units) + VECTORS * size.parameters
    return drawn + float(BYTES[config.precision]) * networks * each
