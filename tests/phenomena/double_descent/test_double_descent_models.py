"""Models, curves and checks of double descent against solvers and sums that share no code with them."""

import numpy as np
import pytest

from engine.phenomena.double_descent.checks import NOISE_BEYOND, NOISE_N, NOISE_P, against_lstsq, noise_errors, relative, solved_sizes
from engine.phenomena.double_descent.curves import Ridges, Tally, finished, pieces, ridgeless, valleys, with_ridges
from engine.phenomena.double_descent.digits import DigitCurves, Digits
from engine.phenomena.double_descent.fitted import POINTS, SIZES, features, fitted, target
from engine.phenomena.double_descent.gaussian import Anisotropic, Isotropic, weights
from engine.phenomena.double_descent.model import coarse, shown
from engine.phenomena.double_descent.relu import Relu
from engine.seeds import streams
from engine.theory.linear_models.nested import nested_steps
from engine.theory.spectra import deterministic_equivalent as de
from engine.theory.spectra.spectra import power

N, D = 24, 96
FLAT = np.full(D, D**-0.5)


def _isotropic(sigma=0.5, b=FLAT):
    return Isotropic(N, b, sigma, np.column_stack([FLAT, FLAT]))


def _anisotropic(sigma=0.5):
    return Anisotropic(N, FLAT, sigma, power(D, 1.0) * 3)


def _pinv_risk(draw, p, covariance, b, sigma):
    w = np.zeros(len(b))
    w[:p] = np.linalg.pinv(draw.X[:, :p]) @ draw.Y[:, 0]
    return w @ w, sigma**2 + ((w - b) ** 2) @ covariance


@pytest.mark.parametrize(("model", "covariance"), [(_isotropic(), np.ones(D)), (_anisotropic(), power(D, 1.0) * 3)])
def test_curves_of_linear_models_are_the_population_risk_of_pseudoinverse_fits(model, covariance):
    draw, _, found = finished(ridgeless(model, streams(3)))
    for p in (1, 7, 20, 30, 60, D):
        norm, risk = _pinv_risk(draw, p, covariance, model.b, model.sigma)
        assert found["zero/norm"][p] == pytest.approx(norm, rel=1e-9)
        assert found["zero/test"][p] == pytest.approx(risk, rel=1e-9)


def test_bias_and_variance_are_those_over_the_label_noise():
    """20,000 noise vectors on one X: their mean fit and its spread."""
    model, rng = _isotropic(), np.random.default_rng(0)
    draw, _, found = finished(ridgeless(model, streams(1)))
    for p in (10, 60):
        solve = np.linalg.pinv(draw.X[:, :p])
        clean = solve @ (draw.X @ FLAT)
        noise = solve @ (model.sigma * rng.standard_normal((N, 20_000)))
        spread = (noise**2).sum(0)
        assert found["zero/variance"][p] == pytest.approx(spread.mean(), abs=4 * spread.std() / 20_000**0.5)
        assert found["zero/bias"][p] == pytest.approx(((clean - FLAT[:p]) ** 2).sum() + (FLAT[p:] ** 2).sum(), rel=1e-9)


def test_well_specified_signal_on_one_feature_has_the_law_of_a_signal_on_all_fitted():
    """Mean risk at p of b on the first feature against b_p spread over exactly p features: 600 draws each."""
    sigma, p, rng = 0.3, 48, np.random.default_rng(5)
    b = weights("well-specified", D, 1.0, 1, 0.0)
    assert b[0] == 1 and not b[1:].any()
    one = [finished(ridgeless(_isotropic(sigma, b), streams(9, j)))[2]["zero/test"][p] for j in range(600)]
    spread = []
    for _ in range(600):
        X, part = rng.standard_normal((N, p)), np.full(p, p**-0.5)
        w = np.linalg.pinv(X) @ (X @ part + sigma * rng.standard_normal(N))
        spread.append(sigma**2 + ((w - part) ** 2).sum())
    error = np.hypot(np.std(one), np.std(spread)) / 600**0.5
    assert np.mean(one) == pytest.approx(np.mean(spread), abs=4 * error)
    assert np.mean(one) == pytest.approx(0.09 + (1 - N / p) + 0.09 * N / (p - N - 1), abs=4 * np.std(one) / 600**0.5)


def test_theory_adds_up_and_meets_the_mean_of_draws():
    model, p = _isotropic(), np.array([5, 12, 40, 96])
    theory = model.predict(p)
    assert theory.test == pytest.approx(theory.variance + theory.bias + 0.25)
    used, left = p / D, 1 - p / D
    below = (left + 0.25) * (1 + p / (N - p - 1.0))
    above = used * (1 - N / p) + (left + 0.25) * (1 + N / (p - N - 1.0))
    assert theory.test == pytest.approx(np.where(p < N, below, above))
    draws = [finished(ridgeless(model, streams(0, j)))[2] for j in range(400)]
    for name in ("test", "variance", "bias", "norm"):
        values = np.array([draw[f"zero/{name}"][p] for draw in draws])
        assert np.all(np.abs(values.mean(0) - getattr(theory, name)) <= 4.5 * values.std(0) / 20), name


def test_theory_with_ridge_meets_the_mean_of_draws_within_finite_size():
    model = _isotropic()
    p = np.array([6, 24, 60, 96])
    ridges = Ridges(p, 3.0, model.ladder(p))
    draws = [finished(with_ridges(model, ridges, model.draw(streams(0, j)))) for j in range(300)]
    for kind, ridge in (("small", np.full(4, 3.0)), ("best", ridges.best[0])):
        theory = model.predict(p, ridge)
        for name in ("test", "variance", "bias"):
            values = np.array([draw[f"{kind}/{name}"][0] for draw in draws])
            error = 4 * values.std(0) / 300**0.5
            assert np.all(np.abs(values.mean(0) - getattr(theory, name)) <= error + 0.05 * getattr(theory, name)), (kind, name)


def test_tuned_ridge_is_the_best_of_many():
    """At each p the formula's ridge against others, mean risk over the same 200 draws, by normal equations."""
    model = _isotropic()
    for p in (12, 24, 72):
        best = model.ladder(np.array([p]))[0, 0]
        risks = []
        for j in range(200):
            draw = model.draw(streams(4, j))
            X = draw.X[:, :p]
            fits = [np.linalg.solve(X.T @ X + f * best * np.eye(p), X.T @ draw.Y[:, 0]) for f in (0.4, 1.0, 2.5)]
            risks.append([((w - FLAT[:p]) ** 2).sum() for w in fits])
        lower, middle, higher = np.mean(risks, axis=0)
        assert middle < lower and middle < higher


def test_best_ridge_under_a_spectrum_is_the_minimum_over_ridges():
    lam, b2 = power(D, 1.0) * 3, FLAT**2
    p = np.array([3, 24, 40, 96])
    found = de.nested_best_ridge(lam, b2, N, p, 0.25)
    rungs = np.r_[0.0, np.logspace(-4, 3, 600)]
    risks = np.array([de.nested_test_mse(lam, b2, N, p, 0.25, rung) for rung in rungs])
    reached = np.diag(de.nested_test_mse(lam, b2, N, np.repeat(p, 4), 0.25, np.tile(found, 4)).reshape(4, 4))
    assert reached == pytest.approx(risks.min(0), rel=3e-3)
    whole = de.best_ridge(lam, b2, N, 0.25)[0]
    assert found[-1] == pytest.approx(max(whole, 0), rel=0.35)


def test_nested_equivalent_splits_into_bias_and_variance():
    lam, b2, p = power(D, 1.0) * 3, FLAT**2, np.array([3, 40, 96])
    for ridge in (0.0, 0.7):
        parts = de.nested_equivalent(lam, N, p, ridge)
        whole = de.nested_test_mse(lam, b2, N, p, 0.25, ridge)
        assert whole == pytest.approx(0.25 + parts.bias(b2) + parts.variance(0.25), rel=1e-12)
        assert parts.bias(b2) == pytest.approx(de.nested_test_mse(lam, b2, N, p, 0.0, ridge), rel=1e-12)
    assert not parts.variance(0.0).any()


def test_random_features_are_ridge_functions_of_points_on_a_sphere():
    model = Relu(N, D, 7, 0.4, 2.0, 300)
    draw = model.draw(streams(2))
    assert draw.X.min() == 0 and 0.4 < (draw.X > 0).mean() < 0.6
    assert (draw.X**2).mean() == pytest.approx(0.5, abs=0.05)  # E relu(G)^2
    clean = draw.test[1][:, 0]
    assert (clean**2).mean() == pytest.approx(2.0, rel=0.3)  # |b|^2
    assert (draw.Y[:, 0] - draw.Y[:, 1]) == pytest.approx(draw.Y[:, 2])


def test_random_features_theory_is_the_published_table():
    """psi2 = 3, psi1 = 1, 2, 5, 20: E1/E0 and E2/E0 of the reference, r2 = 1, sigma^2 = 0.25."""
    theory = Relu(180, 1200, 60, 0.5, 1.0, 10).predict(np.array([0, 60, 120, 300, 1200]))
    assert theory.bias == pytest.approx([0.671859, 0.684899, 0.245063, 0.053319], abs=1e-6)
    assert theory.variance == pytest.approx(0.25 * np.array([0.5, 2, 1.822309, 0.498779]), abs=1e-6)
    assert theory.test == pytest.approx(0.25 + theory.bias + theory.variance)


def test_digit_curve_is_least_squares_on_fourier_features_and_is_remembered():
    model = Digits(60, 141, 0.3, tests=80)
    grown = DigitCurves(model, (5,))
    finished(grown.grow(4))
    (part,) = grown.curves
    for index in range(5, 10):
        finished(grown.grow(index))
    (curve,) = grown.whole
    assert (
        part.N[-1] == 70 and np.array_equal(part.mse, curve.mse[: part.N.size]) and np.array_equal(part.error, curve.error[: part.N.size])
    )
    draw = model.draw(streams(5))
    assert draw.X.shape == (60, 141) and curve.N.tolist() == list(range(20, 142, 2))
    assert (draw.X[:, 0::2][:, :70] ** 2 + draw.X[:, 1::2] ** 2) == pytest.approx(1.0)  # cosine and sine of one phase
    replaced = (draw.Y.argmax(1) != Digits(60, 141, 0.0, tests=80).draw(streams(5)).Y.argmax(1)).mean()
    assert 0.1 < replaced < 0.45  # 0.3 * 9/10 on average
    for N_ in (20, 58, 62, 140):
        w = np.linalg.pinv(draw.X[:, :N_]) @ draw.Y
        predicted = draw.test[0][:, :N_] @ w
        at = curve.N.tolist().index(N_)
        assert curve.mse[at] == pytest.approx(((predicted - draw.test[1]) ** 2).mean(0).sum(), rel=1e-6)
        assert curve.error[at] == (predicted.argmax(1) != draw.test[1].argmax(1)).mean()
        assert curve.norm[at] == pytest.approx(N_ / 2 * (w**2).sum(), rel=1e-6)
    again = DigitCurves(model, (5,))
    assert list(again.grow(9)) == []  # at once
    assert np.array_equal(again.whole[0].mse, curve.mse)


@pytest.mark.parametrize("model", [_isotropic(), _anisotropic(), Relu(N, D, 9, 0.5, 1.0, 50)])
def test_solver_check_sees_a_wrong_curve(model):
    draw = model.draw(streams(0))
    curves = finished(pieces(nested_steps(draw.X, draw.Y, draw.b, draw.test)))
    assert finished(against_lstsq(draw, curves)) < 1e-9
    curves.norm2[solved_sizes(N, D)[4]] *= 1 + 1e-6
    assert finished(against_lstsq(draw, curves)) == pytest.approx(1e-6, rel=1e-3)


def test_solved_sizes_are_twenty_and_surround_the_threshold():
    sizes = solved_sizes(200, 1000)
    assert sizes.size == 20 and {199, 200, 201} <= set(sizes) and sizes[-1] > 960
    assert solved_sizes(20, 20).max() == 20
    assert relative(np.array([1.0, 3.0]), np.array([1.0, 2.0]), 0.1) == 0.5
    assert relative(np.array([1e-14]), np.array([0.0]), 0.1) == pytest.approx(1e-13)


def test_noise_errors_are_traces_over_independent_draws():
    found = noise_errors(streams(0))
    assert found.shape == (6, 400) and len({row[0] for row in found}) == 6
    expected = NOISE_P / (NOISE_N - NOISE_P - 1)
    assert np.all(np.abs(found.mean(1) - expected)[:3] < 4 * found.std(1)[:3] / 20)
    assert abs(found[3].mean() - NOISE_N / (NOISE_BEYOND - NOISE_N - 1)) < 4 * found[3].std() / 20  # isotropic, exact
    assert found[5].mean() > 1.5 * found[3].mean()  # beyond n the covariance counts
    first = np.linalg.svd(streams(0).data.standard_normal((400, NOISE_N, NOISE_P)), compute_uv=False)
    assert found[0] == pytest.approx((first**-2.0).sum(1))


def test_tally_means_and_errors_are_those_of_the_stack():
    rng, tally = np.random.default_rng(0), Tally()
    draws = rng.standard_normal((7, 3, 5)) ** 2
    for draw in draws:
        tally.add({"best/test": draw}, {"sum": draw[0]})
    assert tally.count == 7
    mean, error = tally.mean("sum")
    assert mean == pytest.approx(draws[:, 0].mean(0)) and error == pytest.approx(draws[:, 0].std(0, ddof=1) / 7**0.5)
    rung = draws.mean(0).argmin(0)
    assert np.array_equal(tally.best("best", "test"), np.array([[draw[rung[k], k] for k in range(5)] for draw in draws]))
    copy = Tally()
    copy.restore(tally.state())
    for each in (tally, copy):
        each.add({"best/test": draws[0]}, {"sum": draws[0, 0]})
    assert all(np.array_equal(a, b) for a, b in zip(tally.state().arrays.values(), copy.state().arrays.values(), strict=True))


def test_profiles_share_the_signal_out_as_said():
    head = weights("head", 40, 2.0, 5, 0.25) ** 2
    assert head.sum() == pytest.approx(2.0) and head[:5] == pytest.approx(np.full(5, 1.5 / 40 + 0.1)) and (head[5:] == head[39]).all()
    assert weights("flat", 40, 2.0, 5, 0.25) ** 2 == pytest.approx(np.full(40, 0.05))


def test_valleys_of_a_curve_with_an_infinite_peak():
    p = np.arange(11.0)
    curve = np.array([5, 2, 3, 8, np.inf, np.inf, np.inf, 4, 3, np.nan, 1])
    found = valleys(p, curve, 5)
    assert (found.peak, found.first, found.first_low, found.second, found.second_low) == (5, 1, 2, 10, 1)
    assert found.second_below is True
    assert valleys(p[:6], curve[:6], 5).second_below is None


def test_grids_of_p_hold_threshold_and_ends():
    for n, most in ((20, 20), (20, 21), (200, 1000), (1000, 10000)):
        p = shown(n, most)
        assert p[0] == 0 and p[-1] == most and set(range(n - 20, min(n + 20, most) + 1)) <= set(p)
        for count in (16, 24):
            grid = coarse(n, most, count)
            assert {n, most} <= set(grid) and grid[0] == 1 and np.all(np.diff(grid) > 0) and grid.size <= count + 3
    assert shown(1000, 10000).size < 400


def test_fitted_functions_meet_their_points_from_n_on():
    found = fitted(streams(0), 0.5)
    below, at, above = SIZES
    assert below < POINTS == at < above
    for p, fit in zip(SIZES, found.fits, strict=True):
        w = np.linalg.pinv(features(found.x, p)) @ found.y
        assert fit == pytest.approx(features(found.grid, p) @ w, rel=1e-6, abs=1e-8)
        met = np.abs(features(found.x, p) @ w - found.y).max()
        assert (met < 1e-8) == (p >= POINTS)
    wild = [np.abs(fitted(streams(seed), 0.5).fits - target(found.grid)).max(1) for seed in range(20)]
    assert np.median(wild, axis=0)[1] > 2 * np.median(wild, axis=0)[2]
