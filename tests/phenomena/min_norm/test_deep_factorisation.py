"""Singular value growth against quadrature and against descent on the factors; completions of low rank."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.integrate import quad

from engine.errors import ProblemError
from engine.phenomena.min_norm.deep_factorisation import effective_rank, singular_value_flow, time_to_learn
from engine.phenomena.min_norm.matrix_completion import (
    Completion,
    DeepFactorisationDescent,
    NuclearNormSplitting,
    completion_problem,
    min_nuclear_norm,
    nuclear_norm,
)
from engine.theory.implicit_bias.optimisers import Schedule


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("start", [1e-3, 0.1])
def test_time_to_learn_is_the_integral_of_one_over_the_rate(depth: int, start: float) -> None:
    target, reached = 0.7, 0.6
    expected = quad(lambda s: 1 / (depth * (s**2) ** (1 - 1 / depth) * (target - s)), start, reached, epsabs=1e-12, limit=400)[0]
    assert time_to_learn(start, reached, target, depth) == pytest.approx(expected, rel=1e-9)
    arrived = singular_value_flow(start, [target, 0.2], depth, [0.0, expected])
    np.testing.assert_allclose(arrived[:, 0], [start, reached], rtol=1e-7)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_flow_is_descent_on_balanced_factors(depth: int) -> None:
    targets, start, eta, steps = np.array([1.0, 0.5]), 0.05, 2e-4, 20_000
    problem = Completion(np.diag(targets), np.ones((2, 2)))
    stepper = DeepFactorisationDescent(problem, depth, 1.0, Schedule(eta), np.random.default_rng(0))
    stepper.restore({"factors": np.broadcast_to(start ** (1 / depth) * np.eye(2), (depth, 2, 2))}, {"step": 0})
    stepper.advance(steps)
    expected = singular_value_flow(start, targets, depth, [eta * steps])[0]
    np.testing.assert_allclose(np.diag(stepper.w), expected, atol=2e-4)


def test_deeper_waits_longer_and_separates_more() -> None:
    waits = [[time_to_learn(1e-3, 0.5 * m, m, depth) for m in (1.0, 0.5)] for depth in (1, 2, 3, 4)]
    first = [large for large, _ in waits]
    ratios = [small - large for large, small in waits]
    assert first == sorted(first)
    assert ratios == sorted(ratios)


def test_effective_rank() -> None:
    assert effective_rank(np.diag([2.0, 2.0, 2.0, 0.0])) == pytest.approx(3)
    assert effective_rank(np.outer([1, 2.0], [3, 1.0])) == pytest.approx(1)
    assert effective_rank(np.zeros((2, 2))) == 0


def test_nuclear_norm_of_two_by_two_with_one_entry_missing() -> None:
    problem = Completion(np.array([[1.0, 0.5], [0.5, 0.0]]), np.array([[1.0, 1.0], [1.0, 0.0]]))
    grid = np.linspace(-2, 2, 40_001)
    candidates = [nuclear_norm(np.array([[1.0, 0.5], [0.5, x]])) for x in grid]
    found = min_nuclear_norm(problem, tolerance=1e-8)
    assert nuclear_norm(found) == pytest.approx(min(candidates), rel=1e-4)
    np.testing.assert_array_equal(found[problem.observed > 0], problem.target[problem.observed > 0])


def test_with_many_entries_all_recover_with_few_depth_helps() -> None:
    rng = np.random.default_rng(0)
    few = completion_problem(30, 2, 300, rng)
    errors = {}
    for depth in (1, 2, 3):
        stepper = DeepFactorisationDescent(few, depth, 1e-3, Schedule(3e-3), np.random.default_rng(1))
        stepper.advance(4000)
        errors[depth] = few.error(stepper.w)
    nuclear = few.error(min_nuclear_norm(few))
    assert errors[3] < 0.1 * nuclear < nuclear < errors[1]
    many = completion_problem(30, 2, 700, rng)
    assert many.error(min_nuclear_norm(many)) < 1e-3
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
    resumed.restore(arrays, json.loads(json.dumps(scalars)))
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
    resumed.restore(arrays, json.loads(json.dumps(scalars)))
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
    with pytest.raises(ProblemError, match="0 < start <= reached < target"):
        time_to_learn(0.1, 1.0, 1.0, 2)
    with pytest.raises(ProblemError, match="not found in 1 iterations"):
        min_nuclear_norm(completion_problem(6, 2, 12, rng), iterations=1)
