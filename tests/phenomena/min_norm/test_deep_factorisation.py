"""Singular value growth against quadrature and against descent on the factors; completions of low rank."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.integrate import quad

from engine.errors import ProblemError
from engine.phenomena.min_norm.deep_factorisation import singular_value_flow
from engine.phenomena.min_norm.matrix_completion import Completion, DeepFactorisationDescent, NuclearNormSplitting, completion_problem
from engine.state import State
from engine.theory.implicit_bias.optimisers import Schedule


def time_to_learn(start: float, reached: float, target: float, depth: int) -> float:
    """The integral of one over the growth rate of a singular value."""
    return quad(lambda s: 1 / (depth * (s**2) ** (1 - 1 / depth) * (target - s)), start, reached, epsabs=1e-12, limit=400)[0]


def least_nuclear_norm(problem: Completion, tolerance: float = 1e-4) -> np.ndarray:
    splitting = NuclearNormSplitting(problem, tolerance)
    splitting.advance(2000)
    assert splitting.converged
    return splitting.completion


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("start", [1e-3, 0.1])
def test_a_singular_value_grows_for_the_integral_of_one_over_its_rate(depth: int, start: float) -> None:
    target, reached = 0.7, 0.6
    arrived = singular_value_flow(start, [target, 0.2], depth, [0.0, time_to_learn(start, reached, target, depth)])
    np.testing.assert_allclose(arrived[:, 0], [start, reached], rtol=1e-7)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_flow_is_descent_on_balanced_factors(depth: int) -> None:
    targets, start, eta, steps = np.array([1.0, 0.5]), 0.05, 2e-4, 20_000
    problem = Completion(np.diag(targets), np.ones((2, 2)))
    stepper = DeepFactorisationDescent(problem, depth, 1.0, Schedule(eta), np.random.default_rng(0))
    stepper.restore(State({"factors": np.broadcast_to(start ** (1 / depth) * np.eye(2), (depth, 2, 2))}, {"step": 0}))
    stepper.advance(steps)
    expected = singular_value_flow(start, targets, depth, [eta * steps])[0]
    np.testing.assert_allclose(np.diag(stepper.w), expected, atol=2e-4)


def test_deeper_waits_longer_and_separates_more() -> None:
    waits = [[time_to_learn(1e-3, 0.5 * m, m, depth) for m in (1.0, 0.5)] for depth in (1, 2, 3, 4)]
    first = [large for large, _ in waits]
    ratios = [small - large for large, small in waits]
    assert first == sorted(first)
    assert ratios == sorted(ratios)


def test_nuclear_norm_of_two_by_two_with_one_entry_missing() -> None:
    problem = Completion(np.array([[1.0, 0.5], [0.5, 0.0]]), np.array([[1.0, 1.0], [1.0, 0.0]]))
    grid = np.linspace(-2, 2, 40_001)
    candidates = [np.linalg.norm(np.array([[1.0, 0.5], [0.5, x]]), "nuc") for x in grid]
    found = least_nuclear_norm(problem, tolerance=1e-8)
    assert np.linalg.norm(found, "nuc") == pytest.approx(min(candidates), rel=1e-4)
    np.testing.assert_array_equal(found[problem.observed > 0], problem.target[problem.observed > 0])


def test_with_many_entries_all_recover_with_few_depth_helps() -> None:
    rng = np.random.default_rng(0)
    few = completion_problem(30, 2, 300, rng)
    errors = {}
    for depth in (1, 2, 3):
        stepper = DeepFactorisationDescent(few, depth, 1e-3, Schedule(3e-3), np.random.default_rng(1))
        stepper.advance(4000)
        errors[depth] = few.error(stepper.w)
    nuclear = few.error(least_nuclear_norm(few))
    assert errors[3] < 0.1 * nuclear < nuclear < errors[1]
    many = completion_problem(30, 2, 700, rng)
    assert many.error(least_nuclear_norm(many)) < 1e-3
    assert few.observed.sum() == 300
    assert np.linalg.matrix_rank(few.target) == 2
    assert np.linalg.norm(few.target) == pytest.approx(30)


def test_chunks_restoring_and_divergence() -> None:
    problem = completion_problem(6, 1, 20, np.random.default_rng(0))

    def fresh(eta: float) -> DeepFactorisationDescent:
        return DeepFactorisationDescent(problem, 3, 1e-2, Schedule(eta), np.random.default_rng(1))

    whole, pieces, resumed = fresh(1e-3), fresh(1e-3), fresh(1e-3)
    whole.advance(150)
    pieces.advance(71)
    arrays, scalars = pieces.state()
    resumed.restore(State(arrays, json.loads(json.dumps(scalars))))
    np.testing.assert_array_equal(resumed.w, pieces.w)
    resumed.advance(79)
    np.testing.assert_array_equal(resumed.w, whole.w)
    wild = fresh(10.0)
    wild.advance(200)
    assert wild.diverged
    assert np.all(np.isfinite(wild.w))


def test_the_splitting_continues_bit_for_bit_and_rests_when_it_has_converged() -> None:
    problem = completion_problem(8, 1, 40, np.random.default_rng(0))
    whole, pieces, resumed = (NuclearNormSplitting(problem) for _ in range(3))
    whole.advance(30)
    pieces.advance(11)
    arrays, scalars = pieces.state()
    resumed.restore(State(arrays, json.loads(json.dumps(scalars))))
    resumed.advance(19)
    np.testing.assert_array_equal(resumed.completion, whole.completion)
    whole.advance(2000)
    rested = whole.completion
    whole.advance(5)
    assert whole.converged
    np.testing.assert_array_equal(whole.completion, rested)


def test_refusals() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ProblemError, match="rank must be between 1 and d=4, got 5"):
        completion_problem(4, 5, 3, rng)
    with pytest.raises(ProblemError, match="between 1 and d\\^2=16, got 17"):
        completion_problem(4, 2, 17, rng)
    with pytest.raises(ProblemError, match="scale must be positive"):
        DeepFactorisationDescent(completion_problem(4, 2, 7, rng), 2, 0.0, Schedule(0.1), rng)
    with pytest.raises(ProblemError, match="depth must be at least 1, got 0"):
        singular_value_flow(0.1, [1.0], 0, [1.0])
    with pytest.raises(ProblemError, match="must be positive"):
        singular_value_flow(0.1, [0.0], 2, [1.0])
    splitting = NuclearNormSplitting(completion_problem(6, 2, 12, rng))
    splitting.advance(1)
    assert not splitting.converged
