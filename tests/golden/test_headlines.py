"""The headline of every reduced run, at its start, on its way and at its end: what all keep to, and that the numbers are the run's.

The numbers are read off the records here, not off the scalars from which a headline is made.
"""

import re

import numpy as np
import pytest

from engine.headline import number, when, written
from engine.headline import percent as percent_of
from tests.golden.cases import CASES
from tests.golden.ran import ran, told
from tests.golden.test_scalars import first, made, places
from tests.phenomena.headlines import check, headline_of, numbers_in

IDS = [case.id for case in CASES]


def said(name):
    """The headline of a case at its end."""
    return "; ".join(headline_of(made(name)[0]))


def percent(share):
    return f"{100 * share:.{0 if 100 * share >= 10 else 1}f}".removesuffix(".0")


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_headline_is_short_and_sound_from_the_first_measurement_to_the_last(case):
    for step, clauses in told(case):
        check(clauses, len(case.seeds))
        for at in re.findall(r"at step ([\d,]+)", "; ".join(clauses)):
            assert int(at.replace(",", "")) <= max(1, step), clauses
    assert told(case)[-1][1] and headline_of(ran(case))


@pytest.mark.parametrize("case", [case for case in CASES if len(case.seeds) > 1], ids=lambda case: case.id)
def test_several_seeds_are_a_median_with_its_range_or_a_count(case):
    line = "; ".join(told(case)[-1][1])
    assert f"median (range) of {len(case.seeds)} seeds" in line or case.phenomenon == "double-descent"  # whose draws are pooled


def test_before_the_first_measurement_there_is_none():
    for case in CASES[:1]:
        fresh = type(ran(case))(ran(case).config, case.seeds)
        assert fresh.headline(fresh.scalars()) == ()


def test_random_labels_are_memorised_only_when_they_are():
    run, _, column = made("random-labels--digits196")
    (_, train), (_, error) = column("train-accuracy"), column("test-error")
    mine = places(run, name="random")
    assert train[:, mine].max() < 0.99, "this short run memorises nothing"
    line = said("random-labels--digits196")
    assert line.startswith(f"{percent(train[-1, mine[0]])} % of random labels fitted at step {run.step}") and "memorised" not in line
    true = error[-1, places(run, name="true")[0]]
    assert f"; test error {percent(error[-1, mine[0]])} %, on true labels {percent(true)} %; chance 90 %" in line


def test_grokking_tells_both_jumps_of_every_seed_and_calls_nothing_grokked_that_has_not():
    run, _, column = made("grokking--gromov")
    (steps, train), (_, test) = column("train-accuracy"), column("test-accuracy")
    main = places(run, name="main")
    memorised = first(steps, train[:, main], 0.99 - 1e-9)
    line = said("grokking--gromov")
    assert memorised.max() < run.step and test[:, main].max() < 0.95, "memorised, not grokked: the run is too short"
    assert numbers_in(line.split("; ")[0])[0] == np.median(memorised)
    assert f"test accuracy {percent(np.median(test[-1, main]))} %" in line and "chance 5.9 %" in line and "grokked" not in line
    early = [clauses for step, clauses in told(next(case for case in CASES if case.id == "grokking--gromov")) if step < memorised.min()]
    assert early and all("of training pairs right at step" in clauses[0] for clauses in early)
    assert "chance 0.8 %" in said("grokking--s5"), "120 permutations"
    assert "grokked" not in said("grokking--mlp-stablemax") and "memorised" not in said("grokking--mlp-stablemax")


def test_events_of_some_seeds_are_counted():
    half = np.array([np.nan, 40.0])
    assert when("test pairs", "grokked", half, 300) == "test pairs grokked in 1 of 2 seeds by step 300"
    assert when("test pairs", "grokked", half[1:], 300) == "test pairs grokked at step 40"
    assert when("test pairs", "grokked", np.array([1000.0, 2000.0, 1500.0]), 2500) == "test pairs grokked at step 1,500 (1,000 to 2,000)"
    assert when("test pairs", "grokked", half[:1], 3000) == "test pairs not grokked by step 3,000"


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.9996, "above 99.9 %"), (0.999, "99.9 %"), (0.0004, "below 0.1 %"), (0.098, "9.8 %"), (0.9, "90 %"),
     (3.353, "335 %"), (-2.05, "-205 %")],
)  # fmt: skip
def test_a_share_is_0_or_100_percent_only_if_it_is(share, text):
    assert percent_of([share]) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (1.998, "2.00"), (2.0, "2"), (0.03214, "0.0321"), (1.2345e-9, "1.2e-9"), (3652.4, "3,652"), (1e7, "1e7"),
     (-0.6095, "-0.610"), (999.6, "1,000"), (0.9996, "1.00"), (0.00099999, "1e-3")],
)  # fmt: skip
def test_a_number_has_three_digits(value, text):
    assert written(value) == text


def test_ranges_leave_out_seeds_without_a_number():
    assert percent_of([0.5, np.nan, 0.7]) == "60 % (50 to 70)"
    assert number([np.nan]) == "unknown"


def test_deep_double_descent_places_the_peak_of_the_first_seeds_curve():
    run, _, column = made("deep-double-descent--digits-ce-clean")
    _, loss = column("test-loss")
    arrays = run.arrays()
    order = [np.flatnonzero((arrays["h"] == h) & (arrays["n"] == 100) & arrays["noisy"])[0] for h in (4, 12, 24)]
    assert (np.diff(loss[-1, order]) < 0).all()
    assert "; test loss never rises with the width, " in said("deep-double-descent--digits-ce-clean")
    assert ", highest at the widest; " in said("deep-double-descent--sgd-batches"), "where the loss is highest at the last width"


def test_min_norm_gives_the_last_relative_distances():
    run, _, column = made("min-norm--linear")
    _, away = column("distance")
    gd, adam = (away[-1, places(run, name=name)[0]] for name in ("gd", "adam"))
    assert gd < 1e-12
    of_descent, of_adam, *_ = said("min-norm--linear").split("; ")
    (step, found, *_), (other,) = numbers_in(of_descent), numbers_in(of_adam)
    assert step == run.step and found == pytest.approx(gd, rel=0.1) and other == pytest.approx(adam, rel=1e-2)
    assert "misfit" in said("min-norm--diagonal") and "completion error (factors): " in said("min-norm--deep-matrix")


def test_max_margin_gives_the_direction_of_the_last_step():
    run, _, column = made("max-margin--four-point")
    _, errors = column("direction error")
    svm, w = run.problems[0].svm.w, run.arrays()["w"]
    share = (run.problems[0].X @ w * run.problems[0].y).min() / np.linalg.norm(w) / run.problems[0].svm.margin
    line = said("max-margin--four-point")
    off = np.linalg.norm(w / np.linalg.norm(w) - svm / np.linalg.norm(svm))
    assert errors[-1, 0] == pytest.approx(off) and f"at step 3,000: {off:.4f} off the SVM's direction" in line
    assert f", {percent(share)} % of its margin" in line


def test_double_descent_places_peak_and_valleys_of_all_draws():
    run, _, _ = made("double-descent--relu")
    p, tested = run.arrays()["risk_p"], run.main.stack("zero/test")
    peak, mean = int(np.median(tested, axis=0).argmax()), tested.mean(axis=0)
    below, beyond = mean[p < 27].min(), mean[p > 33].min()
    assert p[peak] == 30
    valleys, height = f"lowest {below:.2f} below n, {beyond:.3f} beyond", number([float(np.median(tested, axis=0)[peak])])
    assert said("double-descent--relu").startswith(f"test MSE peaks at p = n = 30 (median {height}); {valleys}; 4 draws")
    assert "no peak inside" in said("double-descent--power-tuned")


def test_interpolation_threshold_gives_medians_over_draws():
    run, _, _ = made("interpolation-threshold--isotropic")
    tested = np.median(run.sweeps["test-mse"], axis=0)
    at = int(tested.argmax())
    line = said("interpolation-threshold--isotropic")
    place = "n = 30" if run.widths[at] == 30 else f"{run.widths[at]} (n = 30)"
    assert line.startswith(f"median test MSE peaks at d = {place}: {tested[at]:.1f}; lowest ")
    assert f" below n, {tested[run.widths > 30].min():.2f} beyond; " in line and "8 draws" in line


def test_benign_overfitting_gives_the_chosen_spectrum_beside_its_theory():
    run, _, column = made("benign-overfitting--exp-eps")
    _, risks = column("excess-risk")
    place = next(i for i, one in enumerate(run.settings) if one.family == "exp-eps" and one.n == 40)
    line = said("benign-overfitting--exp-eps")
    assert line.startswith(f"excess risk: exp+eps falls to {risks[-1, place]:.3f}, ")
    assert f"exp+eps in theory {run.expected[run.chosen] - 1:.3f}; excess ~ n^-" in line
    assert run.sigma2 == 1
    assert "k^-3 at n = 80: noise risk " in said("benign-overfitting--signal-ridge"), "the exponent that was asked for"


def test_lazy_training_gives_both_ends_and_the_limit():
    run, _, column = made("lazy-training--lazy-scales")
    _, error = column("test-error")
    rich, lazy = (error[-1, places(run, alpha=alpha, m=20)[0]] for alpha in (1.0, 1000.0))
    found = numbers_in(said("lazy-training--lazy-scales").split("; ")[0])
    assert found[:4] == [pytest.approx(rich, rel=1e-2), 1.0, pytest.approx(lazy, rel=1e-2), 1000.0]
    assert found[4] == pytest.approx(run.students_of(20)[0].limit_error, rel=1e-2)


def test_edge_of_stability_says_whether_the_edge_was_reached():
    run, _, column = made("edge-of-stability--tanh")
    steps, eta = column("eta-sharpness")
    mine = eta[:, places(run, edge=10.0)]
    reached = [steps[np.flatnonzero(seed >= 2)[0]] for seed in mine.T if (seed >= 2).any()]
    line = said("edge-of-stability--tanh")
    if len(reached) == 2:
        assert f"reached at step {np.median(reached):,.0f}" in line
    else:
        assert f"reached in 1 of 2 seeds by step {run.step}" in line or f"not reached by step {run.step}" in line


def test_vacuous_bounds_calls_a_bound_vacuous_only_from_one_on():
    _, _, column = made("vacuous-bounds--lambda-digits5k")
    (_, vc), (_, error), (_, certificate) = column("VC"), column("test-error"), column("PAC-Bayes")
    line = said("vacuous-bounds--lambda-digits5k")
    assert vc[-1, 0] >= 1 and line.startswith(f"true labels: error {written(error[-1, 0])}, VC {written(vc[-1, 0])} > 1")
    assert f"PAC-Bayes {written(certificate[-1, 0])}" in line and "random" not in line


def test_neural_collapse_says_when_labels_were_fitted_and_what_nc1_has_become():
    run, _, column = made("neural-collapse--both")
    (_, nc1), (_, error) = column("nc1"), column("error")
    line = said("neural-collapse--both")
    for on in ("true", "random"):
        mine = places(run, name=on)
        now = np.median(nc1[-1, mine])
        assert written(now) in line
        assert ("fitted at step" in line) or (error[:, mine] > 0).all(axis=0).any()
