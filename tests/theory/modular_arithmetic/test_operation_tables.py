"""Tables of the algebraic tasks against plain Python arithmetic and the axioms of a group."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from engine.errors import LabError, ProblemError, UsageError
from engine.theory.modular_arithmetic import operations

RULES = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "x2+y2": lambda a, b: a * a + b * b,
    "x2+xy+y2": lambda a, b: a * a + a * b + b * b,
    "x2+xy+y2+x": lambda a, b: a * a + a * b + b * b + a,
    "x3+xy": lambda a, b: a**3 + a * b,
    "x3+xy2+y": lambda a, b: a**3 + a * b * b + b,
    "div-or-sub": lambda a, b: a * pow(b, -1, 13) if b % 2 else a - b,
}


@pytest.mark.parametrize("name", RULES)
def test_polynomials_pair_by_pair(name: str) -> None:
    table = operations.operation(name, 13)
    expected = [(a, b, RULES[name](a, b) % 13) for a, b in itertools.product(range(13), repeat=2)]
    assert [(a, b, c) for (a, b), c in zip(table.pairs.tolist(), table.labels.tolist(), strict=True)] == expected
    assert table.tokens == 13


def test_division_undoes_multiplication() -> None:
    table = operations.operation("div", 97)
    assert table.pairs.shape == (97 * 96, 2)
    assert table.pairs[:, 1].min() == 1
    assert np.array_equal(table.labels * table.pairs[:, 1] % 97, table.pairs[:, 0])


def test_s5_composes_functions() -> None:
    table = operations.operation("s5")
    elements = list(itertools.permutations(range(5)))
    assert table.pairs.shape == (14_400, 2)
    assert table.tokens == 120
    for place in range(0, 14_400, 37):
        a, b = (elements[i] for i in table.pairs[place])
        assert elements[table.labels[place]] == tuple(a[b[i]] for i in range(5))


@pytest.mark.parametrize(("name", "last"), [("s5-xyx", lambda a: a), ("s5-xyx^-1", lambda a: tuple(a.index(i) for i in range(5)))])
def test_two_further_operations_of_s5_compose_thrice(name, last) -> None:
    table = operations.operation(name)
    elements = list(itertools.permutations(range(5)))
    for place in range(0, 14_400, 37):
        a, b = (elements[i] for i in table.pairs[place])
        third = last(a)
        assert elements[table.labels[place]] == tuple(a[b[third[i]]] for i in range(5))


def test_composition_is_a_group_that_does_not_commute() -> None:
    product = operations.compositions(4)
    everyone = np.arange(24)
    assert np.array_equal(product[0], everyone)
    assert np.array_equal(product[:, 0], everyone)
    assert all(np.array_equal(np.sort(row), everyone) for row in [*product, *product.T])
    assert np.array_equal(product[product], product[:, product])  # (ab)c = a(bc)
    assert not np.array_equal(product, product.T)


@pytest.mark.parametrize("p", [3, 5, 23, 97, 113])
def test_discrete_logarithms_turn_products_into_sums(p: int) -> None:
    log = np.concatenate([[0], operations.discrete_logarithms(p)])
    assert sorted(log[1:].tolist()) == list(range(p - 1))
    a, b = np.arange(1, p)[:, None], np.arange(1, p)[None, :]
    assert np.array_equal(log[a * b % p], (log[a] + log[b]) % (p - 1))


@pytest.mark.parametrize("name", operations.CYCLIC)
def test_cyclic_operations_are_rotations_of_tokens_in_order(name: str) -> None:
    """Whatever b is, the result moves on by one place when a does, in the order of the group without zero where it multiplies."""
    table, order = operations.operation(name, 13), operations.cyclic_order(name, 13)
    result = np.full((13, 13), -1)
    result[table.pairs[:, 0], table.pairs[:, 1]] = table.labels
    place = np.full(13, -1)
    place[order] = np.arange(len(order))
    turned = place[result[np.ix_(order, order)]]
    assert sorted(order.tolist()) == list(range(13 - len(order), 13))
    assert (np.diff(turned, axis=0) % len(order) == 1).all()


def test_primes() -> None:
    assert [q for q in range(30) if operations.is_prime(q)] == [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]


@pytest.mark.parametrize(
    ("name", "p", "kind", "word"),
    [
        ("ad", 97, UsageError, "did you mean add"),
        ("add", 91, ProblemError, "must be a prime"),
        ("add", 1, ProblemError, "must be a prime"),
        ("add", 100_003, ProblemError, "at most 10000"),
    ],
)
def test_refuses_what_is_no_table(name: str, p: int, kind: type[LabError], word: str) -> None:
    with pytest.raises(kind, match=word):
        operations.operation(name, p)
