"""Mirror descent on separable rows against a loop written by hand, and margins in l_p norms."""

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.theory.implicit_bias.mirror_descent import Potential, own_norm_max_margin
from engine.theory.margins.mirror_margin import lp_margin, margin_mirror_descent

Z = np.random.default_rng(1).standard_normal((6, 9))


@pytest.mark.parametrize(("p", "eta"), [(1.5, 0.02), (2.0, 0.1), (3.0, 0.3), (1.25, 0.02), (4.0, 0.3), (2.5, np.sqrt(0.03))])
def test_steps_are_those_of_a_loop(p, eta):
    found = margin_mirror_descent(Z, Potential(p), 0.5)
    found.advance(40)
    dual = np.zeros(9)
    for _ in range(40):
        w = np.sign(dual) * np.abs(dual) ** (1 / (p - 1))
        losses, pulls = np.log1p(np.exp(-Z @ w)), 1 / (1 + np.exp(Z @ w))
        dual += 0.5 * eta * (pulls @ Z) / losses.sum()
    np.testing.assert_allclose(found.w, np.sign(dual) * np.abs(dual) ** (1 / (p - 1)), rtol=1e-9)


@pytest.mark.parametrize("p", [1.5, 2.0, 3.0])
def test_each_potential_comes_near_the_largest_margin_of_its_own_norm_and_never_above(p):
    wide = np.random.default_rng(2).standard_normal((6, 30))
    found = margin_mirror_descent(wide, Potential(p))
    found.advance(4000)
    share = float(lp_margin(wide, found.w, p)) / own_norm_max_margin(wide, Potential(p))[0]
    assert 0.97 < share <= 1 + 1e-6


def test_margins_are_over_the_norm():
    w = np.array([[3.0, -4.0], [0.0, 0.0]])
    np.testing.assert_allclose(lp_margin(np.array([[1.0, 0.0], [0.0, -2.0]]), w, 2.0), [3 / 5, 0.0])
    with pytest.raises(ProblemError, match="the pace must be positive, got 0"):
        margin_mirror_descent(Z, Potential(2.0), 0.0)
