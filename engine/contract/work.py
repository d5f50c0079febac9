"""How much a run computes, in units that no machine is in: how long that takes here, `engine.estimates` says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Work:
    """Declared by a phenomenon as a function of its knobs and the number of seeds.

    products: floating-point operations of matrix products in single precision. solves: those of products and factorisations in
    double precision. elements: numbers that elementwise operations on large arrays make. calls: operations on small arrays,
    whose size does not matter. convolutions: what a thin one takes beside its products, forward and back. parameters: trained numbers of
    the largest network; memory: bytes that are held at once; 0 where that is not declared. slower: how many of the products stand for
    time alone, as `in_double` adds them.
    """

    products: float = 0.0
    solves: float = 0.0
    elements: float = 0.0
    calls: float = 0.0
    convolutions: float = 0.0
    parameters: int = 0
    memory: float = 0.0
    slower: float = 0.0

    def __add__(self, other: Work) -> Work:
        return Work(
            self.products + other.products, self.solves + other.solves, self.elements + other.elements, self.calls + other.calls,
            self.convolutions + other.convolutions,
            max(self.parameters, other.parameters), self.memory + other.memory, self.slower + other.slower,
        )  # fmt: skip

    @property
    def operations(self) -> float:
        """Floating-point operations of all products."""
        return self.products - self.slower + self.solves

    def times(self, factor: float) -> Work:
        """So often the same, one after the other."""
        amounts = (factor * self.products, factor * self.solves, factor * self.elements, factor * self.calls, factor * self.convolutions)
        return Work(*amounts, self.parameters, self.memory, factor * self.slower)

    def in_double(self) -> Work:
        """The same operations on numbers of double size, which take as long as twice as many."""
        return replace(self.times(2), solves=self.solves, slower=self.slower + self.products)


WorkOf = Callable[[Any, int], Work]


def training(networks: float, steps: float, weights: float, hidden: float, examples: float, calls: float = 60.0) -> Work:
    """Networks of one shape that take steps side by side.

    weights, hidden: weights and hidden units of one network. examples: of a batch. calls: of a step of all of them together.
    Forward and backward are 6 operations a weight and example; a unit is written about 8 times an example, a weight as often.
    """
    elements = 8.0 * networks * steps * (hidden * examples + weights)
    return Work(products=6.0 * networks * steps * weights * examples, elements=elements, calls=calls * steps)


def modules(
    networks: float, steps: float, products: float, units: float, layers: float, parameters: float, examples: float, *,
    convolve: bool = True,
) -> Work:  # fmt: skip
    """Networks whose derivatives autograd makes, one after the other.

    products, units: multiplications and numbers made of one example; layers: of a network; examples: of a batch; convolve: whether layers
    are convolutions. A number is written about 16 times forward and backward, normalised and cut off by a ReLU; a layer takes about 12
    operations, an update of a parameter 8.
    """
    taken = networks * steps
    return Work(
        products=6.0 * taken * products * examples, elements=taken * (16.0 * units * examples + 8.0 * parameters),
        calls=(12.0 * layers + 60.0) * taken, convolutions=layers * taken if convolve else 0.0,
    )  # fmt: skip


def perceptron(inputs: float, width: float, depth: int, outputs: float) -> tuple[float, float]:
    """Weights (without biases) and hidden units of a multilayer perceptron."""
    return inputs * width + (depth - 1) * width * width + width * outputs, depth * width
