"""The interpolation threshold: its declaration, its claims at full size, exact curves against brute force, chunking, saving."""

import json
import subprocess
import sys
from fnmatch import fnmatch

import numpy as np
import pytest
from scipy.stats import chi2

from engine.contract import Status
from engine.phenomena.interpolation_threshold.claims import CLAIMS
from engine.phenomena.interpolation_threshold.experiment import InterpolationThreshold
from engine.phenomena.interpolation_threshold.figures import FIGURES
from engine.phenomena.interpolation_threshold.sweep import SWEPT, sweep_widths
from engine.phenomena.interpolation_threshold.theory import expected_risk
from engine.seeds import streams
from engine.state import State
from tests.phenomena.driven import work

SMALL = {"n": 20, "draws": 24}


def make(seeds=(0,), preset="custom", **knobs):
    return InterpolationThreshold(InterpolationThreshold.spec.configure("quick", knobs), seeds, "cpu", preset)


@pytest.fixture(scope="module")
def quick():
    return work(make(preset="quick"))


@pytest.fixture(scope="module")
def small():
    return work(make(**SMALL))


def series(run, name):
    return next(item for item in run.series() if item.name == name)


def verdict(run, name):
    return next(item for item in run.verdicts() if item.claim.id == name)


# ---------------------------------------------------------------- declaration


def test_it_is_declared_without_scipy_and_torch():
    code = "import sys, engine.phenomena.interpolation_threshold as m; print({'scipy', 'torch'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "set()"


def test_every_figure_is_drawn_and_every_curve_belongs_to_one(small):
    names = [item.name for item in small.series()]
    for figure in FIGURES:
        assert any(fnmatch(name, pattern) for name in names for pattern in figure.series)
    assert all(any(fnmatch(name, pattern) for figure in FIGURES for pattern in figure.series) for name in names)
    assert [picture.name for picture in small.pictures()] == [spec.name for spec in small.spec.pictures]


def test_the_grid_of_widths_holds_the_threshold_and_the_ends():
    for n, most in ((10, 4.0), (100, 4.0), (100, 1.0), (2000, 10.0)):
        widths = sweep_widths(n, most)
        assert set(range(n - 2, min(n + 2, round(most * n)) + 1)) <= set(widths.tolist())
        assert widths[-1] == round(most * n)
        assert (np.diff(widths) > 0).all()
        assert widths.size <= 50


# ---------------------------------------------------------------- the quick preset


def test_every_claim_of_quick_holds(quick):
    found = {item.claim.id: item for item in quick.verdicts()}
    assert list(found) == ["IT1", "IT2", "IT3", "IT4", "IT5", "IT6", "IT7"]
    assert {name: item.note for name, item in found.items() if item.holds is not True} == {}


def test_one_draw_is_on_show_before_anything_else_is_drawn():
    run = make()
    while not run.due():
        run.advance(0.0)
    assert run.step == 1
    assert run.maps.done == run.shown.done == 0
    curve = series(run, "test-mse/simulation")
    assert curve.lo is None
    assert np.isfinite(curve.y).all()


def test_theory_comes_before_a_slow_first_draw():
    run = make(n=400)
    assert run.due()
    assert run.step == 0
    assert {item.kind for item in run.series()} == {"theory"}


# ---------------------------------------------------------------- against brute force


def brute_force(seed, draw, n, d, sigma, r2):
    """One draw at one d, written out: Gaussian features column after column, the pseudoinverse, the known covariance."""
    random = streams(seed, draw)
    X = random.data.standard_normal((d, n)).T
    b = random.init.standard_normal(10 * n)[:d]
    b *= np.sqrt(r2) / np.linalg.norm(b)
    y = X @ b + sigma * random.noise.standard_normal(n)
    w, s = np.linalg.pinv(X) @ y, np.linalg.svd(X, compute_uv=False)
    return {
        "train-mse": np.mean((X @ w - y) ** 2), "test-mse": sigma**2 + np.sum((w - b) ** 2), "norm": np.sum(w**2),
        "smallest-eigenvalue": s[-1] ** 2 / n, "condition-number": s[0] / s[-1],
    }  # fmt: skip


@pytest.mark.parametrize("draw", [0, 1, 5])
def test_draws_equal_the_pseudoinverse(draw):
    run = work(make((3, 4), n=20, draws=6, sigma=0.7, r2=2.0))
    for index, d in enumerate(run.widths):
        expected = brute_force(3 + draw % 2, draw // 2, 20, int(d), 0.7, 2.0)
        for name, value in expected.items():
            assert run.sweeps[name][draw, index] == pytest.approx(value, rel=1e-7, abs=1e-20), (name, d)


def test_the_test_error_is_that_of_new_samples():
    run = work(make(spectrum="power", n=20, draws=1))
    arrays, lam = run.arrays(), run.design.variances
    X, w, b = arrays["X"], arrays["w"], arrays["w_star"]
    np.testing.assert_allclose(w, np.linalg.pinv(X) @ arrays["y"], atol=1e-9)
    rng = np.random.default_rng(0)
    fresh = rng.standard_normal((200000, len(w))) * np.sqrt(lam[: len(w)])
    squared = (fresh @ (w - b) + 0.5 * rng.standard_normal(200000)) ** 2
    index = run.widths.tolist().index(len(w))
    exact = run.sweeps["test-mse"][0, index]
    assert abs(squared.mean() - exact) < 4 * squared.std() / np.sqrt(200000)


@pytest.mark.parametrize(("entries", "spectrum"), [("rademacher", "isotropic"), ("gaussian", "exponential"), ("gaussian", "power")])
def test_theory_meets_simulation_for_other_features(entries, spectrum):
    run = work(make(n=40, draws=25, entries=entries, spectrum=spectrum), until=25)
    away = np.abs(run.widths / 40 - 1) > 0.3
    risk = run.sweeps["test-mse"][:, away]
    error = risk.std(axis=0, ddof=1) / np.sqrt(25)
    off = np.abs(risk.mean(axis=0) - expected_risk(run.design, run.widths)[away])
    assert (off < 4 * error + 0.05 * risk.mean(axis=0)).all()  # asymptotic: 5 % besides


def test_the_histogram_is_a_density_with_its_zeros_apart(small):
    curve, found = series(small, "eigenvalues/simulation"), small.shown["eigenvalues"]
    width = np.diff(curve.x)[0]
    assert curve.y.sum() * width == pytest.approx(1.0)
    assert curve.x[0] - width / 2 == pytest.approx(found.min(), abs=0.1 * width), "without zeros the bars begin at the data"
    assert not any(mark.label.startswith("left of 0") for mark in small.markers())
    wide = work(make(d=2.5, **SMALL), until=1)
    wide.advance(0.2)
    curve = series(wide, "eigenvalues/simulation")
    width = np.diff(curve.x)[0]
    assert curve.y[0] == pytest.approx(1 - 1 / 2.5) and curve.x[0] + width / 2 <= 1e-12 and curve.y[1] == 0, "left of 0, and a gap"
    assert curve.y[1:].sum() * width == pytest.approx(1.0)
    np.testing.assert_allclose(np.diff(curve.x), width)
    zeros = [mark.at for mark in wide.markers() if mark.label.startswith("left of 0")]
    assert zeros == pytest.approx([curve.x[0]]) and series(wide, "eigenvalues/atom").x[0] == pytest.approx(curve.x[0])
    law = series(wide, "eigenvalues/density")
    assert np.trapezoid(law.y, law.x) == pytest.approx(1.0, abs=2e-3)


def test_the_smallest_eigenvalue_at_n_follows_edelman(quick):
    found, law = series(quick, "smallest-at-n/simulation"), series(quick, "smallest-at-n/edelman")
    smallest, share = np.sort(quick.at_n("smallest-eigenvalue")) * quick.design.n**2, np.arange(1, 51) / 50
    expected = 1 - np.exp(-smallest / 2 - np.sqrt(smallest))
    np.testing.assert_allclose(found.y, share[np.searchsorted(smallest, found.x)])
    assert {0.02, 1.0} <= set(found.y) and 5 < found.y.size < 20, "some of the draws, so that the law is seen between them"
    assert max(np.abs(share - expected).max(), np.abs(share - 1 / 50 - expected).max()) < 1.95 / np.sqrt(50)  # Kolmogorov, 0.1 %
    np.testing.assert_allclose(law.y, 1 - np.exp(-law.x / 2 - np.sqrt(law.x)))
    assert law.y[0] == pytest.approx(0.005) and law.y[-1] == pytest.approx(0.995)


def test_groups_keep_their_places_while_a_run_goes_on():
    run, seen = make(n=20, draws=2), []
    while not run.done:
        if run.due():
            run.history.append(run.step, run.measure())
        seen.append(list(dict.fromkeys(item.group for item in run.series())))
        run.advance(0.0)
    assert all(groups == seen[-1][: len(groups)] for groups in seen)


def test_maps_have_their_edges_where_they_belong(small):
    error, share = (picture.values[::-1] for picture in small.pictures())
    n = small.map_sizes[:, None]
    d = small.map_sizes[None, :]
    assert ((error == 0) == (d >= n)).all()
    assert (share[d >= n] == 1).all()
    assert share[(n > 4 * d) & (d > 2)].max() < 0.1


# ---------------------------------------------------------------- verdicts


def test_verdicts_wait_for_draws():
    run = work(make(n=20, draws=40), until=5)
    assert verdict(run, "IT1").holds is True
    assert verdict(run, "IT2").holds is None
    assert verdict(run, "IT2").reason == "needs 40 draws, 5 so far"
    assert verdict(run, "IT2").status is Status.PENDING


def test_every_decided_verdict_carries_numbers(quick):
    for item in quick.verdicts():
        assert item.values and np.isfinite(list(item.values.values())).all(), item.claim.id


def test_the_p_value_that_is_judged_is_said_and_the_farthest_mean_stands_beside_it(quick):
    found, n, draws = verdict(quick, "IT2"), 100, quick.sweeps.done
    below = quick.widths < n
    means = quick.sweeps["train-mse"][:, below].mean(axis=0)
    law = chi2(draws * (n - quick.widths[below]))  # of the residual sum of squares over sigma^2
    sums = draws * n * means / quick.config.sigma**2
    tails = np.minimum(1.0, 2 * np.minimum(law.cdf(sums), law.sf(sums)))
    worst = int(np.argmin(tails))
    assert found.values["share"] == pytest.approx(tails[worst]) and found.values["measured"] == found.measured
    assert found.measured == pytest.approx(means[worst])
    assert found.predicted == pytest.approx(quick.config.sigma**2 * (1 - quick.widths[below][worst] / n))
    assert found.note == f"d={quick.widths[below][worst]}, the rarest of 20: p-value {tails[worst]:.2g}, limit 5e-5"  # .001 over 20 d


WRONG = {
    "IT1": [("residual", lambda x, d: np.where(d >= 100, 1e-9, x)), ("residual", lambda x, d: np.where(d < 100, 1e-16, x))],
    "IT2": [("train-mse", lambda x, d: 1.2 * x)],
    "IT3": [("smallest-eigenvalue", lambda x, d: 1.15 * x)],
    "IT4": [(f"spectrum-{at}", lambda x, d: 1.1 * x) for at in (25, 50, 100, 200)],
    "IT5": [("norm", lambda x, d: np.where(d == 200, 1e9, x))],
    "IT6": [("norm", lambda x, d: 1.5 * x)],
}


@pytest.mark.parametrize(("name", "quantity", "change"), [(name, *case) for name, cases in WRONG.items() for case in cases])
def test_wrong_numbers_fail(quick, name, quantity, change):
    run = make(preset="quick")
    run.restore(quick.state())
    assert verdict(run, name).status is Status.HOLDS
    run.sweeps[quantity][:] = change(run.sweeps[quantity], run.widths if quantity in SWEPT else None)
    assert verdict(run, name).status is Status.FAILS


def test_wrong_labels_fail(quick):
    run = make(preset="quick")
    run.restore(quick.state())
    run.maps["separable"][:] = run.cover**4
    assert verdict(run, "IT7").status is Status.FAILS


@pytest.mark.parametrize(
    ("knobs", "name", "note"),
    [
        ({"sigma": 0.0}, "IT2", "needs sigma at least 0.001"),
        ({"sigma": 0.0}, "IT5", "needs sigma at least 0.001"),
        ({"spectrum": "power"}, "IT4", "needs spectrum isotropic"),
        ({"entries": "rademacher"}, "IT7", "needs entries gaussian"),
        ({"d_max": 1.0}, "IT5", "needs d max beyond n"),
    ],
)
def test_claims_whose_conditions_are_turned_off_say_so(knobs, name, note):
    found = verdict(work(make(**SMALL, **knobs)), name)
    assert found.status is Status.NOT_APPLICABLE
    assert found.reason.startswith(note)


def test_each_claim_says_how_often_luck_may_fail_it_and_every_preset_decides_it():
    assert all(claim.chance == 0.001 and not claim.presets and not claim.identity for claim in CLAIMS)


@pytest.mark.parametrize(("knobs", "seed"), [({"n": 60}, 7), ({"n": 10, "draws": 100}, 0), ({"n": 24, "draws": 20}, 5)])
def test_claims_hold_at_other_sizes_and_counts(knobs, seed):
    run = work(make((seed,), **knobs))
    assert {item.claim.id: item.note for item in run.verdicts() if item.status is Status.FAILS} == {}


# ---------------------------------------------------------------- chunks, states, knobs


def same(one, two):
    first, second = one.state(), two.state()
    assert first.scalars == second.scalars
    for name, values in first.arrays.items():
        np.testing.assert_array_equal(values, second.arrays[name])
    for left, right in zip(one.series(), two.series(), strict=True):
        np.testing.assert_array_equal(left.y, right.y)


def test_chunks_change_nothing(small):
    same(small, work(make(**SMALL), budget=0.0))


@pytest.mark.parametrize(("until", "pieces"), [(1, 0), (5, 37), (10, 3), (20, 11)])
def test_a_restored_run_goes_on_alike(small, until, pieces):
    half = work(make(**SMALL), until=until)
    for _ in range(pieces):
        half.advance(0.0)
    saved = half.state()
    copy = State({name: values.copy() for name, values in saved.arrays.items()}, json.loads(json.dumps(saved.scalars)))
    again = make(**SMALL)
    for step, record in zip(half.history.steps, half.history.records, strict=True):
        again.history.append(step, record)
    again.restore(copy)
    assert again.step == half.step
    same(small, work(again))
    assert again.history.records == small.history.records


def test_a_run_whose_slider_was_turned_is_restored_where_it_stands():
    run = work(make(n=20, draws=6), until=4)
    run.set_knob("d", 2.0)
    again = InterpolationThreshold(run.config, (0,), "cpu", "custom")
    for step, record in zip(run.history.steps, run.history.records, strict=True):
        again.history.append(step, record)
    again.restore(run.state())
    assert again.shown.done == run.shown.done > 0
    same(work(run), work(again))


def test_seeds_pool_the_draws_of_solo_runs():
    both, first, second = (work(make(seeds, n=12, draws=draws)) for seeds, draws in (((5, 6), 8), ((5,), 4), ((6,), 4)))
    for name in SWEPT:
        np.testing.assert_array_equal(both.sweeps[name][0::2], first.sweeps[name])
        np.testing.assert_array_equal(both.sweeps[name][1::2], second.sweeps[name])


def test_the_slider_shows_another_spectrum_of_the_same_draws():
    run = work(make(n=20, draws=6), until=4)
    run.set_knob("d", 2.0)
    work(run)
    assert run.done
    fresh = work(make(d=2.0, n=20, draws=6))
    same(run, fresh)
    assert fresh.shown["eigenvalues"].shape == (6, 20)
    X = streams(0, 3).data.standard_normal((40, 20)).T
    np.testing.assert_allclose(run.shown["eigenvalues"][3], np.linalg.eigvalsh(X @ X.T / 20), rtol=1e-9)


def test_the_arrays_let_anyone_check(small):
    arrays = small.arrays()
    X, y, w = arrays["X"], arrays["y"], arrays["w"]
    assert X.shape == (20, 10)
    np.testing.assert_allclose(w, np.linalg.lstsq(X, y, rcond=None)[0], atol=1e-10)
    np.testing.assert_allclose(arrays["eigenvalues"], np.linalg.eigvalsh(X.T @ X / 20), atol=1e-12)
    assert arrays["risk_p"].shape == arrays["risk_measured"].shape == arrays["risk_theory"].shape


# ---------------------------------------------------------------- real digits


def test_pixels_of_digits_have_their_threshold_at_n(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_CACHE", str(tmp_path))
    run = work(make(n=10, draws=3, digits=True))
    train, test = series(run, "train-mse/digits"), series(run, "test-mse/digits")
    assert ((train.y == 0) == (train.x >= 1)).all()
    assert abs(test.x[np.argmax(test.y)] - 1) <= 0.05
    assert test.y[-1] < 0.05 * test.y.max()
