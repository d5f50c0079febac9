"""Maximum likelihood against scikit-learn, and its limit against its own equations' small psi, a large sample, and the threshold."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from engine.errors import ProblemError
from engine.theory.margins.logistic_likelihood import likelihood_limit, maximum_likelihood
from engine.theory.margins.proportional_margin import LogisticLabels


def rows(n, d, r, seed, hidden=0.0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d))
    logit = r * x[:, 0] + hidden * rng.standard_normal(n)
    return x * np.where(rng.random(n) < expit(logit), 1, -1)[:, None]


def test_it_is_the_minimum_of_the_loss():
    z = rows(200, 8, 3.0, 0)
    found = minimize(lambda w: (np.logaddexp(0, -z @ w).sum(), -z.T @ expit(-z @ w)), np.zeros(8), jac=True, method="BFGS",
                     options={"gtol": 1e-8})  # fmt: skip
    np.testing.assert_allclose(maximum_likelihood(z), found.x, rtol=1e-6, atol=1e-6)


def test_separable_rows_have_none():
    with pytest.raises(ProblemError, match="has no maximum"):
        maximum_likelihood(rows(30, 29, 1.0, 0))


@pytest.mark.parametrize(("r", "hidden", "psi"), [(4.0, 0.0, 0.1), (5.5, 8.4, 0.2), (0.0, 0.0, 0.25)])
def test_large_samples_come_close(r, hidden, psi):
    n, draws = 400, 10
    labels = LogisticLabels(r, hidden)
    weights = [maximum_likelihood(rows(n, round(psi * n), r, seed, hidden)) for seed in range(draws)]
    along = np.array([w[0] for w in weights])
    across = np.array([np.linalg.norm(w[1:]) for w in weights])
    found = likelihood_limit(labels, psi)
    for values, limit in ((along, found.along), (across, found.across)):
        assert values.mean() == pytest.approx(limit, abs=4 * values.std(ddof=1) / np.sqrt(draws) + 0.05 * max(found.along, found.across))
    errors = labels.error(along / np.hypot(along, across))
    assert errors.mean() == pytest.approx(found.error, abs=4 * errors.std(ddof=1) / np.sqrt(draws) + 0.003)


def test_it_joins_the_max_margin_at_the_threshold():
    labels = LogisticLabels(4.0)
    below, above = likelihood_limit(labels, 0.98 * labels.threshold), labels.max_margin(1.02 * labels.threshold)
    assert below.error == pytest.approx(above.error, abs=0.015)
    assert below.error < above.error


def test_with_few_features_it_is_the_truth():
    found = likelihood_limit(LogisticLabels(2.0), 0.002)
    assert (found.along, found.rho) == pytest.approx((2.0, 1.0), abs=0.02)
    assert found.error == pytest.approx(LogisticLabels(2.0).bayes_error, abs=1e-3)


def test_beyond_the_threshold_there_is_none():
    with pytest.raises(ProblemError, match=r"psi must lie between 0 and 0\.2215"):
        likelihood_limit(LogisticLabels(4.0), 0.3)


def test_the_error_at_a_cosine_is_that_of_drawn_labels():
    rng = np.random.default_rng(0)
    labels, rho = LogisticLabels(4.0, 2.0), 0.6
    g, z, h = rng.standard_normal((3, 1_000_000))
    y = np.where(rng.random(g.size) < expit(4 * g + 2 * h), 1, -1)
    wrong = np.mean(y * (rho * g + 0.8 * z) < 0)
    assert labels.error(rho) == pytest.approx(wrong, abs=4 * np.sqrt(wrong * (1 - wrong) / g.size))
    np.testing.assert_allclose(labels.error([1.0, 0.0, -1.0]), [labels.bayes_error, 0.5, 1 - labels.bayes_error], atol=2e-3)
