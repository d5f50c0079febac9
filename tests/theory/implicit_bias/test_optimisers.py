"""Steppers against closed recursions and torch's optimisers; resuming and chunking bit for bit; limits they share or not."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.state import State
from engine.theory.implicit_bias.optimisers import Schedule
from engine.theory.linear_models.least_squares_descent import Method, least_squares_optimiser, step_limit, steps_to
from engine.theory.linear_models.min_norm import SATURATION, LeastSquares, least_squares

METHODS: tuple[Method, ...] = ("gd", "sgd", "momentum", "nesterov", "adam", "sign")


def problem(seed: int = 0, n: int = 6, d: int = 40) -> LeastSquares:
    rng = np.random.default_rng(seed)
    return least_squares(rng.standard_normal((n, d)), rng.standard_normal(n))


def scalar_recursion(kind: str, curvature: float, eta: float, beta: float, steps: int) -> float:
    """w_t from w_0 = 1 on .5 curvature w^2 by powers of the 2 x 2 matrix of (w, u)."""
    x = eta * curvature
    velocity = [-x, beta] if kind == "momentum" else [-x, beta - x * beta]
    matrix = np.array([[1 + velocity[0], velocity[1]], velocity])
    return float((np.linalg.matrix_power(matrix, steps) @ [1.0, 0.0])[0])


@pytest.mark.parametrize("kind", ["momentum", "nesterov"])
@pytest.mark.parametrize("steps", [1, 7, 64, 200])
def test_momentum_is_the_power_of_its_matrix(kind: Method, steps: int) -> None:
    single = least_squares([[2.0]], [0.0])
    stepper = least_squares_optimiser(kind, single, Schedule(0.05), start=np.array([1.0]), beta=0.8)
    stepper.advance(steps)
    assert stepper.w[0] == pytest.approx(scalar_recursion(kind, 4.0, 0.05, 0.8, steps), rel=1e-10)


@pytest.mark.parametrize("kind", ["momentum", "nesterov", "gd"])
@pytest.mark.parametrize("beta", [0.3, 0.9])
def test_step_limits_separate_convergence_from_divergence(kind: Method, beta: float) -> None:
    given = problem()
    limit = step_limit(kind, given, beta)
    below, beyond = (least_squares_optimiser(kind, given, Schedule(f * limit), beta=beta) for f in (0.98, 1.02))
    for stepper in (below, beyond):
        stepper.advance(6000)
    assert np.linalg.norm(below.w - given.solution) < 1e-6
    assert np.linalg.norm(beyond.w - given.solution) > 1e3
    assert step_limit("adam", given) == step_limit("sign", given) == np.inf


def test_adam_and_heavy_ball_equal_torch() -> None:
    torch = pytest.importorskip("torch")
    given = problem(1, 4, 7)
    X, y = torch.tensor(given.X), torch.tensor(given.y)
    for method, make in (
        ("adam", lambda w: torch.optim.Adam([w], lr=0.03, eps=1e-8)),
        ("momentum", lambda w: torch.optim.SGD([w], lr=0.03, momentum=0.9)),
    ):
        w = torch.zeros(7, dtype=torch.float64, requires_grad=True)
        reference = make(w)
        for _ in range(150):
            reference.zero_grad()
            (0.5 * torch.sum((X @ w - y) ** 2)).backward()
            reference.step()
        stepper = least_squares_optimiser(method, given, Schedule(0.03))
        stepper.advance(150)
        np.testing.assert_allclose(stepper.w, w.detach().numpy(), rtol=1e-9, atol=1e-12)


def test_gradient_descent_equals_the_closed_form() -> None:
    given = problem(2)
    start = np.random.default_rng(3).standard_normal(40)
    eta = 0.7 * given.step_limit
    stepper = least_squares_optimiser("gd", given, Schedule(eta), start=start)
    for steps in (1, 10, 100, 1000):
        stepper.advance(steps - stepper.step)
        closed = given.descend([steps], eta, start)[0]
        assert np.linalg.norm(stepper.w - closed) <= 1e-10 * np.linalg.norm(closed)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["constant", "sqrt", "cosine"])
def test_chunks_and_restoring_change_no_bit(method: Method, kind: str) -> None:
    given = problem(4)
    schedule = Schedule(0.4 * given.step_limit, kind, 300)  # type: ignore[arg-type]

    def fresh() -> object:
        return least_squares_optimiser(method, given, schedule, batch=4, rng=np.random.default_rng(7))

    whole, pieces, first, resumed = fresh(), fresh(), fresh(), fresh()
    whole.advance(200)
    for size in (1, 5, 63, 1, 64, 66):
        pieces.advance(size)
    first.advance(101)
    arrays, scalars = first.state()
    resumed.restore(State(arrays, json.loads(json.dumps(scalars))))
    resumed.advance(99)
    assert whole.step == pieces.step == resumed.step == 200
    np.testing.assert_array_equal(pieces.w, whole.w)
    np.testing.assert_array_equal(resumed.w, whole.w)


@pytest.mark.parametrize("method", ["gd", "sgd", "momentum", "nesterov"])
@pytest.mark.parametrize("batch", [1, 4])
def test_methods_of_the_row_space_share_the_limit(method: Method, batch: int) -> None:
    given = problem(5)
    stepper = least_squares_optimiser(method, given, Schedule(0.5 * given.step_limit), batch=batch, rng=np.random.default_rng(0))
    stepper.advance(4000)
    expected = np.linalg.pinv(given.X) @ given.y
    assert np.linalg.norm(stepper.w - expected) <= 1e-8 * np.linalg.norm(expected)
    assert np.linalg.norm(given.null_component(stepper.w)) <= 1e-12 * np.linalg.norm(stepper.w)


def test_the_limit_of_adam_and_sign_depends_on_the_step_that_of_gd_does_not() -> None:
    given = problem(0)
    rates = np.array([[1e-3], [1e-2], [1e-1]])
    for method in ("adam", "sign"):
        stepper = least_squares_optimiser(method, given, Schedule(rates, "cosine", 4000))
        stepper.advance(4000)
        assert stepper.w.shape == (3, 40)
        residuals = np.linalg.norm(stepper.w @ given.X.T - given.y, axis=1) / np.linalg.norm(given.y)
        assert residuals.max() <= 1e-6
        norms = np.linalg.norm(stepper.w, axis=1)
        assert np.ptp(norms) / norms.mean() >= 1e-2
        assert norms.min() > np.linalg.norm(given.solution)
    steps = given.step_limit * np.array([[0.2], [0.5], [0.9]])
    descent = least_squares_optimiser("gd", given, Schedule(steps))
    descent.advance(4000)
    assert np.ptp(descent.w, axis=0).max() <= 1e-8 * np.linalg.norm(given.solution)


def test_a_run_among_others_equals_itself_alone() -> None:
    given = problem(6)
    rates = np.array([[1e-3], [3e-2]])
    both = least_squares_optimiser("adam", given, Schedule(rates))
    both.advance(100)
    for place in range(2):
        solo = least_squares_optimiser("adam", given, Schedule(float(rates[place, 0])))
        solo.advance(100)
        np.testing.assert_allclose(both.w[place], solo.w, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("method", ["gd", "sgd", "momentum", "nesterov"])
@pytest.mark.parametrize("times", [1.5, 25.0])
def test_divergence_saturates_and_is_named(method: Method, times: float) -> None:
    given = problem(7)
    stepper = least_squares_optimiser(
        method, given, Schedule(times * 2 * given.step_limit if times < 2 else times * given.step_limit), batch=6
    )
    assert not stepper.diverged
    stepper.advance(3000)
    assert stepper.diverged
    assert np.all(np.isfinite(stepper.w))
    assert np.abs(stepper.w).max() <= SATURATION * 1e150


def test_refusals() -> None:
    given = problem(8)
    with pytest.raises(ProblemError, match="100 times its limit"):
        least_squares_optimiser("gd", given, Schedule(100 * given.step_limit))
    with pytest.raises(ProblemError, match="at least 0, got -1"):
        least_squares_optimiser("gd", given, Schedule(-1.0))
    with pytest.raises(ProblemError, match="between 1 and n=6, got 7"):
        least_squares_optimiser("sgd", given, Schedule(0.01), batch=7)
    with pytest.raises(ProblemError, match="momentum must be at least 0 and below 1, got 1"):
        least_squares_optimiser("momentum", given, Schedule(0.01), beta=1.0)
    with pytest.raises(ProblemError, match="eps must not be negative"):
        least_squares_optimiser("adam", given, Schedule(0.01), eps=-1.0)
    with pytest.raises(ProblemError, match="cosine schedule"):
        least_squares_optimiser("gd", given, Schedule(0.01, "cosine"))


@pytest.mark.parametrize("method", ["gd", "momentum", "nesterov"])
@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.99])
def test_the_steps_needed_are_those_after_which_true_steps_have_arrived_and_not_long_before(method: Method, beta: float) -> None:
    """A double root multiplies by t: the bound is then short of the truth by a logarithm, never beyond it by more than a little."""
    least = problem(3, 5, 12)
    eta, tolerance = 0.4 * least.step_limit, 1e-5
    needed = int(np.ceil(steps_to(method, least, eta, tolerance, beta)))
    optimiser = least_squares_optimiser(method, least, Schedule(eta), beta=beta)

    def distance(step: int) -> float:
        optimiser.advance(step - optimiser.step)
        return float(np.linalg.norm(optimiser.w - least.solution) / np.linalg.norm(least.solution))

    assert distance(max(1, int(0.7 * needed))) > tolerance / 10
    assert distance(2 * needed + 20) < tolerance
    assert steps_to(method, least, 5 * least.step_limit, tolerance, beta) == np.inf
