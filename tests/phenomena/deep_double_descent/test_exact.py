"""The two-scale model against gradient descent simulated step by step, and its published valley, peak and end."""

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.phenomena.deep_double_descent.exact import PUBLISHED, Group, epochwise_risk, spread

N, SIGMA2, ETA = 400, 4.0, 0.5


def test_published_valley_peak_and_end():
    lam, b = spread(PUBLISHED)
    t = np.unique(np.round(np.geomspace(1, 1e5, 4000)))
    risk = sum(epochwise_risk(t, lam, b, N, SIGMA2, ETA))
    valley = risk[t < 5].min()
    peak = risk[(t > 5) & (t < 500)].max()
    assert [valley, peak, risk[-1]] == pytest.approx([1.5, 1.91, 1.05], abs=0.01)
    assert sum(epochwise_risk(0, lam, b, N, SIGMA2, ETA)) == pytest.approx(2)


def test_simulated_descent_on_an_orthogonal_design():
    rng = np.random.default_rng(0)
    lam, b = spread(PUBLISHED)
    Q = np.linalg.qr(rng.standard_normal((N, lam.size)))[0]
    X = Q * np.sqrt(N * lam)  # X^T X/n = diag(lam)
    draws = 400
    Y = (X @ b)[:, None] + SIGMA2**0.5 * rng.standard_normal((N, draws))
    w = np.zeros((lam.size, draws))
    for step in range(1, 2001):
        w -= ETA / N * X.T @ (X @ w - Y)
        if step in (1, 2, 10, 100, 2000):
            risks = (lam[:, None] * (w - b[:, None]) ** 2).sum(0)
            expected = sum(epochwise_risk(step, lam, b, N, SIGMA2, ETA))
            assert abs(risks.mean() - expected) < 4 * risks.std() / draws**0.5


@pytest.mark.parametrize("group", [Group(100, 0.8, 1.0), Group(5, 0.01, 2.0)])
def test_valley_of_one_group_is_the_minimum_over_training(group):
    lam, b = spread((group,))
    t = np.linspace(0, 20 / (ETA * group.lam), 200_001)
    bias, variance = epochwise_risk(t, lam, b, N, SIGMA2, ETA)
    risk = bias + variance
    B, V = group.signal, SIGMA2 * group.count / N
    assert risk.min() == pytest.approx(B * V / (B + V), rel=1e-6)
    assert t[risk.argmin()] == pytest.approx(np.log(V / (B + V)) / np.log1p(-ETA * group.lam), rel=1e-3)
    assert risk[0] == pytest.approx(B) and risk[-1] == pytest.approx(V, rel=1e-3)


def test_steps_that_diverge_are_named():
    lam, b = spread(PUBLISHED)
    with pytest.raises(ProblemError, match="below 2/lam_1 = 2, got 2"):
        epochwise_risk([1, 2], lam, b, N, SIGMA2, 2.0)
    with pytest.raises(ProblemError, match=r"eta lam_1 = 1.5 > 1 the step t must be whole"):
        epochwise_risk([0.5], lam, b, N, SIGMA2, 1.5)
    assert np.isfinite(sum(epochwise_risk([1, 1e6], lam, b, N, SIGMA2, 1.5))).all()
    with pytest.raises(ProblemError, match="positive, got 0"):
        epochwise_risk(1, [1.0, 0.0], [1.0, 1.0], N, SIGMA2, 0.5)
