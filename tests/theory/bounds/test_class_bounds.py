"""Class-wide bounds against hand-written formulas, brute force over all sign vectors, and the numbers of the reference."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.theory.bounds import risk_bounds as bounds


def test_vc_at_n_is_a_constant() -> None:
    for n in (100, 50_000):
        assert bounds.vc_complexity(n, n, None, capped=False) == pytest.approx(3.68, abs=5e-3)
        assert bounds.vc_complexity(n, n, None) == pytest.approx(3.33, abs=5e-3)
        assert bounds.vc_complexity(n, 100 * n, None) == pytest.approx(math.sqrt(16 * math.log(2)), rel=1e-14)


def test_largest_informative_vc_of_the_reference() -> None:
    def plain(vc: int) -> float:
        return math.sqrt(8 / 50_000 * (vc * math.log(2 * math.e * 50_000 / vc) + math.log(4 / 0.05)))

    assert plain(1141) < 1 < plain(1142)
    assert bounds.largest_informative_vc(50_000, 0.05) == 1141


@pytest.mark.parametrize("n", [1, 30, 60, 1000])
def test_largest_informative_vc_by_scan(n: int) -> None:
    fits = [vc for vc in range(1, n + 1) if 8 / n * (vc * math.log(2 * math.e * n / vc) + math.log(40)) < 1]
    assert bounds.largest_informative_vc(n, 0.1) == max(fits, default=0)


def test_growth_function_is_above_the_binomial_sum() -> None:
    """Sauer: at most sum_{i<=V} C(2n, i) labellings of 2n points."""
    n, delta = 40, 0.05
    for vc in (1, 5, 20, 40, 60, 80):
        labellings = sum(math.comb(2 * n, i) for i in range(vc + 1))
        assert bounds.vc_complexity(n, vc, delta) >= math.sqrt(8 / n * (math.log(labellings) + math.log(4 / delta)))


@pytest.mark.parametrize(
    ("sizes", "expected"), [((2352, 512, 10), 4.9e7), ((2352, 512, 512, 512, 10), 1.4e8)], ids=["MLP 1x512", "MLP 3x512"]
)
def test_relu_vc_scale_of_zhangs_networks(sizes: tuple[int, ...], expected: float) -> None:
    weights = sum(a * b + b for a, b in itertools.pairwise(sizes))
    layers = len(sizes) - 1
    assert bounds.relu_vc_scale(weights, layers) == pytest.approx(expected, rel=0.03)
    assert bounds.relu_vc_lower_scale(weights, layers) < bounds.relu_vc_scale(weights, layers)


def test_parameter_bound_counts_hypotheses() -> None:
    """Hoeffding over a finite class of 2^(32 W) networks."""
    got = bounds.parameter_bound(4000, 9901, 0.03, 0.05)
    assert got.complexity == pytest.approx(math.sqrt((32 * 9901 * math.log(2) + math.log(20)) / 8000), rel=1e-14)
    assert got.value == got.complexity + 0.03
    assert got.constants["bits"] == 32 * 9901


def test_rademacher_bound_by_hand() -> None:
    got = bounds.rademacher_bound(4000, 0.0, 0.025)
    assert got.value == pytest.approx(1 + 3 * math.sqrt(math.log(80) / 8000), rel=1e-14)
    assert bounds.informativeness(got.value) == "vacuous"


def test_linear_ball_against_all_sign_vectors() -> None:
    """Exactly: Rad = (|w|/n) E |sum_i s_i x_i| over the 2^n sign vectors."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(10, 4))
    signs = np.array(list(itertools.product([-1, 1], repeat=10)))
    exact = 1.7 / 10 * np.linalg.norm(signs @ X, axis=1).mean()
    radius = float(np.linalg.norm(X, axis=1).max())
    assert exact <= bounds.linear_rademacher(1.7, radius, 10)
    on_sphere = X / np.linalg.norm(X, axis=1, keepdims=True)
    exact = 1 / 10 * np.linalg.norm(signs @ on_sphere, axis=1).mean()
    assert 0.9 * bounds.linear_rademacher(1, 1, 10) <= exact <= bounds.linear_rademacher(1, 1, 10)


def test_golowich_is_above_what_random_search_reaches() -> None:
    rng = np.random.default_rng(1)
    n, width = 8, 6
    X = rng.normal(size=(n, 3))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    W = rng.normal(size=(20_000, width, 3))
    W /= np.linalg.norm(W, axis=(1, 2), keepdims=True)
    a = rng.normal(size=(20_000, width))
    a /= np.linalg.norm(a, axis=1, keepdims=True)
    outputs = np.einsum("khn,kh->kn", np.maximum(W @ X.T, 0), a)
    signs = np.array(list(itertools.product([-1, 1], repeat=n)))
    reached = float((signs @ outputs.T).max(axis=1).mean() / n)
    limit = bounds.golowich_rademacher(1.0, 1.0, 2, n)
    assert limit == pytest.approx((math.sqrt(4 * math.log(2)) + 1) / math.sqrt(n), rel=1e-14)
    assert 0.05 < reached <= limit


def test_margin_bound_by_hand() -> None:
    got = bounds.margin_bound(4000, 0.3, 5.0, 0.02, 0.025)
    assert got.value == pytest.approx(0.02 + 0.4 * 0.3 + 3 * math.sqrt(math.log(80) / 8000), rel=1e-14)
    assert got.constants == {"R_m": 0.02, "Rad": 0.3, "m": 5.0, "n": 4000, "delta": 0.025}


def test_dyadic_grid_rounds_up_and_spends_delta() -> None:
    for value in (1e-300, 0.3, 0.5, 1.0, 1.0001, 1000.0):
        power, exponent = bounds.rounded_up(value)
        assert power == 2.0**exponent
        assert power / 2 < value <= power
    shares = sum(bounds.shared_delta(0.05, k) for k in range(-20_000, 20_001))
    assert shares == pytest.approx(0.05, rel=1e-4)
    assert shares <= 0.05


def test_random_signs_that_are_fitted_bound_the_complexity_from_below() -> None:
    rng, n, delta = np.random.default_rng(0), 60, 0.1
    outputs = np.sign(rng.normal(size=(40, n)))  # a class of 40 functions, whose complexity is known by simulation
    best = np.array([(outputs @ rng.choice([-1.0, 1.0], n)).max() / n for _ in range(4000)])  # 2a - 1 of the best for each draw
    lower = np.array([bounds.least_rademacher(n, (1 + value) / 2, delta) for value in best])
    assert np.mean(lower > best.mean()) <= delta
    assert bounds.least_rademacher(4000, 1.0, 0.025) == pytest.approx(1 - math.sqrt(2 * math.log(40) / 4000), rel=1e-14)
    assert bounds.least_rademacher(4000, 0.5, 0.025) == 0.0


@pytest.mark.parametrize(
    ("value", "classes", "expected"),
    [
        (0.499, 2, "informative"),
        (0.5, 2, "useless"),
        (0.5, 10, "informative"),
        (0.9, 10, "useless"),
        (1.0, 10, "vacuous"),
        (math.inf, 2, "vacuous"),
        (math.nan, 2, "vacuous"),
    ],
)
def test_what_a_bound_says(value: float, classes: int, expected: str) -> None:
    assert bounds.informativeness(value, classes) == expected


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: bounds.vc_complexity(10, 11, 0.05, capped=False), "at most n = 10"),
        (lambda: bounds.vc_complexity(0, 1, 0.05), "n must"),
        (lambda: bounds.vc_bound(10, 0, 0.1, 0.05), "VC dimension"),
        (lambda: bounds.vc_bound(10, 5, 1.1, 0.05), "training error"),
        (lambda: bounds.parameter_bound(10, 0, 0.1, 0.05), "weights"),
        (lambda: bounds.rademacher_bound(10, 0.1, 0.0), "delta"),
        (lambda: bounds.margin_bound(10, 0.1, 0.0, 0.1, 0.05), "margin"),
        (lambda: bounds.golowich_rademacher(1.0, 1.0, 0, 5), "layers"),
        (lambda: bounds.relu_vc_lower_scale(3, 3), "weights"),
        (lambda: bounds.rounded_up(0.0), "value"),
        (lambda: bounds.informativeness(0.3, 1), "classes"),
    ],
)
def test_refuses_what_has_no_bound(call: object, word: str) -> None:
    with pytest.raises(ProblemError, match=word):
        call()  # type: ignore[operator]
