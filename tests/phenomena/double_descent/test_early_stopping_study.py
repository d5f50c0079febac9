"""Study early-stopping: draws against solves and a flow, bounds, claims that hold and fail, own spectra, resume, knobs at their ends."""

import re

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.optimize import minimize_scalar

from engine.contract import Status
from engine.data import own
from engine.errors import KnobError
from engine.phenomena.double_descent.experiment import DoubleDescent
from engine.phenomena.double_descent.stopping.problems import plain_risks
from engine.seeds import streams
from engine.theory.linear_models.early_stopping import BEST_BOUND, RATIO_BOUND
from tests.phenomena.domains import offences, settings
from tests.phenomena.driven import UNEVEN, work

SMALL = {"n": 20, "sizes": (10, 20, 30), "draws": 3}
HOLDS, FAILS = Status.HOLDS, Status.FAILS


def begin(seeds=(0,), preset="custom", **knobs):
    return DoubleDescent(DoubleDescent.spec.configure("early-stopping", knobs), seeds, "cpu", preset)


@pytest.fixture(scope="module")
def small():
    return work(begin((0, 1), weight_draws=600, **SMALL))


def statuses(run):
    return {item.claim.id: item.status for item in run.verdicts() if item.claim.id.startswith("EST")}


def test_paths_are_those_of_solves_and_of_a_flow(small):
    study = small.stopping
    assert [one.name for one in study.problems] == ["flat-d10", "flat-d20", "flat-d30", "power-d10", "power-d20", "power-d30"]
    for problem in (study.problems[4], study.problems[5]):
        X = problem.rows(20, study._streams(1, problem))  # the second draw, the second seed's
        gram, lam, along = X.T @ X, np.diag(problem.eigenvalues), study.paths(problem)
        for place in (150, 200, 260):
            t = problem.times[place]
            flow = expm(t * np.block([[-gram, np.eye(problem.d)], [np.zeros((problem.d, 2 * problem.d))]]))[: problem.d, problem.d :]
            for solve, bias, variance in (
                (flow, along.flow_bias, along.flow_variance),
                (np.linalg.inv(gram + np.eye(problem.d) / t), along.ridge_bias, along.ridge_variance),
            ):
                left = np.eye(problem.d) - solve @ gram
                assert bias[1, place] == pytest.approx(problem.tau2 * np.trace(left.T @ lam @ left), rel=1e-7)
                assert variance[1, place] == pytest.approx(problem.sigma2 * np.trace(solve @ gram @ solve.T @ lam), rel=1e-7)


def test_spectra_have_mean_one_and_the_best_time_is_on_the_path(small):
    for problem in small.stopping.problems:
        assert problem.eigenvalues.mean() == pytest.approx(1) and problem.best in problem.times
        along = small.stopping.paths(problem)
        np.testing.assert_array_equal(along.ridge.argmin(axis=1), np.flatnonzero(problem.times == problem.best)[0])


def largest(ratio):
    return -minimize_scalar(lambda x: -ratio(x), bounds=(0.1, 20), method="bounded").fun


def test_both_bounds_are_told_alike_and_are_the_maxima_of_their_ratios(small):
    wanted = {
        f"{largest(lambda x: ((1 - np.exp(-x)) * (1 + x) / x) ** 2):.3f}",
        f"{largest(lambda x: (1 + x) * (np.exp(-2 * x) + (1 - np.exp(-x)) ** 2 / x)):.3f}",
    }
    markers = [text for one in small.markers() for text in (one.label, one.brief) if "at most" in text]
    claims = [f"{one.claim.sentence}; {one.predicted}" for one in small.verdicts() if one.claim.id in ("EST1", "EST3")]
    preset = [one.why for one in DoubleDescent.spec.presets if one.name == "early-stopping"]
    bounds = re.findall(r"bound [\d.]+\d", "; ".join(small.headline(small.scalars())))
    assert set(re.findall(r"1\.[26]\d*", "; ".join(markers))) == {max(wanted)}, "of any t; best against best is in the headline"
    for texts in (claims, preset, bounds):
        assert set(re.findall(r"1\.[26]\d*", "; ".join(texts))) == wanted, texts


def test_claims_hold(small):
    assert statuses(small) == {"EST1": HOLDS, "EST2": HOLDS, "EST3": HOLDS, "EST4": HOLDS}
    values = {item.scalar.name: item for item in small.scalars()}
    assert 1 < values["largest_best_ratio"].hi <= BEST_BOUND and 1.2 < values["largest_stop_ratio"].hi <= RATIO_BOUND
    assert len(values["best_stop"].seeds) == 2
    assert small.history.records[-1]["largest-ratio"] == values["largest_stop_ratio"].hi
    assert {item.name.split("/")[0] for item in small.series()} == {"paths", "path-parts", "ratio"}


def test_claims_fail_of_other_risks():
    def judged(change):
        run = work(begin(weight_draws=500, **SMALL))
        change(run.stopping)
        return {name for name, status in statuses(run).items() if status is FAILS}

    def more_flow(study):
        study.draws["flat-d20/flow_variance"][:] *= 2.0

    def less_flow(study):
        for part in ("bias", "variance"):
            study.draws[f"flat-d20/flow_{part}"][:] *= 0.5

    def other_draws(study):
        study.plain["risk"][:, 2, 1, 0] *= 1.5

    def blunt(study):
        study.sharp = 1.6862

    assert {"EST1", "EST3"} <= judged(more_flow)
    assert judged(less_flow) == {"EST3"} and judged(other_draws) == {"EST4"} and judged(blunt) == {"EST2"}


def test_drawn_weights_are_neither_flow_for_ridge_nor_another_time(small):
    problem = small.stopping.problems[1]
    X = problem.rows(20, streams(5))
    flow, ridge = plain_risks(X, problem, problem.best, 4000, streams(6))
    assert flow.shape == ridge.shape == (4000,) and flow.mean() > ridge.mean()
    late, _ = plain_risks(X, problem, 100 * problem.best, 4000, streams(6))
    assert late.mean() > 2 * flow.mean()


@pytest.mark.parametrize("until", [1, 3])
def test_a_run_goes_on_bit_for_bit(small, until):
    first = work(begin((0, 1), weight_draws=600, **SMALL), UNEVEN, until=until)
    second = begin((0, 1), weight_draws=600, **SMALL)
    for step, record in zip(first.history.steps, first.history.records, strict=True):
        second.history.append(step, record)
    second.restore(first.state())
    work(second, UNEVEN)
    for name, values in small.arrays().items():
        np.testing.assert_array_equal(second.arrays()[name], values, err_msg=name)
    np.testing.assert_array_equal(second.stopping.plain["risk"], small.stopping.plain["risk"])
    assert second.headline(second.scalars()) == small.headline(small.scalars())


def test_the_chosen_spectrum_is_shown():
    run = work(begin(spectrum="power", decay=2.0, **{**SMALL, "draws": 2}))
    assert run.stopping.shown.name == "power-d20" and run.stopping.problems[0].label == "k^-2"
    drawn = {item.name for item in run.series()}
    assert "paths/ridge-theory" in drawn and "paths/flow-theory" not in drawn  # its limit is known of flat spectra alone
    (picture,) = run.pictures()
    assert "d=20" in picture.note and picture.layers[2].frames.shape[2] == 2


def test_no_signal_comes_nearest_to_the_bound():
    run = work(begin(r2=0.0, **SMALL))
    values = {item.scalar.name: item for item in run.scalars()}
    assert 1.6 < values["largest_stop_ratio"].value <= RATIO_BOUND
    assert statuses(run)["EST3"] is Status.NOT_APPLICABLE


INSIDE = {
    **dict.fromkeys((item.id for item in DoubleDescent.spec.claims), lambda c: False),
    "EST1": lambda c: True,
    "EST2": lambda c: True,
    "EST3": lambda c: c.sigma > 0 and c.r2 > 0,
    "EST4": lambda c: c.sigma > 0 and c.r2 > 0 and c.weight_draws >= 500 and len(c.sizes) <= 3,
}
ENDS = [
    {"sigma": 0.0}, {"sigma": 2.0, "r2": 1e-3}, {"sigma": 1e-3, "r2": 10.0, "weight_draws": 500}, {"sizes": (2,)}, {"sizes": (20, 20)},
    {"draws": 1}, {"decay": 0.0}, {"decay": 2.0, "spectrum": "power"}, {"sizes": (2, 5, 10, 30), "weight_draws": 500}, {"weight_draws": 1},
]  # fmt: skip


@pytest.mark.parametrize("knobs", ENDS, ids=str)
def test_knobs_at_their_ends_fail_no_claim(knobs):
    config = DoubleDescent.spec.configure("early-stopping", {**SMALL, **knobs})
    assert not offences("double-descent", config, INSIDE)
    run = work(DoubleDescent(config, (0,), "cpu", "custom"))
    assert run.headline(run.scalars()) and all(np.isfinite(item.y).all() for item in run.series())


TURNED = {
    "n": (20, 50, 120), "sigma": (0.0, 1e-3, 0.5, 2.0), "r2": (0.0, 1e-3, 1.0, 10.0), "spectrum": ("isotropic", "power"),
    "decay": (0.0, 1.0, 2.0), "sizes": ((2,), (20, 50), (10, 40, 120), (5, 10, 20, 40)), "draws": (1, 3, 10),
    "weight_draws": (0, 1, 500, 2000),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("place", range(100))
def test_many_turned_knobs_fail_no_claim(place):
    base = {**SMALL, "study": "early-stopping"}
    assert not offences("double-descent", next(settings("double-descent", base, TURNED, 1, seed=place)), INSIDE, (place,))


@pytest.mark.parametrize(
    ("knobs", "sentence"),
    [
        ({"sizes": (1,)}, "sizes must be"),
        ({"sizes": (1001,)}, "sizes must be"),
        ({"weight_draws": -1}, "weight draws must be"),
        ({"sigma": 0.0, "r2": 0.0}, "sigma and r2 are both 0"),
        ({"n": 10}, "n must be"),
        ({"study": "stopping"}, "did you mean early-stopping"),
    ],
)
def test_impossible_knobs_are_named(knobs, sentence):
    with pytest.raises(KnobError, match=sentence):
        DoubleDescent.spec.configure("early-stopping", knobs)


def test_an_own_spectrum_is_the_only_one(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))
    own.add("falling", own.OwnData("spectrum", None, np.zeros(0), eigenvalues=np.append(4.0 / np.arange(1, 16), 0.0), source="falling.npz"))
    run = work(begin(spectrum="falling", **SMALL))
    assert [one.name for one in run.stopping.problems] == ["own-d10", "own-d15"]
    assert statuses(run)["EST1"] is HOLDS and any("falling: 15 eigenvalues above 0" in note for note in run.notes)
