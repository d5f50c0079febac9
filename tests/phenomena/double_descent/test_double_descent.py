"""Double descent: claims, verdict logic, resuming, theory beside simulation, and what it refuses."""

from dataclasses import replace
from fnmatch import fnmatchcase
from types import SimpleNamespace

import numpy as np
import pytest

import genlab
from engine import registry
from engine.contract import Status, unmet
from engine.errors import KnobError
from engine.phenomena.double_descent import digits
from engine.theory.kernels.random_features_finite import finite_error_terms
from tests.phenomena.driven import work

KIND = registry.load("double-descent")
SMALL = {"n": 24, "D": 96, "head_k": 4, "draws": 3, "relu_draws": 0, "digits": 0}


def build(seeds=(0,), preset="custom", **knobs):
    return KIND(KIND.spec.configure("quick", {**SMALL, **knobs}), seeds, "cpu", preset)


def finding(phenomenon, claim):
    return next(verdict for verdict in phenomenon.verdicts() if verdict.claim.id == claim)


@pytest.fixture(scope="module")
def quick():
    return genlab.run("double-descent")


def test_quick_preset_decides_its_claims_and_they_hold(quick):
    decided = {claim.id for claim in KIND.spec.claims if claim.applies("quick") and claim.id.startswith("DD")}
    assert decided == {"DD1", "DD2", "DD3", "DD4", "DD6", "DD8", "DD9", "DD10"}
    assert {name for name, holds in quick.holds.items() if holds} == decided
    assert all(verdict.mark in ("not run", "n/a") for verdict in quick.verdicts if verdict.claim.id not in decided)


@pytest.mark.slow
def test_standard_preset_decides_its_claims_and_they_hold():
    outcome = genlab.run("double-descent", preset="standard")
    assert {name for name, holds in outcome.holds.items() if holds} == {"DD1", "DD2", "DD5", "DD6", "DD7", "DD10"}


FURTHER = [preset.name for preset in KIND.spec.presets[2:] if KIND.spec.configure(preset.name).study == "nested"]


@pytest.mark.slow
@pytest.mark.parametrize("preset", FURTHER)
def test_paper_presets_peak_at_n_and_agree_with_the_solver(preset):
    outcome = genlab.run("double-descent", preset=preset)
    peak = next(verdict for verdict in outcome.verdicts if verdict.claim.id == "DD2")
    assert outcome.holds["DD6"]
    assert peak.holds or (preset == "noisy-digits" and peak.reason == "needs draws at least 10")


def test_every_figure_is_filled_and_every_series_belongs_to_one(quick):
    for figure in KIND.spec.figures:
        if unmet(figure.domain, KIND.spec.configure("quick")):
            continue  # of another study
        shown = [item for item in quick.series.values() if any(fnmatchcase(item.name, pattern) for pattern in figure.series)]
        assert shown, figure.name
        if figure.name not in ("rff", "ridge", "peak"):
            assert {item.kind for item in shown} == {"measured", "theory"}, figure.name
    for item in quick.series.values():
        assert sum(any(fnmatchcase(item.name, pattern) for pattern in figure.series) for figure in KIND.spec.figures) == 1
        assert not np.isnan(item.y).any() and item.x.shape == item.y.shape
    mean, median = quick.series["test-mse/zero"], quick.series["test-mse/zero-median"]
    assert mean.band == "mean, standard error of 20 draws" and median.band == "median, quartiles of 20 draws"
    assert np.abs(mean.x * 200 - 200).min() >= 4 and np.abs(median.x * 200 - 200).max() <= 25
    assert quick.series["rff/mse"].lo is None, "one seed is drawn without a band"


def test_only_the_shortest_fit_changes_its_summary_near_n(quick):
    """A ridge keeps means finite at p = n: its curves are means there too, and the legend has no entry for a median of theirs."""
    assert {name for name in quick.series if name.startswith(("test-mse", "ridge")) and "median" in name} == {"test-mse/zero-median"}
    assert {name for name in quick.series if name.startswith("ridge/zero")} == {"ridge/zero"}, "what the others are compared with"
    for name in ("ridge/small", "ridge/best"):
        curve = quick.series[name]
        assert curve.band == "mean, standard error of 20 draws" and np.abs(curve.x - 1).min() == 0 and np.isfinite(curve.y).all()


def test_a_ridge_too_small_to_damp_anything_keeps_its_median_near_n():
    run = work(build(n=30, D=90, draws=3, ridge=1e-6))
    names = {item.name for item in run.series()}
    assert "test-mse/small-median" in names and "ridge/small-median" not in names, "only the main curve's, which the tour reads"


def test_both_minima_are_where_the_chapter_has_them(quick):
    """Belkin-Hsu-Xu by hand at p = 10 and p = 1000; 85 % of the signal lies evenly on 1000 features, 15 % on the first ten."""
    lowest, theory = quick.series["test-mse/minima-lowest"], quick.series["test-mse/zero-theory"]
    left = 0.85 * 0.99
    first = (left + 0.25) * (1 + 10 / 189)
    second = 0.8 + 0.25 * (1 + 200 / 799)
    assert (lowest.x, lowest.y) == (pytest.approx([5.0]), pytest.approx([second])) and second < first
    assert theory.x[theory.y[:200].argmin()] == pytest.approx(0.05) and theory.y[:200].min() == pytest.approx(first)
    assert lowest.label == "lowest: second valley" and lowest.basis == "exact"


def test_trap_of_the_reference_head_at_a_quarter_of_the_noise():
    run = build(n=200, D=1000, sigma=0.25, head_k=10, draws=1)
    assert work(run, until=0).predicted.first_low == pytest.approx(0.952, abs=5e-4)
    assert run.predicted.second_low == pytest.approx(0.878, abs=5e-4)


def test_arrays_are_a_problem_and_its_solution(quick):
    found = quick.arrays
    X, y, w = found["X"], found["y"], found["w"]
    assert X.shape == (200, 1000) and y.shape == (200,) and np.abs(X @ w - y).max() < 1e-9
    assert w == pytest.approx(X.T @ np.linalg.solve(X @ X.T, y), rel=1e-6, abs=1e-9)
    assert (found["w_star"] ** 2).sum() == pytest.approx(1) and (found["eigenvalues"] == 1).all()
    assert found["risk_p"].shape == found["risk_mean"].shape == found["risk_median"].shape
    p, far = found["risk_theory_p"].astype(int), np.abs(found["risk_theory_p"] - 200) >= 10
    at = np.searchsorted(found["risk_p"], p)
    away = np.abs(found["risk_mean"][at] - found["risk_theory"]) / found["risk_standard_error"][at]
    assert np.median(away[far]) < 1.5, "the mean is paired with the mean"


def test_at_p_190_what_is_left_out_is_variance_over_training_sets(quick):
    """By hand: |b_C|^2 = .85 x 810/1000; above it, (|b_C|^2 + .25) 190/9. Given the inputs most of it is called bias."""
    left_out = 0.85 * 810 / 1000
    theory = {name: quick.series[f"bias-variance/{name}-theory"] for name in ("bias", "variance")}
    given = {name: quick.series[f"given-inputs/{name}-theory"] for name in ("bias", "variance")}

    def at_190(curve):
        (height,) = curve.y[np.isclose(curve.x, 190 / 200)]
        return height

    assert at_190(theory["bias"]) == pytest.approx(left_out) and at_190(theory["variance"]) == pytest.approx((left_out + 0.25) * 190 / 9)
    assert at_190(given["bias"]) == pytest.approx(left_out * (1 + 190 / 9)) and at_190(given["variance"]) == pytest.approx(0.25 * 190 / 9)
    for name in ("bias", "variance"):
        simulated = quick.series[f"bias-variance/{name}"]
        assert "20 training sets" in simulated.band


def test_first_curves_come_before_the_first_draw_is_finished():
    run = build()
    while not run.due():
        run.advance(1e-9)
    assert run.step == 0 and not run.done
    run.history.append(0, run.measure())
    names = {item.name for item in run.series()}
    assert {
        "test-mse/zero",
        "test-mse/zero-theory",
        "given-inputs/bias",
        "bias-variance/bias-theory",
        "norm/zero",
    } <= names
    assert not run.due()


def test_decided_claims_carry_their_numbers(quick):
    values = {verdict.claim.id: verdict.values for verdict in quick.verdicts if verdict.holds is not None}
    assert all(values.values())
    assert values["DD3"]["head second"] < values["DD3"]["head first"] and values["DD4"]["p above min-norm"] == 0
    assert values["DD8"]["peak"] == 500 and values["DD8"]["ratio"] > 10


def test_every_number_of_a_record_is_declared(quick):
    declared = {quantity.name for quantity in KIND.spec.quantities}
    run = work(build())
    assert set(run.history.records[-1]) == set(quick.snapshot.values) <= declared


def test_pauses_change_no_number():
    whole, pieces = work(build()), work(build(), budget=0.0001)
    for a, b in zip(whole.series(), pieces.series(), strict=True):
        assert a.name == b.name and np.array_equal(a.y, b.y)
    assert whole.history.records == pieces.history.records


@pytest.mark.parametrize(
    ("until", "knobs"),
    [
        (0, {}), (2, {}), (8, {}), (14, {}), (2, {"spectrum": "power"}), (2, {"features": "relu", "d": 8}),
        (8, {"features": "fourier", "noise": 0.2}),
    ],
)  # fmt: skip
def test_resuming_continues_bit_for_bit(until, knobs):
    """In the first draw, in the third, which begins again, in a curve on digits, and at the end."""
    knobs = {**knobs, "relu_draws": 1, "digits": 50, "digit_features": 120}
    whole, broken = work(build(**knobs)), work(build(**knobs), until=until)
    broken.advance(1e-9)
    state, fresh = broken.state(), build(**knobs)
    for step, record in zip(broken.history.steps, broken.history.records, strict=True):
        fresh.history.append(step, record)
    fresh.restore(state)
    work(fresh)
    assert fresh.history.records == whole.history.records
    for a, b in zip(fresh.series(), whole.series(), strict=True):
        assert np.array_equal(a.y, b.y) and np.array_equal(a.x, b.x), a.name
    assert [verdict.row() for verdict in fresh.verdicts()] == [verdict.row() for verdict in whole.verdicts()]
    for name, values in whole.arrays().items():
        assert np.array_equal(values, fresh.arrays()[name]), name


def test_resuming_in_the_middle_of_a_curve_on_digits(monkeypatch):
    monkeypatch.setattr(digits, "_known", {})  # as in another process
    knobs = {"digits": 50, "digit_features": 200}
    broken = work(build(seeds=(0, 1), **knobs), until=6 + 13)
    assert [curve.N[-1] for curve in broken.digits.curves] == [200, 60]
    state, fresh = broken.state(), build(seeds=(0, 1), **knobs)
    for step, record in zip(broken.history.steps, broken.history.records, strict=True):
        fresh.history.append(step, record)
    fresh.restore(state)
    for run in (fresh, broken):
        digits._known.clear()
        work(run)
    for a, b in zip(fresh.series(), broken.series(), strict=True):
        assert np.array_equal(a.y, b.y)


def test_draws_of_several_seeds_are_pooled():
    together = work(build(seeds=(3, 4), draws=2)).main.stack("zero/test")
    alone = [work(build(seeds=(seed,), draws=2)).main.stack("zero/test") for seed in (3, 4)]
    assert np.array_equal(together, np.stack([alone[0][0], alone[1][0], alone[0][1], alone[1][1]]))


def test_ridge_and_tuned_knobs_choose_the_main_curve():
    plain, ridge, tuned = (work(build(**knobs)) for knobs in ({}, {"ridge": 5.0}, {"tuned": True}))
    assert {"test-mse/zero", "ridge/best"} <= {item.name for item in plain.series()}
    assert {"test-mse/small", "ridge/best", "ridge/zero"} <= {item.name for item in ridge.series()}
    by_name = {item.name: item for item in tuned.series()}
    assert "test-mse/best" in by_name and "test-mse/zero" not in by_name
    heights = [run.simulated().height for run in (plain, ridge, tuned)]
    assert heights[0] > heights[1] > heights[2]


def test_the_peak_claim_is_not_meant_for_what_has_no_noise_to_amplify(monkeypatch):
    verdict = finding(work(build(sigma=0, profile="well-specified", draws=10)), "DD2")
    assert verdict.status is Status.NOT_APPLICABLE and "noise" in verdict.reason
    run = work(build(draws=10))
    assert finding(run, "DD2").holds
    monkeypatch.setattr(run.main, "stack", lambda name: np.tile(np.arange(run.p.size, dtype=float), (10, 1)))
    assert finding(run, "DD2").holds is False


def test_the_second_valley_claim_moves_with_the_exact_curves(monkeypatch):
    run = work(build(n=40, D=200, head_share=1.0, head_k=4, draws=20))
    verdict = finding(run, "DD3")
    said = "head: first; well-specified: first"
    assert (verdict.predicted, verdict.measured, verdict.holds) == (said, said, True)
    honest = run.main.mean
    monkeypatch.setattr(run.main, "mean", lambda name: (honest(name)[0][::-1].copy(), honest(name)[1]))
    assert finding(run, "DD3").holds is False
    assert finding(work(build(D=24, draws=10)), "DD3").status is Status.NOT_APPLICABLE


def test_the_decomposition_over_training_sets_is_held_against_the_one_given_inputs(monkeypatch):
    run = work(build(n=50, D=200, draws=40))
    assert finding(run, "DD10").holds
    theory = run.model.predict(run.mean_fit.p)
    (_, error), (_, other) = run.mean_fit.decomposed()
    monkeypatch.setattr(run.mean_fit, "decomposed", lambda: ((theory.bias, error), (theory.variance, other)))
    assert finding(run, "DD10").holds is False


def test_few_draws_decide_nothing_that_needs_a_mean():
    run = work(build(relu_draws=2))
    for claim in ("DD1", "DD4", "DD5", "DD7"):
        verdict = finding(run, claim)
        assert verdict.status is Status.NOT_APPLICABLE and "draws" in verdict.reason, claim
    early = work(build(), until=1)
    assert all(verdict.holds is None for verdict in early.verdicts())


def test_claims_of_isotropic_features_are_left_to_runs_of_them():
    run = work(build(features="relu", d=8, draws=1))
    assert finding(run, "DD1").status is Status.NOT_APPLICABLE and finding(run, "DD6").holds


def test_simulation_off_its_curve_is_seen(monkeypatch):
    run = work(build(draws=10))
    assert finding(run, "DD1").holds
    honest = run.main.mean
    monkeypatch.setattr(run.main, "mean", lambda name: (honest(name)[0] * 1.5, honest(name)[1]))
    assert finding(run, "DD1").holds is False


def test_random_features_without_noise_have_an_equivalent_too(monkeypatch):
    run = work(build(relu_draws=1, sigma=0.0))
    bias, _ = finite_error_terms(np.maximum(run.relu_p, 1), 180, 60)
    monkeypatch.setattr(run, "relu", SimpleNamespace(count=30, stack=lambda _: bias[None]))
    assert finding(run, "DD7").holds and finding(run, "DD7").values["off"] < 1e-9


@pytest.mark.parametrize(("share", "holds"), [(1.0, True), (1.15, True), (1.25, False), (0.75, False)])
def test_random_features_are_held_against_the_equivalent_of_their_size(monkeypatch, share, holds):
    run = work(build(relu_draws=1, sigma=2.0))
    assert finding(run, "DD7").status is Status.NOT_APPLICABLE and "30 draws" in finding(run, "DD7").reason
    bias, variance = finite_error_terms(np.maximum(run.relu_p, 1), 180, 60)
    monkeypatch.setattr(run, "relu", SimpleNamespace(count=30, stack=lambda _: (4 + share * (bias + 4 * variance))[None]))
    verdict = finding(run, "DD7")
    assert verdict.holds is holds
    assert share != 1 or verdict.values["off the limit"] > 0.15


def test_wrong_checks_are_seen():
    run = work(build(digits=200, digit_features=1000))
    assert finding(run, "DD9").holds and finding(run, "DD6").holds
    run.checks.noise = run.checks.noise * 1.05
    run.checks.disagreement = 2e-9
    assert finding(run, "DD9").holds is False and finding(run, "DD6").holds is False
    curve = run.digits.curves[0]
    run.digits.curves = [replace(curve, mse=np.roll(curve.mse, 3))]
    assert finding(run, "DD8").holds is False


def test_tuned_risk_that_rises_or_exceeds_the_plain_one_is_seen(monkeypatch):
    run = work(build(n=100, D=200, draws=20))
    assert finding(run, "DD4").holds
    honest = run.main.mean
    rising = {"flat-tuned": lambda mean: mean * np.linspace(1, 1.5, mean.size)}
    monkeypatch.setattr(run.main, "mean", lambda name: (rising.get(name, lambda mean: mean)(honest(name)[0]), honest(name)[1]))
    assert finding(run, "DD4").holds is False
    plain = {"flat": lambda mean: mean - 0.1}
    monkeypatch.setattr(run.main, "mean", lambda name: (plain.get(name, lambda mean: mean)(honest(name)[0]), honest(name)[1]))
    assert finding(run, "DD4").holds is False


@pytest.mark.parametrize(
    ("knobs", "sentence"),
    [
        ({"D": 20}, "D must be between n=24 and 10n=240, got 20"),
        ({"D": 241}, "D must be between n=24 and 10n=240, got 241"),
        ({"n": 1}, "n must be between 20 and 1000, got 1"),
        ({"head_k": 13}, "head k must be at most n/2=12, got 13"),
        ({"sigma": 0, "r2": 0}, "sigma and r2 are both 0"),
        ({"digits": 10}, "digits must be 0 or at least 50, got 10"),
        ({"digits": 300, "digit_features": 300}, "digit features must exceed digits=300"),
        ({"ridge": -1}, "ridge must be between 0 and 10000, got -1"),
        ({"features": "rely"}, "did you mean relu"),
    ],
)
def test_knobs_without_a_solution_are_refused_in_a_sentence(knobs, sentence):
    with pytest.raises(KnobError, match=sentence):
        build(**knobs)


@pytest.mark.parametrize(
    "knobs",
    [
        {"sigma": 0},
        {"r2": 0, "tuned": True},
        {"sigma": 0, "profile": "well-specified", "tuned": True},
        {"D": 24},
        {"D": 25, "spectrum": "power"},
        {"spectrum": "power", "decay": 2, "tuned": True},
        {"spectrum": "power", "r2": 0},
        {"features": "relu", "d": 5, "sigma": 0},
        {"features": "relu", "r2": 0, "ridge": 1e4},
        {"features": "fourier", "D": 95, "noise": 1.0},
        {"draws": 1},
    ],
)
def test_extreme_knobs_give_curves_without_warning(knobs):
    run = work(build(**{"draws": 2, **knobs}))
    assert run.done and run.pictures()[0].layers
    for item in run.series():
        assert not np.isnan(item.y).any(), item.name
        assert np.isfinite(item.y).any(), item.name
