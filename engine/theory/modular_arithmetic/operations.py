"""Tables of the small algebraic tasks on which networks grok: arithmetic modulo a prime, composition in S5.

Power, Burda, Edwards, Babuschkin, Misra 2022, arXiv:2201.02177, Appendix A.1. Pairs come in row order (a major, b minor).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import UsageError, nearest
from engine.theory.conditions import require

Integers = NDArray[np.int64]

POLYNOMIALS: dict[str, Callable[[Integers, Integers], Integers]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "x2+y2": lambda x, y: x**2 + y**2,
    "x2+xy+y2": lambda x, y: x**2 + x * y + y**2,
    "x2+xy+y2+x": lambda x, y: x**2 + x * y + y**2 + x,
    "x3+xy": lambda x, y: x**3 + x * y,
    "x3+xy2+y": lambda x, y: x**3 + x * y**2 + y,
}
DEGREE = 5  # of the symmetric group
PERMUTATIONS: dict[str, Callable[[Integers], Integers]] = {  # of its table of products, entry (x, y)
    "s5": lambda table: table,
    "s5-xyx^-1": lambda table: table[table, np.argmin(table, axis=1)[:, None]],  # the identity comes first
    "s5-xyx": lambda table: table[table, np.arange(len(table))[:, None]],
}
OPERATIONS = (*POLYNOMIALS, "div", "div-or-sub", *PERMUTATIONS)
ADDITIVE = ("add", "sub")  # functions of a+b or a-b
CYCLIC = (*ADDITIVE, "mul", "div")  # rotations of a cyclic group, if its elements are put in order


@dataclass(frozen=True)
class Operation:
    """Every pair of a task with its result.

    pairs: (N, 2) tokens (a, b); labels: (N,) results, tokens too; tokens: how many elements.
    """

    name: str
    pairs: Integers
    labels: Integers
    tokens: int


def operation(name: str, p: int = 97) -> Operation:
    """Return all pairs of an operation: p^2, or p(p-1) for division (b != 0), or 120^2 for those in S5.

    `div-or-sub` is a/b where b is odd and a-b where it is even.

    Raises:
        UsageError: no operation of this name.
        ProblemError: p that is not a prime, or above 10^4 (for S5, p is not used).
    """
    if name not in OPERATIONS:
        raise UsageError(f"no operation {name!r}{nearest(name, OPERATIONS)}", "operations: " + ", ".join(OPERATIONS))
    if name in PERMUTATIONS:
        table = PERMUTATIONS[name](compositions(DEGREE))
        return Operation(name, _grid(len(table)), table.reshape(-1), len(table))
    require(2 <= p <= 10_000 and is_prime(p), f"p must be a prime of at most 10000, got {p}")
    pairs = _grid(p)
    if name in ("div", "div-or-sub"):
        pairs = pairs[pairs[:, 1] != 0] if name == "div" else pairs
        a, b = pairs.T
        inverses = np.array([pow(int(b), -1, p) if b else 0 for b in range(p)], dtype=np.int64)
        divided = (name == "div") | (b % 2 == 1)
        return Operation(name, pairs, np.where(divided, a * inverses[b], a - b) % p, p)
    return Operation(name, pairs, POLYNOMIALS[name](pairs[:, 0], pairs[:, 1]) % p, p)


def permutations(size: int) -> Integers:
    """Return all permutations of `size` things in lexicographic order, (size!, size), identity first.

    Raises:
        ProblemError: size outside 1..6.
    """
    require(1 <= size <= 6, f"the symmetric group must have degree 1 to 6, got {size}")
    return np.array(list(itertools.permutations(range(size))), dtype=np.int64)


def compositions(size: int) -> Integers:
    """Return the table of the symmetric group, (size!, size!): entry (a, b) is the index of "b first, then a".

    Raises:
        ProblemError: size outside 1..6.
    """
    elements = permutations(size)
    products = elements[:, elements]  # (a, b, i): a[b[i]]
    places = size ** np.arange(size)[::-1]  # lexicographic order is the order of these codes
    return np.asarray(np.searchsorted(elements @ places, products @ places))


def is_prime(p: int) -> bool:
    """Return whether p is a prime, by trial division."""
    return p >= 2 and all(p % divisor for divisor in range(2, math.isqrt(p) + 1))


def discrete_logarithms(p: int) -> Integers:
    """Return `log_g(1), ..., log_g(p-1)` to the least primitive root g, (p-1,): multiplication becomes addition mod p-1.

    Raises:
        ProblemError: p that is not a prime above 2.
    """
    require(p > 2 and is_prime(p), f"p must be a prime above 2, got {p}")
    for root in range(2, p):
        powers = [1]
        while len(powers) < p - 1:
            powers.append(powers[-1] * root % p)
        if len(set(powers)) == p - 1:
            break
    return np.argsort(powers)


def cyclic_order(name: str, p: int) -> Integers:
    """Return the tokens in the order in which a `CYCLIC` operation is a rotation: 0..p-1, or the powers of a primitive root.

    Raises:
        ProblemError: p that is not a prime above 2, for `mul` and `div`.
    """
    return np.arange(p) if name in ADDITIVE else np.argsort(discrete_logarithms(p)) + 1


def _grid(size: int) -> Integers:
    axis = np.arange(size, dtype=np.int64)
    return np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
