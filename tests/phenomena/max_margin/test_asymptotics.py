"""Study asymptotics of max margin: fits against scikit-learn and linear programmes, claims, resume, knobs at their ends."""

import numpy as np
import pytest
from sklearn.svm import SVC

from engine.contract import Status
from engine.errors import KnobError
from engine.phenomena.max_margin.asymptotics.fits import falling_weights, fit, rows_of, seen, separable_from
from engine.phenomena.max_margin.asymptotics.study import second_labels, second_threshold
from engine.phenomena.max_margin.experiment import MaxMargin
from engine.seeds import streams
from engine.theory.margins.separability import separable
from tests.phenomena.driven import UNEVEN, work

SMALL = {"n": 30, "draws": 3, "psi": (0.1, 1.0, 2.0)}


def begin(seeds=(0,), preset="custom", **knobs):
    return MaxMargin(MaxMargin.spec.configure("asymptotics", knobs), seeds, "cpu", preset)


@pytest.fixture(scope="module")
def small():
    return work(begin((0, 1), **SMALL))


def verdict(run, name):
    return next(item for item in run.verdicts() if item.claim.id == name)


def drawn(n=40, d=80, r=3.0, seed=0):
    truth = np.zeros(d)
    truth[0] = r
    return rows_of(n, truth, 0.0, streams(seed))


@pytest.mark.parametrize("d", [30, 80])
def test_a_fit_is_the_support_vector_machine(d):
    rows = drawn()[:, :d]
    other = SVC(kernel="linear", C=1e10, tol=1e-10).fit(np.vstack([rows, -rows]), np.repeat([1, -1], len(rows)))  # symmetric: no bias
    found = fit(rows)
    w = other.coef_[0]
    assert found.separable
    assert found.margin == pytest.approx(1 / np.linalg.norm(w), rel=1e-5)
    np.testing.assert_allclose(found.weights, w, atol=1e-4 * np.abs(w).max())
    assert found.support == pytest.approx(np.mean(rows @ w < 1 + 1e-5))


def test_the_least_separating_d_is_that_of_linear_programmes():
    for seed in range(4):
        rows = drawn(seed=seed)
        found = separable_from(rows)
        assert separable(rows[:, :found]) and not separable(rows[:, : found - 1])
        assert not fit(rows[:, : found - 1]).separable and np.isnan(fit(rows[:, : found - 1]).margin)


def test_labels_are_noisy_as_their_signal_says():
    rows = drawn(200_000, 2, 4.0)
    assert np.mean(rows[:, 0] < 0) == pytest.approx(0.1288, abs=0.003)
    assert np.mean(rows[:, 1] < 0) == pytest.approx(0.5, abs=0.005)


def test_features_of_the_second_descent_carry_what_is_said():
    truth = falling_weights(100, 300)
    for d in (1, 40, 300):
        assert (truth[:d] ** 2).sum() == pytest.approx(seen(d / 100))
    psi = second_threshold()
    assert psi == pytest.approx(second_labels(psi).threshold, abs=1e-5)
    assert psi == pytest.approx(0.383, abs=2e-3)


def test_the_second_threshold_is_said_to_be_that_of_other_labels(small):
    lines = {one.figure: one for one in small.asymptotics.markers() if one.axis == "x"}
    assert lines["second-descent"].label == f"psi* = {second_threshold():.3g} of these labels"
    assert lines["separable"].label == f"psi* = {small.asymptotics.labels.threshold:.3g}" != lines["second-descent"].label


def test_margins_are_shown_only_where_every_draw_is_separable(small):
    study = small.asymptotics
    shown = next(item for item in small.series() if item.name == "draw-margin/draws")
    assert list(shown.x) == list(study.psi[study.separates() == 1])
    assert {item.name.split("/")[0] for item in small.series()} == {
        "separable", "draw-margin", "draw-error", "draw-support", "second-descent",
    }  # fmt: skip


def test_a_draw_is_its_seeds_own(small):
    alone = work(begin((1,), **{**SMALL, "draws": 1}))
    for name in ("margin", "cosine", "second-cosine", "from"):
        np.testing.assert_array_equal(small.asymptotics.draws[name][1], alone.asymptotics.draws[name][0])
    seeds = {item.scalar.name: item.seeds for item in small.scalars()}
    cosines = small.asymptotics.draws["from"] / 30
    assert seeds["separable_from"] == pytest.approx((cosines[::2].mean(), cosines[1::2].mean()))


@pytest.mark.parametrize("until", [1, 2])
def test_a_run_goes_on_bit_for_bit(small, until):
    first = work(begin((0, 1), **SMALL), UNEVEN, until=until)
    second = begin((0, 1), **SMALL)
    for step, record in zip(first.history.steps, first.history.records, strict=True):
        second.history.append(step, record)
    second.restore(first.state())
    work(second, UNEVEN)
    for name, values in small.arrays().items():
        np.testing.assert_array_equal(second.arrays()[name], values, err_msg=name)
    assert second.headline(second.scalars()) == small.headline(small.scalars())


def test_too_few_points_decide_nothing(small):
    for name in ("AM1", "AM2", "AM3", "AM4"):
        assert verdict(small, name).status is Status.NOT_APPLICABLE and "n at least 200" in verdict(small, name).reason
    assert verdict(small, "MM1").status is Status.NOT_APPLICABLE and "study descent" in verdict(small, "MM1").reason
    assert {item.reason for item in small.scalars() if item.scalar.name == "margin"} == {"needs study descent"}


def judged(**change):
    """Verdicts of a run whose draws are exactly the limits, changed."""
    run = begin(preset="asymptotics", draws=20)
    study = run.asymptotics
    for _ in study._solve():
        pass
    limits = [study.limit_at(place) for place in range(len(study.d))]
    second = {one.psi: one for one in study.second}
    for number in range(20):
        noise = 1e-3 * (-1) ** number
        row = {
            "from": study.labels.threshold * 200, "margin": np.array([one.margin for one in limits]) + noise,
            "support": np.array([one.support for one in limits]) + noise, "cosine": np.array([one.rho for one in limits]) + noise,
            "separable": np.array([float(one.separable) for one in limits]),
            "second-cosine": np.array([second[psi].rho for psi in study.second_psi]) + noise, "second-separable": np.ones(11),
        }  # fmt: skip
        study.draws.add({name: change[name.replace("-", "_")](values) if name.replace("-", "_") in change else values
                         for name, values in row.items()})  # fmt: skip
    return {item.claim.id: item.status for item in run.verdicts() if item.claim.id.startswith("AM")}


def test_claims_hold_of_the_limits_and_fail_of_others():
    holds, fails = Status.HOLDS, Status.FAILS
    assert judged() == {"AM1": holds, "AM2": holds, "AM3": holds, "AM4": holds}
    assert judged(**{"from": lambda value: 0.5 * value})["AM1"] is fails
    assert judged(**{"from": lambda value: 1.8 * value})["AM1"] is fails
    assert judged(margin=lambda values: 1.02 * values)["AM2"] is fails
    assert judged(support=lambda values: values - 0.01)["AM2"] is fails
    wrong = judged(cosine=lambda values: 0.9 * values)
    assert wrong["AM2"] is fails and wrong["AM4"] is fails
    assert judged(second_cosine=lambda values: np.where(np.arange(11) == 7, 0.0, values))["AM3"] is fails


@pytest.mark.parametrize("knobs", [{"n": 4}, {"r": 0.0}, {"psi": (0.02, 10.0), "draws": 1}])
def test_knobs_at_their_ends(knobs):
    run = work(begin(**{**SMALL, **knobs}))
    errors = run.asymptotics.errors()
    assert np.isfinite(errors).all() and (errors >= 0).all() and (errors <= 1).all()
    assert run.headline(run.scalars()) and all(np.isfinite(item.y).all() for item in run.series())


@pytest.mark.parametrize(
    ("knobs", "sentence"),
    [
        ({"r": 21}, "signal r must be .*got 21"),
        ({"psi": (0.01,)}, "psi must be"),
        ({"draws": 0}, "draws must be"),
        ({"n": 1001}, "n must be"),
        ({"study": "descent", "n": 600}, "n must be at most 500 with study descent, got 600"),
        ({"study": "asymptotic"}, "did you mean asymptotics"),
    ],
)
def test_impossible_knobs_are_named(knobs, sentence):
    with pytest.raises(KnobError, match=sentence):
        MaxMargin.spec.configure("asymptotics", knobs)
