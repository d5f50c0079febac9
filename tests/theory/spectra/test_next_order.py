"""What Gaussian rows leave unlearnt, against exact means, draws, and the deterministic equivalent of large problems."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.theory.spectra.deterministic_equivalent import equivalent
from engine.theory.spectra.next_order import noise_trace, unlearnt

BLOCKS = np.repeat([1.0, 1e-2, 1e-4], [8, 16, 36])


def test_the_projector_on_what_rows_do_not_span_has_its_exact_trace() -> None:
    n = np.array([2, 7, 8, 20, 24, 40, 58])
    np.testing.assert_allclose(unlearnt(BLOCKS, n).directions.sum(axis=1), BLOCKS.size - n, rtol=1e-9)


def test_isotropic_noise_comes_closer_to_its_exact_mean_than_the_equivalent() -> None:
    d, n = 60, np.array([10, 30, 45])
    exact, crude = n / (d - n - 1), equivalent(np.ones(d), n).E0 - 1
    found = noise_trace(np.ones(d), n)
    np.testing.assert_allclose(found, n / (d - n) * (1 + 1 / (d - n)), rtol=1e-6)
    assert (np.abs(found / exact - 1) < 0.1 * np.abs(crude / exact - 1)).all()


def test_means_over_draws_are_within_four_errors_and_a_percent_where_the_equivalent_is_not() -> None:
    rng, n, draws = np.random.default_rng(0), 22, 3000
    X = rng.standard_normal((draws, n, BLOCKS.size)) * np.sqrt(BLOCKS)
    inverse = np.linalg.inv(X @ X.transpose(0, 2, 1))
    lost = BLOCKS.sum() - np.einsum("kni,knm,kmi,i->k", X, inverse, X, BLOCKS)
    noise = np.einsum("kni,knm,kml,kli,i->k", X, inverse, inverse, X, BLOCKS, optimize=True)
    old = equivalent(BLOCKS, n)
    for values, found, crude in (
        (lost, unlearnt(BLOCKS, n).trace, old.E0 * old.unlearnt(np.ones(BLOCKS.size))), (noise, noise_trace(BLOCKS, n), old.E0 - 1),
    ):  # fmt: skip
        error = 4 * values.std() / np.sqrt(draws)
        assert abs(values.mean() - found[0]) < error + 0.02 * found[0]
        assert abs(values.mean() - crude[0]) > error + 0.02 * crude[0]


def test_with_a_ridge_it_is_the_mean_resolvent() -> None:
    rng, n, draws, ridge = np.random.default_rng(1), 24, 800, 0.05
    X = rng.standard_normal((draws, n, BLOCKS.size)) * np.sqrt(BLOCKS)
    values = ridge * np.einsum("kii,i->k", np.linalg.inv(X.transpose(0, 2, 1) @ X + ridge * np.eye(BLOCKS.size)), BLOCKS)
    found = unlearnt(BLOCKS, n, ridge).trace[0]
    assert abs(values.mean() - found) < 4 * values.std() / np.sqrt(draws) + 0.01 * found


def test_nothing_is_left_from_n_equal_d_on_without_ridge() -> None:
    assert not unlearnt(BLOCKS, [60, 61, 200]).directions.any()


@pytest.mark.parametrize("lam", [[1.0, 0.0], [], [1.0, 2.0]])
def test_a_spectrum_that_is_none_is_refused(lam: list[float]) -> None:
    with pytest.raises(ProblemError):
        unlearnt(lam, 2)
