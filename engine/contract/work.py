"""How much a run computes, in units that no machine is in: how long that takes here, `engine.estimates` says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Work:
    """Declared by a phenomenon as a function of its knobs and the number of seeds.

    products: floating-point operations of matrix products in single precision. solves: those of products and factorisations in
    double precision. elements: numbers that elementwise operations on large arrays make. calls: operations on small arrays,
    whose size does not matter.
    """

    products: float = 0.0
    solves: float = 0.0
    elements: float = 0.0
    calls: float = 0.0

    def __add__(self, other: Work) -> Work:
        return Work(
            self.products + other.products, self.solves + other.solves, self.elements + other.elements, self.calls + other.calls
        )  # fmt: skip

    def times(self, factor: float) -> Work:
        """So often the same."""
        return Work(factor * self.products, factor * self.solves, factor * self.elements, factor * self.calls)


WorkOf = Callable[[Any, int], Work]


def training(networks: float, steps: float, weights: float, hidden: float, examples: float, calls: float = 60.0) -> Work:
    """Networks of one shape that take steps side by side.

    weights, hidden: weights and hidden units of one network. examples: of a batch. calls: of a step of all of them together.
    Forward and backward are 6 operations a weight and example; a unit is written about 8 times an example, a weight as often.
    """
    elements = 8.0 * networks * steps * (hidden * examples + weights)
    return Work(products=6.0 * networks * steps * weights * examples, elements=elements, calls=calls * steps)


def perceptron(inputs: float, width: float, depth: int, outputs: float) -> tuple[float, float]:
    """Weights (without biases) and hidden units of a multilayer perceptron."""
    return inputs * width + (depth - 1) * width * width + width * outputs, depth * width
