"""Task classification: kernels by Bartlett's factor against explicit features, counts and risks against direct ones, claims, resuming."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import kstest

from engine.contract import Status, unmet
from engine.errors import KnobError
from engine.phenomena.benign_overfitting.classification import problems
from engine.phenomena.benign_overfitting.classification.claims import JUDGES
from engine.phenomena.benign_overfitting.classification.problems import Isotropic, draw_bi_level, draw_isotropic, gram
from engine.phenomena.benign_overfitting.experiment import BenignOverfitting
from engine.phenomena.benign_overfitting.figures import FIGURES, PICTURES
from engine.seeds import streams
from engine.state import State
from engine.theory.margins.bi_level import BiLevel
from engine.theory.margins.support_vectors import duals
from tests.phenomena.driven import work

pytestmark = pytest.mark.usefixtures("one_thread")
SPEC = BenignOverfitting.spec
SMALL = {"n": (20, 30), "c": (0.5, 1.5, 3.0), "draws": 6}


def make(seeds=(0,), **knobs):
    return BenignOverfitting(SPEC.configure("classification", knobs), seeds, "cpu", "custom")


@pytest.fixture(scope="module")
def whole():
    """A run that decides every claim, of fewer sizes and c than the preset."""
    return work(make(n=(50, 100, 400), c=(0.5, 1.5, 3.0)))


def test_every_claim_of_classification_holds_and_the_others_are_not_applicable(whole):
    statuses = {one.claim.id: one.status for one in whole.verdicts()}
    assert {name for name, status in statuses.items() if status is Status.HOLDS} == {f"SP{number}" for number in range(1, 7)}
    assert all(status is Status.NOT_APPLICABLE for name, status in statuses.items() if name.startswith("BO"))


def test_what_a_task_leaves_empty_takes_no_room():
    for preset in SPEC.presets:
        config = SPEC.configure(preset.name)
        shown = {item.name for item in (*FIGURES, *PICTURES) if not unmet(item.domain, config)}
        mine = {"class-error", "regression-risk", "all-sv"}
        assert shown == mine if config.task == "classification" else not shown & mine


@pytest.mark.parametrize("features", [7, 12, 30])
def test_a_drawn_kernel_has_the_law_of_one_of_explicit_features(features):
    """Trace, an entry beside the diagonal and the least eigenvalue, by Kolmogorov and Smirnov at 1e-4 each."""
    first, second = np.random.default_rng(0), np.random.default_rng(1)
    drawn = [gram(8, features, first) for _ in range(600)]
    explicit = [rows @ rows.T for rows in second.standard_normal((600, 8, features))]
    for read in (np.trace, lambda K: K[7, 0], lambda K: np.linalg.eigvalsh(K)[0], lambda K: np.linalg.eigvalsh(K)[-1]):
        assert kstest([read(K) for K in drawn], [read(K) for K in explicit]).pvalue > 1e-4


def test_counts_are_those_of_the_features_behind_a_kernel(monkeypatch):
    rows = np.random.default_rng(3).standard_normal((15, 40))
    monkeypatch.setattr(problems, "gram", lambda n, features, rng: rows @ rows.T)
    labels = streams(5).noise.choice([-1.0, 1.0], 15)
    negative, support = draw_isotropic(Isotropic(15, 1.0), streams(5), True)
    assert negative == (duals(rows, labels) < 0).sum() > 0
    assert 0 < support < 15


def test_error_and_risk_are_those_of_explicit_features(monkeypatch):
    ensembles = [BiLevel(25, 1.5, 0.5, q) for q in (0.3, 0.9)]
    weak = np.random.default_rng(4).standard_normal((25, ensembles[0].d - 5))
    monkeypatch.setattr(problems, "gram", lambda n, features, rng: weak @ weak.T)
    errors, risks, negative = draw_bi_level(ensembles, 0.2, streams(6))
    drawn = streams(6)
    strong = drawn.data.standard_normal((25, 5))
    z = strong[:, 0]
    y = np.where(drawn.noise.random(25) < 0.2, -1, 1) * np.sign(z)
    for ensemble, error, risk, count in zip(ensembles, errors, risks, negative, strict=True):
        scale = np.sqrt(np.r_[np.full(5, ensemble.head), np.full(weak.shape[1], ensemble.tail)])
        x = np.hstack([strong, weak]) * scale
        of_labels, of_z = (scale * (np.linalg.pinv(x) @ target) for target in (y, z))
        assert error == pytest.approx(math.atan2(np.linalg.norm(of_labels[1:]), of_labels[0]) / math.pi, rel=1e-8)
        assert risk == pytest.approx((1 - of_z[0]) ** 2 + np.sum(of_z[1:] ** 2), rel=1e-8)
        assert count == (duals(x, y) < 0).sum()


def test_theory_is_drawn_before_the_first_draw_and_every_curve_has_a_figure(whole):
    run = make(**SMALL)
    before = {item.name for item in run.series()}
    assert before and all(name.endswith(("/law", "/theory")) for name in before)
    groups = list(dict.fromkeys(item.group for item in run.series()))
    assert list(dict.fromkeys(item.group for item in work(run).series()))[: len(groups)] == groups
    for item in whole.series():
        assert sum(bool(figure.draws([item])) for figure in FIGURES) == 1, item.name
        assert np.isfinite(item.y).all()


def test_every_problem_is_drawn_in_every_draw_of_every_seed():
    run = work(make((0, 1), n=(20, 210), c=(1.0,), q=(0.5,), draws=10))
    study = run.classification
    small, large = study.isotropic
    assert [len(study.drawn("negative", one)) for one in (small, large)] == [10, 10]
    assert [len(study.drawn("negative", large, seed)) for seed in (0, 1)] == [5, 5]
    assert all(study.drawn("error", one).min() > 0 and len(study.drawn("error", one)) == 10 for one in study.bi_level)


@pytest.mark.parametrize(("until", "pieces"), [(0, 4), (3, 2), (6, 0)])
def test_a_restored_run_goes_on_alike(until, pieces):
    whole, half, rest = (make((0, 1), **SMALL) for _ in range(3))
    work(whole), work(half, until=until)
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


def test_draws_are_pooled_over_seeds():
    both, first, second = (work(make(seeds, **{**SMALL, "draws": count})) for seeds, count in (((0, 1), 4), ((0,), 2), ((1,), 2)))
    for column in ("negative", "error"):
        expected = np.stack([first.classification.draws[column], second.classification.draws[column]], axis=1).reshape(4, -1)
        np.testing.assert_array_equal(both.classification.draws[column], expected)
    values = {item.scalar.name: item.seeds for item in both.scalars()}
    for place, alone in enumerate((first, second)):
        assert values["class_error"][place] == {item.scalar.name: item.value for item in alone.scalars()}["class_error"]


@pytest.mark.parametrize(("knobs", "words"), [
    ({"c": (0.3,), "n": (20,)}, r"c must be at least 1/ln n = 0.334 at n=20, got 0.3:"),
    ({"p": 1.0, "q": (0.2,)}, "p must be above 1, got 1"), ({"q": (0.5, 1.6)}, r"q must be at most p - r = 1.5, got 1.6"),
    ({"r": 1.0}, "q must be at most p - r = 1, got 1.25"),
])  # fmt: skip
def test_what_has_no_fit_is_refused_in_a_sentence(knobs, words):
    with pytest.raises(KnobError, match=words):
        make(**knobs)


@pytest.mark.parametrize("knobs", [
    {"c": (0.34,), "n": (20,)}, {"c": (6.0,)}, {"p": 1.03, "q": (0.05,)}, {"p": 3.0, "q": (0.05, 2.5)}, {"q": (1.5,)},
    {"r": 0.0, "q": (2.0,)}, {"r": 1.0, "q": (1.0, 0.05)}, {"p": 1.1, "r": 1.0, "q": (0.05,)}, {"flip": 0.0}, {"flip": 0.5},
    {"n": (20, 20)}, {"draws": 1},
])  # fmt: skip
def test_knobs_at_their_ends_give_finite_numbers_and_no_failed_claim(knobs):
    """c = .34 at n = 20 is d = n; q = p - r is isotropic."""
    run = make(**{**SMALL, "draws": 3, **knobs})
    work(run)
    assert all(np.isfinite(item.y).all() for item in run.series()) and all(np.isfinite(values).all() for values in run.arrays().values())
    assert not any(one.status is Status.FAILS for one in run.verdicts())
    assert run.headline(run.scalars())


def test_half_of_the_draws_is_between_two_c(whole):
    study = whole.classification
    shares = [study.all_support(one).mean() for one in study.isotropic if one.n == 100]
    expected = np.interp(0.5, shares, [0.5, 1.5, 3.0])
    assert study.half_point(100) == pytest.approx(expected)
    assert math.isnan(work(make(**{**SMALL, "c": (3.0,)})).classification.half_point(20))


# ---------------------------------------------------------------- claims that fail


def bent(run, **columns):
    """The run's study with other draws: what a claim says of them."""
    study = run.classification
    kept = {name: study.draws[name].copy() for name in columns}
    for name, change in columns.items():
        study.draws[name][:] = change(kept[name])
    found = {name: judge(SimpleNamespace(classification=study, step=run.step)).status for name, judge in JUDGES.items()}
    for name, values in kept.items():
        study.draws[name][:] = values
    return {name for name, status in found.items() if status is Status.FAILS}


@pytest.mark.parametrize(("columns", "failing"), [
    ({"negative": lambda counts: np.ceil(1.5 * counts)}, {"SP1"}),
    ({"negative": lambda counts: np.maximum(counts, 1)}, {"SP1", "SP2", "SP3"}),
    ({"support": lambda counts: counts - 1}, {"SP2"}),
    ({"error": lambda shares: np.maximum(shares, 0.22)}, {"SP4", "SP5", "SP6"}),
    ({"risk": lambda risks: np.minimum(risks, 0.55)}, {"SP4", "SP5", "SP6"}),
])  # fmt: skip
def test_other_measurements_fail_the_claims_about_them(whole, columns, failing):
    assert not bent(whole)
    assert bent(whole, **columns) == failing


def test_claims_wait_for_draws():
    run = work(make(**SMALL), until=1)
    assert JUDGES["SP4"](run).status is Status.PENDING and JUDGES["SP1"](run).status is Status.HOLDS


OTHERS = {"family": "log", "tau": 3.0, "a": 3.0, "sigma": 0.0, "signal": 0.0, "ridge": 1.0, "b": 2.0, "digits": True}


def test_knobs_of_regression_are_marked_and_change_nothing():
    plain, turned = make(**{**SMALL, "draws": 2}), make(**{**SMALL, "draws": 2, **OTHERS})
    assert all(turned.config.knob(name).idle(turned.config) for name in OTHERS)
    assert work(plain).history.records == work(turned).history.records
    assert [item.y.tolist() for item in plain.series()] == [item.y.tolist() for item in turned.series()]
