"""Study mirror of max margin: claims against an SVM of scikit-learn, verdicts that can fail, resume, knobs at their ends and outside."""

import numpy as np
import pytest
from sklearn.svm import SVC

from engine.contract import Status
from engine.errors import KnobError, ProblemError
from engine.phenomena.max_margin.experiment import MaxMargin
from tests.phenomena.driven import UNEVEN, work
from tests.phenomena.headlines import headline_of

SMALL = {"n": 8, "d": 20, "steps": 300}


def begin(seeds=(0,), preset="custom", **knobs):
    return MaxMargin(MaxMargin.spec.configure("mirror", knobs), seeds, "cpu", preset)


@pytest.fixture(scope="module")
def small():
    return work(begin((0, 1), **SMALL))


@pytest.fixture(scope="module")
def full():
    return work(begin(preset="mirror"))


def verdict(run, name):
    return next(item for item in run.verdicts() if item.claim.id == name)


def test_the_preset_shows_what_it_is_for(full):
    assert {name: verdict(full, name).status for name in ("MIR3", "MIR4", "MIR5")} == dict.fromkeys(("MIR3", "MIR4", "MIR5"), Status.HOLDS)
    one = full.mirror.problems[0]
    other = SVC(kernel="linear", C=1e10, tol=1e-10).fit(np.vstack([one.Z, -one.Z]), np.repeat([1, -1], len(one.Z)))  # symmetric: no bias
    np.testing.assert_allclose(full.arrays()["w_limit"][1], other.coef_[0] / np.linalg.norm(other.coef_[0]), atol=1e-5)
    assert "99" in headline_of(full)[0]


def test_claims_fail_where_an_optimiser_is_another(full, monkeypatch):
    study = full.mirror
    matrix = study.matrix()
    monkeypatch.setattr(study, "matrix", lambda: matrix[:, ::-1])
    assert verdict(full, "MIR3").status is Status.FAILS and verdict(full, "MIR4").status is Status.FAILS
    monkeypatch.setitem(study.problems[0].__dict__, "svm_distance", 2e-5)
    assert verdict(full, "MIR5").status is Status.FAILS


def test_outside_their_domain_claims_say_why(small, monkeypatch):
    assert "steps at least" in verdict(small, "MIR3").reason and verdict(small, "MM1").reason == "needs study descent"
    assert verdict(begin(p=(1.5, 1.75)), "MIR4").reason.endswith("at least 0.5 apart")
    monkeypatch.setattr("engine.phenomena.max_margin.mirror.study.Mirrored.narrow", 0.004)
    assert verdict(small, "MIR5").status is Status.NOT_APPLICABLE and "of the longest row" in verdict(small, "MIR5").reason


def test_a_run_goes_on_bit_for_bit(small):
    first = work(begin((0, 1), **SMALL), UNEVEN, until=50)
    second = begin((0, 1), **SMALL)
    for step, record in zip(first.history.steps, first.history.records, strict=True):
        second.history.append(step, record)
    second.restore(first.state())
    work(second, UNEVEN)
    assert second.history.records == small.history.records
    for name, values in small.arrays().items():
        np.testing.assert_array_equal(second.arrays()[name], values, err_msg=name)
    assert headline_of(second) == headline_of(small)


def test_a_seed_of_several_is_its_own(small):
    alone = work(begin((1,), **SMALL))
    np.testing.assert_array_equal(alone.mirror.matrix()[0], small.mirror.matrix()[1])


def test_limits_touch_one_at_their_own_norm(small):
    drawn = {item.name: item for item in small.series()}
    for p in (1.5, 2.0, 3.0):
        curve = drawn[f"mirror-norms/p-{p:g}-limit"]
        assert curve.y[list(curve.x).index(p)] == pytest.approx(1, abs=1e-6) and np.all(curve.y <= 1 + 1e-6)
    assert small.pictures()[0].values.shape == (3, 3)


@pytest.mark.parametrize(
    "knobs", [{"p": (1.1,)}, {"p": (4.0,)}, {"pace": 0.01}, {"pace": 10.0}, {"steps": 1}, {"n": 8, "d": 8}, {"flips": 8}]
)
def test_knobs_at_their_ends(knobs):
    run = work(begin(**{**SMALL, **knobs}))
    assert headline_of(run) and all(np.isfinite(item.y).all() for item in run.series())
    assert not [item.claim.id for item in run.verdicts() if item.status is Status.FAILS]


def test_what_cannot_be_is_named():
    with pytest.raises(ProblemError, match="not separable") as caught:
        begin(n=60, d=5, flips=20)
    assert caught.value.hint == "raise d, or lower n, or lower flips"
    for knobs, sentence in (
        ({"p": (1.0,)}, "p must be"), ({"pace": 0}, "pace must be"), ({"steps": 0}, "steps must be"),
        ({"n": 501}, "n must be at most 500 with study mirror, got 501"),
        ({"flips": 31}, "flips must be at most the 30 points of study mirror, got 31"),
        ({"study": "descent", "d": 60}, "d must be at most 50 with study descent, got 60"),
    ):  # fmt: skip
        with pytest.raises(KnobError, match=sentence):
            MaxMargin.spec.configure("mirror", knobs)
