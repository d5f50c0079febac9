"""Certificates and bounds of a small run against formulas written here and fresh draws; every constant is told."""

import numpy as np
import pytest
from scipy.optimize import brentq

from engine.phenomena.vacuous_bounds.figures import BOUNDED, SHOWN_AS, TERMS
from engine.phenomena.vacuous_bounds.problem import draw_problem
from tests.phenomena.driven import work
from tests.phenomena.vacuous_bounds.small import SMALL, make, verdict

pytestmark = pytest.mark.usefixtures("one_thread", "own_cache")


def inverted(q, c):
    """Larger p with kl(q || p) = c, by a root finder."""

    def kl(p):
        return (q * np.log(q / p) if q else 0.0) + (1 - q) * np.log((1 - q) / (1 - p)) - c

    return brentq(kl, q + 1e-12, 1 - 1e-15)


def test_a_narrow_posterior_around_half_of_the_data_is_certified_from_the_other_half(small):
    n, width, draws, rng = SMALL["n"], SMALL["width"], SMALL["mc"], np.random.default_rng(3)
    for place, seed in enumerate(small.seeds):
        problem, bound = small.problems[place], small.measured[place].bounds["half data"]
        x, signs = problem.x[n // 2 :].astype(float), problem.signs["true"][n // 2 :]
        w = small.narrow.sgd.weights[place].astype(float)
        errors = []
        for _ in range(400):
            v = w + 0.01 * rng.standard_normal(w.size)
            hidden = np.maximum(x @ v[: 196 * width].reshape(196, width) + v[196 * width : 197 * width], 0)
            errors.append(np.mean(signs * (hidden @ v[197 * width : 198 * width] + v[-1]) <= 0))
        spread = np.std(errors) * np.sqrt(1 / 400 + 1 / draws)
        assert bound.constants["q"] == pytest.approx(np.mean(errors), abs=5 * spread + 1e-9), seed
        raised = inverted(bound.constants["q"], np.log(2 / 0.01) / draws)
        assert bound.value == pytest.approx(inverted(raised, np.log(2 * np.sqrt(n / 2) / 0.025) / (n / 2)), rel=1e-9)
    first = small.history.records[-1]
    assert verdict(small, "VB5").values["around half data"] == pytest.approx(
        min(np.array(first["half data"]) - np.array(first["half-data-test-error"]))
    )


def test_the_certificate_follows_from_the_posterior_and_fresh_draws(small):
    arrays, n, draws = small.arrays(), SMALL["n"], SMALL["mc"]
    w, s, w0, prior = (arrays[f"true_{name}"] for name in ("w", "s", "w0", "lambda"))
    rng, width = np.random.default_rng(5), SMALL["width"]
    errors = []
    for _ in range(400):
        v = w + np.sqrt(s) * rng.standard_normal(w.size)
        hidden = np.maximum(arrays["X"] @ v[: 196 * width].reshape(196, width) + v[196 * width : 197 * width], 0)
        errors.append(np.mean(arrays["y_true"] * (hidden @ v[197 * width : 198 * width] + v[-1]) <= 0))
    bound = small.measured[0].bounds["PAC-Bayes"]
    spread = np.std(errors) * np.sqrt(1 / 400 + 1 / draws)
    assert bound.constants["q"] == pytest.approx(np.mean(errors), abs=5 * spread)
    j = bound.constants["j"]
    lam = 0.1 * np.exp(-j / 100)
    assert lam == pytest.approx(float(prior), rel=0.011)
    kl = 0.5 * (s.sum() / lam - w.size + ((w - w0) ** 2).sum() / lam + w.size * np.log(lam) - np.log(s).sum())
    assert bound.constants["KL"] == pytest.approx(kl, rel=1e-9)
    bnd = (kl + np.log(np.pi**2 * n / (6 * 0.025)) + 2 * np.log(j)) / (n - 1)
    raised = inverted(bound.constants["q"], np.log(2 / 0.01) / draws)
    assert bound.value == pytest.approx(inverted(raised, bnd), rel=1e-9)
    assert bound.constants["confidence"] == pytest.approx(0.965)
    k = (kl + np.log(2 * np.sqrt(n) * np.pi**2 * j**2 / (6 * 0.025))) / (2 * n)
    found = small.measured[0].bounds
    assert found["classic"].value == pytest.approx(raised + np.sqrt(k), rel=1e-9)
    assert found["quadratic"].value == pytest.approx((np.sqrt(raised + k) + np.sqrt(k)) ** 2, rel=1e-9)
    weights = np.linspace(0.001, 1.999, 4000)
    assert found["lambda"].value == pytest.approx((raised / (1 - weights / 2) + 2 * k / (weights * (1 - weights / 2))).min(), rel=1e-5)


@pytest.mark.parametrize(("objective", "surrogate"), [("classic", "bounded"), ("quadratic", "logistic"), ("lambda", "bounded")])
def test_objectives_with_a_fixed_prior_are_certified_with_their_own_constants(objective, surrogate):
    run, n, draws = work(make(objective=objective, surrogate=surrogate, **SMALL)), SMALL["n"], SMALL["mc"]
    arrays, found = run.arrays(), run.measured[0].bounds
    w, s, w0, prior = (arrays[f"true_{name}"] for name in ("w", "s", "w0", "lambda"))
    assert float(prior) == pytest.approx(np.exp(-6), rel=1e-6)  # where it was before the data were seen
    kl = 0.5 * (s.sum() / prior - w.size + ((w - w0) ** 2).sum() / prior + w.size * np.log(prior) - np.log(s).sum())
    bound = found["PAC-Bayes"]
    raised = inverted(bound.constants["q"], np.log(2 / 0.01) / draws)
    assert bound.value == pytest.approx(inverted(raised, (kl + np.log(2 * np.sqrt(n) / 0.025)) / n), rel=1e-6)
    assert "j" not in bound.constants and bound.constants.get("p_min") == (1e-5 if surrogate == "bounded" else None)
    assert ("l trained" in bound.constants) == (objective == "lambda")
    k = (kl + np.log(2 * np.sqrt(n) / 0.025)) / (2 * n)
    assert found["classic"].value == pytest.approx(raised + np.sqrt(k), rel=1e-6)
    assert found["classic"].constants["delta"] == 0.025
    assert bound.value <= min(found[name].value for name in ("classic", "quadratic", "lambda"))
    assert verdict(run, "VB5").holds and verdict(run, "VB7").holds


def test_pixels_are_scaled_by_numbers_that_no_sample_moves():
    problem = draw_problem("digits196", 200, 0)
    for x in (problem.x, problem.x_test):
        pixels = x.astype(float) * 0.3081 + 0.1307
        assert pixels.min() == pytest.approx(0, abs=1e-6) and pixels.max() == pytest.approx(1, abs=1e-6)


def test_spectral_bounds_follow_from_singular_values(small):
    arrays, n = small.arrays(), SMALL["n"]
    bounds = small.measured[0].bounds
    first, last = (
        np.vstack([np.column_stack([arrays["true_W1"].T, arrays["true_b1"].T]), np.eye(1, 197, 196)]),
        np.column_stack([arrays["true_W2"].T, arrays["true_b2"].T]),
    )
    norms = [np.linalg.svd(item, compute_uv=False)[0] for item in (first, last)]
    inputs = np.column_stack([arrays["X"].astype(float), np.ones(n)])
    assert bounds["spectral"].constants["prod |A_i|_2"] == pytest.approx(norms[0] * norms[1], rel=1e-6)
    assert bounds["spectral"].constants["|X|_F"] == pytest.approx(np.linalg.norm(inputs), rel=1e-6)
    margins = arrays["y_true"] * (np.maximum(inputs @ first.T, 0) @ last.T)[:, 0]
    np.testing.assert_allclose(margins, arrays["true_margins"], rtol=1e-6, atol=1e-6)
    assert bounds["VC"].constants["R"] == np.mean(margins <= 0)
    error, budget = bounds["held out"].constants["E"], np.log(40) / 4000
    assert bounds["held out"].value == pytest.approx(inverted(error, budget), rel=1e-6)
    assert bounds["held out"].constants["from below"] == pytest.approx(1 - inverted(1 - error, budget), rel=1e-6)


def test_every_constant_is_printed(small):
    for name in BOUNDED:
        detail = next(item for item in small.details() if item.name == f"{'Term' if name in TERMS else 'Bound'} {SHOWN_AS[name]}")
        assert [row.subject for row in detail.rows] == (["true"] if name == "half data" else ["true", "random"])
        for constant in small.measured[0].bounds[name].constants:
            assert f"{constant}=" in detail.lines()[2]
        entered = small.measured[0].bounds[name].constants
        assert name in TERMS or {"delta", "confidence"} & set(entered)


def test_what_is_said_of_a_bound_is_its_word_and_its_grade():
    run = work(make(**SMALL), until=2)  # weights have hardly moved: the terms are small, the error is not
    grades = {"informative": "good", "useless": "poor", "vacuous": "bad"}
    for detail in run.details():
        for row in detail.rows:
            if detail.caveat:
                assert (row.word, row.grade, row.remark) == ("", "", "")
                continue
            assert row.word == ("informative" if row.value < 0.5 else "useless" if row.value < 1 else "vacuous")
            assert row.grade == grades[row.word]
    assert {detail.name for detail in run.details() if detail.caveat} == {"Bound Rademacher", *(f"Term {SHOWN_AS[name]}" for name in TERMS)}


def test_the_certificate_stands_beside_the_test_error_of_its_draws(small):
    rows = next(item.rows for item in small.details() if item.name == "Bound PAC-Bayes")
    errors = [small.readings.latest("stochastic-test-error", labels)[0] for labels in ("true", "random")]
    assert [row.remark for row in rows] == [f" (test error of the draws {error:.3g})" for error in errors]


def test_v_is_given_from_both_sides_and_where_a_bound_would_be_informative(small):
    constants, n = small.measured[0].bounds["VC"].constants, SMALL["n"]
    weights = 196 * 10 + 10 + 10 + 1
    assert (constants["W"], constants["V"]) == (weights, pytest.approx(2 * weights * np.log2(weights)))
    assert constants["W L log2(W/L)"] == pytest.approx(2 * weights * np.log2(weights / 2))
    below_1 = [v for v in range(1, n) if 8 / n * (v * np.log(2 * np.e * n / v) + np.log(4 / 0.025)) < 1]
    assert constants["largest V below 1"] == max(below_1)


def test_the_linear_example_agrees_with_explicit_vectors():
    rng, m, ratio = np.random.default_rng(1), 20, 64
    dims = ratio * m
    errors = []
    for _ in range(30):
        x2, y = rng.standard_normal((m, dims)) * np.sqrt(32 / dims), rng.choice([-1.0, 1.0], m)
        w2 = y @ x2
        fresh = rng.standard_normal((2000, dims)) * np.sqrt(32 / dims)
        errors.append(np.mean(4 + fresh @ w2 <= 0))
    run = make(tuple(range(20)), m=m, D_over_m=ratio, **SMALL)
    test, flipped = (np.array([getattr(one, name) for one in run.examples[ratio]]) for name in ("test_error", "flipped_error"))
    spread = np.hypot(np.std(errors) / np.sqrt(30), test.std() / np.sqrt(20))
    assert test.mean() == pytest.approx(np.mean(errors), abs=5 * spread)
    assert (flipped == 1).all()


def test_half_of_the_data_makes_the_prior_and_the_other_half_counts():
    run = work(make(prior="half-data", labels="true", **SMALL))
    bound = run.measured[0].bounds["PAC-Bayes"]
    assert bound.constants["n"] == SMALL["n"] // 2
    assert verdict(run, "VB2").reason == "needs labels both"
    assert verdict(run, "VB6").reason.startswith("needs labels both or random, random_epochs at least 300, prior init")
