"""Benign overfitting: claims of the quick preset, one draw against plain pseudo-inverses, chunking, saving, refusals."""

import json
import math
import subprocess
import sys
from fnmatch import fnmatch

import numpy as np
import pytest
from scipy.special import zeta

from engine.contract import Status, unmet
from engine.errors import KnobError, ProblemError
from engine.phenomena.benign_overfitting import draws
from engine.phenomena.benign_overfitting.claims import slope
from engine.phenomena.benign_overfitting.experiment import BenignOverfitting
from engine.phenomena.benign_overfitting.figures import FIGURES
from engine.phenomena.benign_overfitting.fits import fitted_pictures, fitted_settings, interpolate
from engine.phenomena.benign_overfitting.settings import Setting, settings_of
from engine.phenomena.benign_overfitting.theory import expected
from engine.seeds import streams
from engine.state import State
from engine.theory.spectra import spectra
from engine.theory.spectra.deterministic_equivalent import equivalent
from tests.phenomena.driven import work

HOLD = tuple(f"BO{number}" for number in range(1, 9))
SMALL = {"n": (20, 30), "draws": 4}


def make(seeds=(0,), preset="custom", **knobs):
    return BenignOverfitting(BenignOverfitting.spec.configure("quick", knobs), seeds, "cpu", preset)


@pytest.fixture(scope="module")
def quick():
    return work(make(preset="quick", n=(50, 100, 200)))


def test_every_claim_holds_at_nearly_the_full_size(quick) -> None:
    verdicts = {one.claim.id: one for one in quick.verdicts()}
    assert {name: one.holds for name, one in verdicts.items() if name in HOLD} == dict.fromkeys(HOLD, True)
    assert all(one.holds is None for name, one in verdicts.items() if name not in HOLD)


def test_theory_is_shown_before_the_first_draw() -> None:
    run = make(**SMALL)
    assert run.due()
    run.history.append(run.step, run.measure())
    names = {series.name for series in run.series()}
    assert {"excess-risk/exp-eps/theory", "spectrum/exp-eps", "ranks/r_0/n"} <= names
    assert not any("simulation" in name for name in names)
    assert len(run.pictures()) == 3
    spectra_of = [series for series in run.series() if series.name.startswith("spectrum/")]
    assert {one.kind for one in spectra_of} == {"measured"}, "marks, which tell more of them apart than dashes do"


@pytest.mark.parametrize("seed", range(3))
def test_drawn_fits_pass_through_every_point_and_leave_the_frame_where_they_are_wild(seed: int) -> None:
    benign, tempered, wild = fitted_pictures(5.0, seed)
    for picture in (benign, tempered, wild):
        _, path, points = (one.xy for one in picture.layers)
        assert np.interp(points[:, 0], *path.T) == pytest.approx(points[:, 1], abs=1e-6)
        assert np.abs(points[:, 1]).max() < picture.extent[3]
    points, path = benign.layers[2].xy, benign.layers[1].xy
    beside = np.interp(points[:, 0] + 1 / 1000, *path.T)  # four thousand cosines: their spikes are that narrow
    assert np.median(np.abs(beside - points[:, 1])) > 0.1, "between points it is not drawn straight from one to the next"
    assert np.abs(wild.layers[1].xy[:, 1]).max() > wild.extent[3]


def test_it_is_declared_without_scipy_and_torch() -> None:
    code = "import sys, engine.phenomena.benign_overfitting as m; print({'scipy', 'torch'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "set()"


def test_every_figure_is_drawn_and_every_curve_belongs_to_one() -> None:
    names = [item.name for item in work(make(signal=1.0, **SMALL)).series()]
    config = BenignOverfitting.spec.configure("quick", {"signal": 1.0})
    for figure in FIGURES:
        assert any(fnmatch(name, pattern) for name in names for pattern in figure.series) != bool(unmet(figure.domain, config)), figure.name
    assert all(any(fnmatch(name, pattern) for figure in FIGURES for pattern in figure.series) for name in names)


def test_groups_keep_their_places_whatever_is_drawn_and_turned() -> None:
    run, seen = make(**SMALL), []
    while not run.done:
        if run.due():
            run.history.append(run.step, run.measure())
        seen.append(list(dict.fromkeys(item.group for item in run.series())))
        run.advance(0.0)
    assert all(groups == seen[0] for groups in seen)
    families = ["exp-eps", "exponential"]
    for knobs in ({}, {"n": (20, 100)}, {"tau": 8.0}, {"a": 1.5}, {"a": 2.5, "family": "log"}, {"ridge": 0.5}, {"signal": 1.0}):
        assert list(dict.fromkeys(item.group for item in make(**{**SMALL, **knobs}).series()))[:3] == [
            *families,
            f"power-{knobs.get('a', 2):g}",
        ]


@pytest.mark.parametrize("small", [True, False])
@pytest.mark.parametrize("ridge", [0.0, 0.7])
def test_a_problem_is_what_the_pseudo_inverse_says(small: bool, ridge: float, monkeypatch) -> None:
    monkeypatch.setattr(draws, "SMALL", 150 if small else 0)
    setting = Setting("exp-eps", 12, 60, 3.0, 2.0)
    solved = draws.solve(setting, streams(3))
    X = streams(3).data.standard_normal((12, 60)) * np.sqrt(setting.eigenvalues)
    inverse = np.linalg.pinv(X) if ridge == 0 else X.T @ np.linalg.inv(X @ X.T + ridge * np.eye(12))
    covariance = np.diag(setting.eigenvalues)
    assert solved.noise(ridge) == pytest.approx(np.trace(inverse.T @ covariance @ inverse), rel=1e-9)
    off = inverse @ X @ setting.target - setting.target
    assert solved.signal(ridge) == pytest.approx(off @ covariance @ off, rel=1e-8)
    assert solved.residual < 1e-10


def test_blocks_of_columns_change_nothing(monkeypatch) -> None:
    monkeypatch.setattr(draws, "SMALL", 0)
    setting = Setting("power", 15, 40, 2.0, 1.0)
    X = np.random.default_rng(0).standard_normal((15, 40))

    class Columns:
        """Deals out the columns of one X, however they are asked for."""

        def __init__(self) -> None:
            self.at = 0

        def standard_normal(self, shape):
            self.at += shape[1]
            return X[:, self.at - shape[1] : self.at].copy()

    noise = np.ones(15)
    whole = draws._by_blocks(setting, Columns(), noise)
    monkeypatch.setattr(draws, "BLOCK", 7)
    parts = draws._by_blocks(setting, Columns(), noise)
    assert parts.noise(0.0) == pytest.approx(whole.noise(0.0), rel=1e-9)
    assert parts.signal(0.0) == pytest.approx(whole.signal(0.0), rel=1e-8)


def test_noise_is_averaged_as_drawing_it_would() -> None:
    setting, rng = Setting("power", 20, 120, 2.0, 0.0), np.random.default_rng(5)
    solved = draws.solve(setting, streams(1))
    X = streams(1).data.standard_normal((20, 120)) * np.sqrt(setting.eigenvalues)
    weights = np.linalg.pinv(X) @ rng.standard_normal((20, 20000))
    risks = (setting.eigenvalues[:, None] * weights**2).sum(0)
    assert abs(risks.mean() - solved.noise(0.0)) < 4 * risks.std(ddof=1) / np.sqrt(risks.size)


def test_chunking_changes_no_number() -> None:
    whole = work(make(**SMALL), budget=10.0)
    sliced = work(make(**SMALL), budget=0.0)
    assert sliced.history.records == whole.history.records


@pytest.mark.parametrize(("until", "pieces"), [(0, 3), (1, 0), (2, 5), (4, 0)])
def test_a_restored_run_goes_on_alike(until: int, pieces: int) -> None:
    whole, half, rest = (make((0, 1), **SMALL) for _ in range(3))
    work(whole)
    work(half, until=until)
    for _ in range(pieces):
        half.advance(0.0)
    saved = half.state()
    for step, record in zip(half.history.steps, half.history.records, strict=True):
        rest.history.append(step, record)
    rest.restore(State({name: values.copy() for name, values in saved.arrays.items()}, json.loads(json.dumps(saved.scalars))))
    assert rest.step == half.step
    work(rest)
    assert rest.history.records == whole.history.records
    for name, values in whole.arrays().items():
        np.testing.assert_array_equal(rest.arrays()[name], values)


def test_draws_are_pooled_over_seeds() -> None:
    both, first, second = (work(make(seeds=seeds, n=(20, 30), draws=count)) for seeds, count in (((0, 1), 4), ((0,), 2), ((1,), 2)))
    for column in draws.COLUMNS:
        expected = np.stack([first.draws[column], second.draws[column]], axis=1).reshape(4, -1)
        np.testing.assert_array_equal(both.draws[column], expected)


def test_the_interpolator_of_a_picture_goes_through_its_points() -> None:
    x = np.linspace(-0.9, 0.9, 12)
    y = np.cos(5 * x)
    for setting in fitted_settings(2.0):
        np.testing.assert_allclose(interpolate(setting.eigenvalues, x, y, x), y, atol=1e-6)


def test_ridge_leaves_the_claims_of_interpolation_open() -> None:
    run = work(make(**{**SMALL, "ridge": 0.5, "n": (50, 200)}))
    open_claims = [one.claim.id for one in run.verdicts() if one.status is Status.NOT_APPLICABLE]
    assert [name for name in open_claims if name.startswith("BO")] == ["BO1", "BO2", "BO3", "BO4", "BO5", "BO6", "BO8", "BO9"]


def test_verdicts_wait_for_draws() -> None:
    run = work(make(**{**SMALL, "draws": 20}), until=2)
    found = {one.claim.id: one for one in run.verdicts()}
    assert found["BO1"].status is Status.HOLDS
    assert (found["BO2"].status, found["BO2"].reason) == (Status.PENDING, "needs 20 draws")


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
    assert len(settings_of(run.config)) == arrays["risk_n"].size


@pytest.mark.parametrize("family", ["log", "isotropic", "power", "exponential"])
def test_every_family_draws_and_prints_its_ranks(family: str) -> None:
    run = work(make(family=family, signal=1.0, **SMALL))
    assert run.notes[0].startswith({"power": "k^-2", "exponential": "exp"}.get(family, family))
    for series in run.series():
        assert np.isfinite(series.y).all()


# ---------------------------------------------------------------- bounds, orders, fates


def curves(run):
    return {item.name: item for item in run.series()}


def test_risks_lie_between_the_bounds_of_theorem_4() -> None:
    quick_signal = work(make(signal=1.0, n=(50, 100), draws=4))
    found = curves(quick_signal)
    risk, lower, upper = (found[f"bounds/{name}"] for name in ("simulation", "lower", "upper"))
    assert risk.x.tolist() == lower.x.tolist() == upper.x.tolist()
    assert (lower.y < risk.y).all() and (risk.y < upper.y).all()
    lam, n = quick_signal.of("exp-eps")[0].eigenvalues, 50
    k = next(k for k in range(lam.size) if sum(lam[k:]) / lam[k] >= n)
    rate = k / n + n * sum(lam[k:] ** 2) / sum(lam[k:]) ** 2
    assert lower.y[0] == pytest.approx(rate / 2)
    b2, r0 = (quick_signal.of("exp-eps")[0].target ** 2).sum(), sum(lam) / lam[0]
    signal = b2 * lam[0] * max(math.sqrt(r0 / n), r0 / n, math.sqrt(math.log(20) / n))
    assert upper.y[0] == pytest.approx(2 * signal + 2 * math.log(20) * rate)


def test_a_spectrum_without_a_tail_has_the_lower_bound_alone() -> None:
    for family in ("power", "exponential"):
        found = curves(make(family=family, signal=1.0, **SMALL))
        assert "bounds/lower" in found and "bounds/upper" not in found  # k* too large, and none
        assert set(found["bounds/lower"].y) == {0.5}


def test_bounds_are_those_of_interpolation() -> None:
    assert not any("bounds" in name for name in curves(make(ridge=0.5, **SMALL)))


@pytest.mark.parametrize(("family", "ridge"), [("exp-eps", 0.0), ("exp-eps", 2.0), ("power", 0.1), ("log", 0.0), ("exponential", 0.5)])
def test_orders_are_within_a_factor_of_noise_and_signal(family: str, ridge: float) -> None:
    run = make(family=family, ridge=ridge, signal=1.0, n=(50, 100), draws=1)
    found = curves(run)
    theory = np.array([expected(one, ridge) for one in run.of(run.chosen.group)])
    for name, values in zip(("noise", "signal"), theory.T, strict=True):
        order = found[f"orders/{name}/order"]
        quotient = order.y / values[[one.n in order.x for one in run.of(run.chosen.group)]]
        assert (quotient > 1 / 5).all() and (quotient < 5).all(), (name, quotient)


def test_an_exponential_without_ridge_has_no_order() -> None:
    assert not any("orders" in name for name in curves(make(family="exponential", **SMALL)))


def test_slopes_tell_the_three_fates() -> None:
    n = np.array([50, 100, 200, 400])
    benign = [equivalent(spectra.exponential_plus_floor(size), size).E0[0] - 1 for size in n]
    tempered = equivalent(spectra.power(3000, 2.0), n, zeta(2.0, 3001)).E0 - 1
    catastrophic = equivalent(spectra.exponential(700, 5.0), [20, 40, 80]).E0 - 1
    assert slope(n, benign) < -0.3 < slope(n, tempered) < 0.3 < slope([20, 40, 80], catastrophic)
    assert slope([1, 10, 100], [5, 0.5, 0.05]) == pytest.approx(-1)


def test_every_decided_verdict_carries_numbers(quick) -> None:
    for one in (verdict for verdict in quick.verdicts() if verdict.status is not Status.NOT_APPLICABLE and verdict.claim.id[:2] == "BO"):
        assert one.values and np.isfinite(list(one.values.values())).all(), one.claim.id
