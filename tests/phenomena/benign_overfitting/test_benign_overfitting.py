"""Benign overfitting: claims of the quick preset, one draw against plain pseudo-inverses, chunking, saving, refusals."""

import numpy as np
import pytest

from engine.errors import KnobError, ProblemError
from engine.phenomena.benign_overfitting import BenignOverfitting, draws
from engine.phenomena.benign_overfitting.cells import Cell, grid_of
from engine.phenomena.benign_overfitting.fits import eigenvalues, interpolate
from engine.seeds import streams
from tests.phenomena.driven import work

SMALL = {"n": (20, 30), "draws": 4}


def make(seeds=(0,), preset="custom", **knobs):
    return BenignOverfitting(BenignOverfitting.spec.configure("quick", knobs), seeds, "cpu", preset)


@pytest.fixture(scope="module")
def quick():
    return work(make(preset="quick", n=(50, 100, 200)))


def test_every_claim_holds_at_nearly_the_full_size(quick) -> None:
    verdicts = {one.claim.id: one for one in quick.verdicts()}
    assert {name: one.holds for name, one in verdicts.items()} == {f"BO{number}": True for number in range(1, 9)}


def test_theory_is_shown_before_the_first_draw() -> None:
    run = make(**SMALL)
    assert run.due()
    run.history.append(run.step, run.measure())
    names = {series.name for series in run.series()}
    assert {"excess-risk/exp-eps/theory", "spectrum/exp-eps", "ranks/r_0/n"} <= names
    assert not any("simulation" in name for name in names)
    assert len(run.pictures()) == 3


@pytest.mark.parametrize("small", [True, False])
@pytest.mark.parametrize("ridge", [0.0, 0.7])
def test_a_problem_is_what_the_pseudo_inverse_says(small: bool, ridge: float, monkeypatch) -> None:
    monkeypatch.setattr(draws, "SMALL", 150 if small else 0)
    cell = Cell("exp-eps", 12, 60, 3.0, 2.0)
    solved = draws.solve(cell, streams(3))
    X = streams(3).data.standard_normal((12, 60)) * np.sqrt(cell.eigenvalues)
    inverse = np.linalg.pinv(X) if ridge == 0 else X.T @ np.linalg.inv(X @ X.T + ridge * np.eye(12))
    covariance = np.diag(cell.eigenvalues)
    assert solved.noise(ridge) == pytest.approx(np.trace(inverse.T @ covariance @ inverse), rel=1e-9)
    off = inverse @ X @ cell.target - cell.target
    assert solved.signal(ridge) == pytest.approx(off @ covariance @ off, rel=1e-8)
    assert solved.residual < 1e-10


def test_blocks_of_columns_change_nothing(monkeypatch) -> None:
    monkeypatch.setattr(draws, "SMALL", 0)
    cell = Cell("power", 15, 40, 2.0, 1.0)
    X = np.random.default_rng(0).standard_normal((15, 40))

    class Columns:
        """Deals out the columns of one X, however they are asked for."""

        def __init__(self) -> None:
            self.at = 0

        def standard_normal(self, shape):
            self.at += shape[1]
            return X[:, self.at - shape[1] : self.at].copy()

    noise = np.ones(15)
    whole = draws._by_blocks(cell, Columns(), noise)
    monkeypatch.setattr(draws, "BLOCK", 7)
    parts = draws._by_blocks(cell, Columns(), noise)
    assert parts.noise(0.0) == pytest.approx(whole.noise(0.0), rel=1e-9)
    assert parts.signal(0.0) == pytest.approx(whole.signal(0.0), rel=1e-8)


def test_noise_is_averaged_as_drawing_it_would() -> None:
    cell, rng = Cell("power", 20, 120, 2.0, 0.0), np.random.default_rng(5)
    solved = draws.solve(cell, streams(1))
    X = streams(1).data.standard_normal((20, 120)) * np.sqrt(cell.eigenvalues)
    weights = np.linalg.pinv(X) @ rng.standard_normal((20, 20000))
    risks = (cell.eigenvalues[:, None] * weights**2).sum(0)
    assert abs(risks.mean() - solved.noise(0.0)) < 4 * risks.std(ddof=1) / np.sqrt(risks.size)


def test_chunking_and_saving_change_no_number() -> None:
    whole = work(make(**SMALL), budget=10.0)
    sliced = work(make(**SMALL), budget=0.0)
    assert sliced.history.records == whole.history.records
    half = work(make(**SMALL), until=2)
    rest = make(**SMALL)
    for step, record in zip(half.history.steps, half.history.records, strict=True):
        rest.history.append(step, record)
    rest.restore(half.state())
    work(rest)
    assert rest.history.records == whole.history.records


def test_draws_are_pooled_over_seeds() -> None:
    both, first, second = (work(make(seeds=seeds, n=(20, 30), draws=count)) for seeds, count in (((0, 1), 4), ((0,), 2), ((1,), 2)))
    expected = np.concatenate([first._tables[0], second._tables[0]])
    np.testing.assert_array_equal(np.sort(both._tables[0], axis=0), np.sort(expected, axis=0))


def test_the_interpolator_of_a_picture_goes_through_its_points() -> None:
    x = np.linspace(-0.9, 0.9, 12)
    y = np.cos(5 * x)
    for family in ("exp-eps", "power", "exponential"):
        np.testing.assert_allclose(interpolate(eigenvalues(family, 2.0), x, y, x), y, atol=1e-6)


def test_ridge_leaves_the_claims_of_interpolation_open() -> None:
    run = work(make(ridge=0.5, **SMALL))
    open_claims = [one.claim.id for one in run.verdicts() if one.holds is None]
    assert open_claims == ["BO1", "BO2", "BO3", "BO4", "BO5", "BO6", "BO8"]


def test_knobs_without_a_problem_are_refused() -> None:
    with pytest.raises(KnobError, match="sigma and signal must not both be 0"):
        make(sigma=0.0, signal=0.0)
    with pytest.raises(ProblemError, match="ridge must exceed"):
        make(ridge=-1.0, n=(20,))


def test_arrays_hold_a_problem_others_can_check() -> None:
    run = work(make(**SMALL))
    arrays = run.arrays()
    np.testing.assert_allclose(arrays["X"] @ arrays["w"], arrays["y"], atol=1e-9)
    assert arrays["risk_measured"].shape == arrays["risk_theory"].shape == arrays["risk_n"].shape
    assert len(grid_of(run.config)) == arrays["risk_n"].size


@pytest.mark.parametrize("family", ["log", "isotropic", "power", "exponential"])
def test_every_family_draws_and_prints_its_ranks(family: str) -> None:
    run = work(make(family=family, signal=1.0, **SMALL))
    assert run.notes[0].startswith(family)
    for series in run.series():
        assert np.isfinite(series.y).all()
