"""The bi-level ensemble: its equivalent against the general one with every eigenvalue, and against fits of explicit features."""

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.theory.margins.bi_level import BiLevel, error_rate
from engine.theory.spectra.deterministic_equivalent import equivalent


def eigenvalues(ensemble):
    return np.r_[np.full(ensemble.s, ensemble.head), np.full(ensemble.d - ensemble.s, ensemble.tail)]


@pytest.mark.parametrize(
    "exponents", [(2.0, 0.5, 0.25), (2.0, 0.5, 0.75), (2.0, 0.5, 1.5), (1.5, 1.0, 0.4), (1.2, 0.0, 0.9), (1.7, 0.3, 1e-3)]
)
def test_the_quadratic_is_the_equation_of_all_eigenvalues(exponents):
    ensemble = BiLevel(60, *exponents)
    lam = eigenvalues(ensemble)
    np.testing.assert_allclose([lam.size, lam.sum()], ensemble.d)
    general = equivalent(np.sort(lam)[::-1], 60)
    assert ensemble.kappa == pytest.approx(general.kappa[0], rel=1e-8)
    assert float(ensemble.E0) == pytest.approx(general.E0[0], rel=1e-7)
    only_z = np.r_[1 / ensemble.head, np.zeros(ensemble.d - 1)]
    if ensemble.head >= ensemble.tail:
        assert ensemble.regression_risk() == pytest.approx(general.test_mse(only_z, 0.0)[0], rel=1e-6)


@pytest.mark.parametrize("q", [0.25, 0.75, 1.1])
def test_means_are_those_of_fits_of_explicit_features(q):
    ensemble, flip, rng = BiLevel(60, 1.6, 0.5, q), 0.1, np.random.default_rng(int(100 * q))
    scale = np.sqrt(eigenvalues(ensemble))
    found = []
    for _ in range(150):
        x = rng.standard_normal((60, ensemble.d))
        z = x[:, 0]
        y = np.where(rng.random(60) < flip, -1, 1) * np.sign(z)
        w = scale[:, None] * np.linalg.lstsq(x * scale, np.stack([y, z], axis=1), rcond=None)[0]  # coefficients of x
        found.append((w[0, 0], np.sum(w[1:, 0] ** 2), (1 - w[0, 1]) ** 2 + np.sum(w[1:, 1] ** 2)))
    means, errors = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / np.sqrt(len(found))
    survival, contamination = ensemble.survival(flip)
    theory = np.array([survival, contamination**2, ensemble.regression_risk()])
    assert (np.abs(means - theory) < 4 * errors + 0.04 * theory).all(), (means, theory, errors)


def test_the_error_rate_is_that_of_new_points():
    rng = np.random.default_rng(0)
    z, g = rng.standard_normal((2, 200_000))
    for survival, contamination in ((0.5, 0.2), (0.1, 1.0), (-0.3, 0.4)):
        wrong = np.mean(np.sign(survival * z + contamination * g) != np.sign(z))
        assert wrong == pytest.approx(float(error_rate(survival, contamination)), abs=4 * 0.5 / np.sqrt(z.size))


def test_the_ends():
    assert BiLevel(100, 2.0, 0.5, 0.75).misclassified(0.5) == pytest.approx(0.5)  # labels that say nothing
    flat = BiLevel(100, 2.0, 0.5, 1.5)
    assert flat.head == pytest.approx(1.0) and flat.regression_risk() == pytest.approx(1 - 100 / flat.d, rel=1e-2)  # isotropic: 1 - n/d


@pytest.mark.parametrize(("exponents", "words"), [
    ((1.0, 0.5, 0.25), "d = n\\^p must exceed n = 50, got 50"), ((2.0, 0.5, 0.0), "q must lie above 0"),
    ((2.0, 0.5, 1.6), "p - r = 1.5, got 1.6"), ((2.0, 1.2, 0.5), "r must lie between 0 and 1"),
])  # fmt: skip
def test_what_is_no_ensemble_is_refused(exponents, words):
    with pytest.raises(ProblemError, match=words):
        BiLevel(50, *exponents)
