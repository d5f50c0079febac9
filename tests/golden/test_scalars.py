"""The scalars of every reduced run: all are answered, and the numbers are those that its records and arrays give to plain NumPy."""

import re

import numpy as np
import pytest
from scipy.optimize import linprog
from sklearn.isotonic import IsotonicRegression
from sklearn.svm import SVC

from engine import registry
from engine.contract import values_record
from tests.faults.extremes import again
from tests.golden.cases import CASES
from tests.golden.ran import ran

IDS = [case.id for case in CASES]


def made(name):
    """A run, its scalars' seeds by name, and its records by quantity: the (steps (k,), values (k, ...)) that its metrics file has."""
    run = ran(next(case for case in CASES if case.id == name))
    seeds = {item.scalar.name: np.array(item.seeds) for item in run.scalars()}

    def column(quantity):
        kept = [(step, record[quantity]) for step, record in zip(run.history.steps, run.history.records, strict=True) if quantity in record]
        steps, values = zip(*kept, strict=True)
        return np.array(steps, dtype=float), np.array(values, dtype=float)

    return run, seeds, column


def places(run, **wanted):
    """The networks whose setting has these values."""
    return [i for i, one in enumerate(run.networks) if all(getattr(one.setting, name) == value for name, value in wanted.items())]


def first(steps, values, level):
    """Each column's first step at or above a level, the last step where there is none."""
    return np.array([next((step for step, value in zip(steps, column, strict=True) if value >= level), steps[-1]) for column in values.T])


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_every_declared_scalar_is_answered_with_numbers_or_a_reason(case):
    run = ran(case)
    answers = run.scalars()
    assert [item.scalar for item in answers] == list(run.spec.scalars) and answers
    for item in answers:
        assert item.sound and item.reason != "pending", item
        assert len(item.seeds) in (0, 1, len(run.seeds)), item
        assert not item.scalar.whole or not item.seeds or all(seed != seed or seed == int(seed) for seed in item.seeds), item
        assert not item.reason or not item.reason.endswith("."), item


@pytest.mark.parametrize("name", registry.names())
def test_declared_scalars_have_words_of_the_command_line_and_labels_of_their_own(name):
    declared = registry.spec(name).scalars
    assert len({item.name for item in declared}) == len({item.label for item in declared}) == len(declared) > 5
    for item in declared:
        assert re.fullmatch(r"[a-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*", item.name) and 0 < len(item.label) < 90, item


@pytest.mark.parametrize("name", registry.names())
def test_every_scalar_has_a_number_in_some_reduced_run_or_says_what_it_needs(name):
    seen = {item.scalar.name for case in CASES if case.phenomenon == name for item in ran(case).scalars() if not item.reason}
    for case in (case for case in CASES if case.phenomenon == name):
        for item in ran(case).scalars():
            assert item.scalar.name in seen or re.match(
                "needs|true labels are not|no peak inside|it never rises|fewer than|below", item.reason
            ), item


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_stored_end_gives_the_same_scalars_verdicts_and_curves(case):
    run = ran(case)
    fresh = again(run, run.state())
    while not fresh.done:  # what a state does not hold, such as flows, is worked out again
        fresh.advance(0.5)
    assert values_record(fresh.scalars()) == values_record(run.scalars())
    np.testing.assert_equal([vars(item) for item in fresh.verdicts()], [vars(item) for item in run.verdicts()])
    np.testing.assert_equal([vars(item) for item in fresh.series()], [vars(item) for item in run.series()])
    np.testing.assert_equal([vars(item) for item in fresh.markers()], [vars(item) for item in run.markers()])


def test_grokking():
    run, seeds, column = made("grokking--gromov")
    main = places(run, name="main")
    (steps, train), (_, test), (_, norms) = column("train-accuracy"), column("test-accuracy"), column("norm")
    memorised, grokked = first(steps, train[:, main], 0.99 - 1e-9), first(steps, test[:, main], 0.95 - 1e-9)
    np.testing.assert_array_equal(seeds["memorise_step"], memorised)
    np.testing.assert_array_equal(seeds["grok_step"], grokked)
    np.testing.assert_allclose(seeds["delay_ratio"], grokked / memorised)
    np.testing.assert_array_equal(seeds["test_accuracy"], test[-1, main])
    np.testing.assert_array_equal(seeds["squared_norm"], norms[-1, main])
    at = [test[list(steps).index(step), place] for step, place in zip(memorised, main, strict=True)]
    np.testing.assert_array_equal(seeds["accuracy_when_memorised"], at)
    without = places(run, name="no-decay")
    np.testing.assert_array_equal(seeds["grok_step_no_decay"], first(steps, test[:, without], 0.95 - 1e-9))
    weights = sum(float((run.arrays()[name].astype(float) ** 2).sum()) for name in "UWV")
    assert seeds["squared_norm"][0] == pytest.approx(weights, rel=1e-3)


def test_random_labels():
    run, seeds, column = made("random-labels--mnist1d-cnn")
    (steps, train), (_, error), (_, loss) = column("train-accuracy"), column("test-error"), column("train-loss")
    for name, condition in (("true", "true"), ("random", "random"), ("shuffled", "shuffled"), ("random_pixels", "random-pixels")):
        mine = places(run, name=condition)
        np.testing.assert_allclose(seeds[f"train_error_{name}"], 1 - train[-1, mine], atol=1e-12)
        np.testing.assert_array_equal(seeds[f"test_error_{name}"], error[-1, mine])
        np.testing.assert_array_equal(seeds[f"memorise_step_{name}"], first(steps, train[:, mine], 0.99))
    np.testing.assert_array_equal(seeds["test_error_cnn_shuffled"], error[-1, places(run, name="cnn-shuffled")])
    np.testing.assert_array_equal(seeds["train_loss_random"], loss[-1, places(run, name="random")])
    np.testing.assert_allclose(seeds["generalisation_gap_true"], seeds["test_error_true"] - seeds["train_error_true"], atol=1e-12)
    x, a, b, w = (run.arrays()[name].astype(float) for name in ("X", "a", "b", "w"))
    assert np.isfinite(np.maximum((x[: len(b)] @ a)[:, None] - b, 0) @ w).all() and seeds["construction_residual"][0] < 1e-6


def test_deep_double_descent():
    run, seeds, column = made("deep-double-descent--mnist1d")
    arrays, (_, test), (_, train), (_, loss) = run.arrays(), column("test-error"), column("train-error"), column("test-loss")
    widths = [4, 12, 24]
    for place in (0, 1):
        order = [np.flatnonzero((arrays["h"] == h) & (arrays["n"] == 100) & (arrays["place"] == place))[0] for h in widths]
        curve = loss[-1, order]
        rises = {(i, j): curve[j] - curve[i] for i in range(3) for j in range(i, 3)}
        low, top = max(rises, key=rises.get)
        assert seeds["loss_first_minimum"][place] == curve[low] and seeds["loss_peak"][place] == curve[top] and top == 2
        assert seeds["error_widest"][place] == test[-1, order[-1]] and seeds["train_error_widest"][place] == train[-1, order[-1]]
        assert seeds["error_stopped"][place] == test[:, order].min()
        assert seeds["fitted_h"][place] == next(h for h, column in zip(widths, order, strict=True) if train[-1, column] <= 0.1)
    (peak,) = (item for item in run.scalars() if item.scalar.name == "loss_peak_h")
    assert peak.censored == (True, True) and peak.seeds == (24.0, 24.0)  # the loss is highest at the widest: at least there
    sizes = np.array([25, 50, 100])
    errors = [train[-1, (arrays["h"] == 12) & (arrays["n"] == n)].mean() for n in sizes]
    fitted = sizes[IsotonicRegression().fit_transform(sizes, errors) <= 0.1 + 1e-12]
    assert seeds["emc_widest"][0] == fitted.max()
    d, classes = 40, 10
    assert seeds["threshold_h"][0] == pytest.approx((100 * classes - classes) / (d + 1 + classes), rel=1e-6)


def test_double_descent():
    run, seeds, _ = made("double-descent--head")
    arrays, n = run.arrays(), 30
    p, mean, median = arrays["risk_p"], arrays["risk_mean"], arrays["risk_median"]
    assert seeds["peak_p"][0] == p[median.argmax()] and seeds["peak_mse"][0] == median.max()
    assert seeds["peak_over_n"][0] == p[median.argmax()] / n
    for name, side in (("first", p <= n - 4), ("second", p >= n + 4)):
        assert (
            seeds[f"{name}_valley_mse"][0] == pytest.approx(mean[side].min())
            and seeds[f"{name}_valley_p"][0] == p[side][mean[side].argmin()]
        )
    assert seeds["valley_ratio"][0] == pytest.approx(mean[p >= n + 4].min() / mean[p <= n - 4].min())
    assert seeds["excess_risk_all_features"][0] == pytest.approx(mean[-1] - 0.25)
    at = arrays["risk_theory_p"] >= n + 2
    assert seeds["second_valley_mse_theory"][0] == pytest.approx(arrays["risk_theory"][at].min(), rel=1e-3)


def test_seeds_of_pooled_draws_answer_for_themselves():
    both, alone = (registry.load("interpolation-threshold") for _ in range(2))
    config = registry.spec("interpolation-threshold").configure("quick", {"n": 20, "draws": 6})
    fewer = registry.spec("interpolation-threshold").configure("quick", {"n": 20, "draws": 3})
    pooled, single = both(config, (3, 5)), alone(fewer, (5,))
    for run in (pooled, single):
        while not run.done:
            run.advance(0.5)
            if run.due():
                run.history.append(run.step, run.measure())
    wanted = {item.scalar.name: item.seeds for item in single.scalars()}
    for item in pooled.scalars():
        if len(item.seeds) == 2:
            assert item.seeds[1] == pytest.approx(wanted[item.scalar.name][0], rel=1e-9), item


def test_interpolation_threshold():
    run, seeds, _ = made("interpolation-threshold--isotropic")
    arrays, n = run.arrays(), 30
    d, names = arrays["risk_p"], list(arrays["quantities"])
    for name, quantity in (("test_mse", "test-mse"), ("norm", "norm"), ("condition_number", "condition-number")):
        curve = np.median(arrays["sweeps"][:, :, names.index(quantity)], axis=0)
        assert seeds[f"{name}_peak"][0] == curve.max() and seeds[f"{name}_peak_d"][0] == d[curve.argmax()]
        assert seeds[f"{name}_at_n"][0] == curve[d == n][0]
    risk = np.median(arrays["sweeps"][:, :, names.index("test-mse")], axis=0)
    assert seeds["valley_below_mse"][0] == risk[d < n].min() and seeds["valley_beyond_d"][0] == d[d > n][risk[d > n].argmin()]
    sizes, share = arrays["map_n"], arrays["separable"]
    doubled = [share[list(sizes).index(2 * size), place] for place, size in enumerate(sizes) if 2 * size in sizes]
    assert seeds["separable_share_2d"][0] == pytest.approx(np.mean(doubled))


def test_min_norm():
    run, seeds, column = made("min-norm--linear")
    arrays = run.arrays()
    goal = np.linalg.pinv(arrays["X"]) @ arrays["y"]
    assert seeds["min_norm"][0] == pytest.approx(np.linalg.norm(goal), rel=1e-9)
    assert seeds["recovery_error"][0] == pytest.approx(np.linalg.norm(goal - arrays["w_star"]) / np.linalg.norm(arrays["w_star"]), rel=1e-9)
    assert seeds["norm_gd"][0] == pytest.approx(np.linalg.norm(arrays["w"]), rel=1e-9)
    (steps, away), (_, size), (_, error) = column("off-limit"), column("l2"), column("error")
    (adam,), (deep,), (gd,) = places(run, name="adam"), places(run, name="depth-3"), places(run, name="gd")
    assert seeds["norm_adam"][0] == size[-1, adam] and seeds["completion_error_depth_3"][0] == error[-1, deep]
    assert seeds["reach_step_gd"][0] == steps[np.flatnonzero(away[:, gd] <= 1e-8)[0]]
    norms = column("adam-norms")[1][-1, 0]
    assert seeds["adam_spread"][0] == pytest.approx((norms.max() - norms.min()) / norms.mean())


def test_max_margin():
    run, seeds, _ = made("max-margin--gauss")
    arrays = run.arrays()
    Z, w_hat = arrays["X"] * arrays["y"][:, None], arrays["w_hat"]
    svc = SVC(kernel="linear", C=1e9, tol=1e-8).fit(arrays["X"][:, :-1], arrays["y"])  # the column of ones is the bias, which counts here
    assert (
        seeds["margin"][0] == pytest.approx(1 / np.linalg.norm(w_hat), rel=1e-8)
        and seeds["margin"][0] <= 1 / np.linalg.norm(svc.coef_) + 1e-6
    )
    unit = w_hat / np.linalg.norm(w_hat)
    for name, w in (("gd", arrays["w"]), ("momentum", arrays["w_momentum"]), ("adam", arrays["w_adam"])):
        assert seeds[f"direction_error_{name}"][0] == pytest.approx(np.linalg.norm(w / np.linalg.norm(w) - unit), rel=1e-6)
    assert seeds["own_margin_gd"][0] == pytest.approx((Z @ arrays["w"]).min() / np.linalg.norm(arrays["w"]) / seeds["margin"][0], rel=1e-6)
    n, d = Z.shape
    best = -linprog(np.r_[np.zeros(d), -1.0], A_ub=np.c_[-Z, np.ones(n)], b_ub=np.zeros(n), bounds=[(-1, 1)] * d + [(None, None)]).fun
    sign = arrays["w_sign"]
    assert seeds["own_margin_sign"][0] == pytest.approx((Z @ sign).min() / np.abs(sign).max() / best, rel=1e-6)
    last, tau = arrays["w_flow"][-1], arrays["log_s"][-1]
    assert seeds["direction_constant"][0] == pytest.approx(np.linalg.norm(last / np.linalg.norm(last) - unit) * tau, rel=1e-6)
    assert seeds["validation_error_svm"][0] == np.mean(arrays["y_validation"] * (arrays["X_validation"] @ w_hat) <= 0)


def test_benign_overfitting():
    run, seeds, _ = made("benign-overfitting--exp-eps")
    arrays, n = run.arrays(), 40
    noise, small = arrays["draws_exp-eps_n40"][:, 0], arrays["draws_exp-eps_n20"][:, 0]
    assert seeds["noise_risk"][0] == seeds["excess_risk"][0] == pytest.approx(noise.mean())
    assert seeds["excess_slope"][0] == pytest.approx(np.log(noise.mean() / small.mean()) / np.log(2))
    lam = run.chosen.eigenvalues
    assert len(lam) == round(n**1.5)
    ranks = [sum(lam[k:]) / lam[k] for k in range(len(lam))]
    k = next(k for k, rank in enumerate(ranks) if rank >= n)
    other = sum(lam[k:]) ** 2 / sum(lam[k:] ** 2)
    assert (
        seeds["k_star"][0] == k
        and seeds["effective_rank_r"][0] == pytest.approx(ranks[k])
        and seeds["effective_rank_R"][0] == pytest.approx(other)
    )
    assert seeds["benign_ratio"][0] == pytest.approx(noise.mean() / (k / n + n / other))


def test_lazy_training():
    run, seeds, column = made("lazy-training--lazy-scales")
    values = {name: column(name)[1][-1] for name in ("test-error", "weight-change", "kernel-change")}
    (rich,), (lazy,) = places(run, alpha=1.0, m=20), places(run, alpha=1000.0, m=20)
    for name, quantity in (("test_error", "test-error"), ("weight_change", "weight-change"), ("kernel_change", "kernel-change")):
        assert (seeds[f"{name}_rich"][0], seeds[f"{name}_lazy"][0]) == (values[quantity][rich], values[quantity][lazy])
    change = [values["weight-change"][places(run, alpha=alpha, m=20)[0]] for alpha in (10.0, 100.0, 1000.0)]
    assert seeds["weight_slope"][0] == pytest.approx(np.log10(change[2] / change[0]) / 2, rel=1e-6)  # evenly spaced: the ends decide


def test_edge_of_stability():
    run, seeds, column = made("edge-of-stability--tanh")
    (steps, eta), (_, sharpness), (_, loss), (_, rising) = (column(name) for name in ("eta-sharpness", "sharpness", "loss", "rising"))
    edge, control = places(run, edge=10.0), places(run, control=True)
    np.testing.assert_array_equal(seeds["crossing_step_largest_eta"], first(steps, eta[:, edge], 2.0))
    np.testing.assert_array_equal(seeds["sharpness_largest_eta"], sharpness[-1, edge])
    np.testing.assert_array_equal(seeds["sharpness_max_control"], sharpness[:, control].max(axis=0))
    np.testing.assert_array_equal(seeds["sharpness_initial"], sharpness[0, edge])  # every step size begins with the same weights
    np.testing.assert_array_equal(seeds["train_loss_control"], loss[-1, control])
    np.testing.assert_allclose(seeds["eta_sharpness_largest_eta"], eta[:, edge].mean(axis=0))  # fewer than 400 steps
    np.testing.assert_allclose(seeds["rising_share_largest_eta"], rising[1:, edge].mean(axis=0))  # readings are evenly spaced


def test_neural_collapse():
    run, seeds, column = made("neural-collapse--both")
    for on in ("true", "random"):
        mine = places(run, name=on)
        for name, quantity in (("nc1", "nc1"), ("nc1_test", "nc1-test"), ("nc2_angle", "nc2-angle"), ("nc3", "nc3"), ("nc4", "nc4")):
            np.testing.assert_array_equal(seeds[f"{name}_{on}"], column(quantity)[1][-1, mine])
        steps, error = column("error")
        np.testing.assert_array_equal(seeds[f"fitted_step_{on}"], first(steps, -error[:, mine], 0.0))
    arrays = run.arrays()
    h, y, w = arrays["H"][0].astype(float), arrays["y"][0], arrays["W"][0].astype(float)
    means = np.stack([h[y == k].mean(axis=0) for k in range(10)])
    centred = means - means.mean(axis=0)
    between = np.linalg.pinv(centred.T @ centred / 10, rcond=1e-12)
    within = (h - means[y]).T @ (h - means[y]) / len(h)
    assert seeds["nc1_true"][0] == pytest.approx(np.trace(within @ between) / 10, rel=1e-6)
    apart = w / np.linalg.norm(w) - centred / np.linalg.norm(centred)
    assert seeds["nc3_true"][0] == pytest.approx(np.sum(apart**2), rel=1e-6)
    assert np.abs(seeds["free_gap"]).max() < 1e-12


def test_vacuous_bounds():
    run, seeds, column = made("vacuous-bounds--arms")
    for on in ("true", "random"):
        mine = places(run, name=on)
        for name, quantity in (("vc", "VC"), ("certificate", "PAC-Bayes"), ("spectral_term", "spectral"), ("test_error", "test-error")):
            np.testing.assert_array_equal(seeds[f"{name}_{on}"], column(quantity)[1][-1, mine])
    np.testing.assert_array_equal(seeds["half_data_certificate"], column("half data")[1][-1])
    arrays = run.arrays()
    margins, n = arrays["true_margins"], 300
    assert seeds["train_error_true"][0] == np.mean(margins <= 0)
    w, s, w0 = (np.asarray(arrays[f"true_{name}"], dtype=float) for name in ("w", "s", "w0"))
    scale = run.measured[0].bounds["PAC-Bayes"].constants["lambda"]  # the trained prior variance, rounded to its grid
    kl = 0.5 * ((s.sum() + ((w - w0) ** 2).sum()) / scale - len(w) + len(w) * np.log(scale) - np.log(s).sum())
    assert seeds["kl_true"][0] == pytest.approx(kl, rel=1e-3)
    q = arrays["two_sided"][list(arrays["D_over_m"]).index(64)][:, 0]
    np.testing.assert_array_equal(seeds["two_sided_test_error"], q)
    assert n == len(margins)
