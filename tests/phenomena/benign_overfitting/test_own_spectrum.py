"""An imported spectrum in benign overfitting: its ranks against direct sums, its risk against draws, zeros, bad sizes, resuming."""

import math

import numpy as np
import pytest

from engine import registry
from engine.config import build
from engine.contract import Status
from engine.data import own
from engine.errors import DataError, KnobError, ProblemError
from engine.phenomena.benign_overfitting import experiment
from engine.phenomena.benign_overfitting.claims import JUDGES
from engine.phenomena.benign_overfitting.settings import own_settings
from engine.state import State
from tests.phenomena.driven import work

pytestmark = pytest.mark.usefixtures("one_thread")
TINY = {"n": (20, 30), "draws": 4}
STEP = np.arange(1, 401)
BENIGN = np.r_[20.0, np.full(2000, 0.01)]
HARMFUL = np.exp(-STEP[:80] / 4.0)


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    """A benign spectrum, one that is not, one with a signal, equal ones with zeros, and few."""
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))
    add("benign", BENIGN)
    add("harmful", HARMFUL)
    add("signalled", 3.0 / STEP**1.2, 1.0 / STEP)
    add("flat", np.r_[np.full(50, 7.0), np.zeros(30)])
    add("few", np.ones(20))


def add(name, eigenvalues, signal=None):
    known = own.OwnData("spectrum", None, np.zeros(0), eigenvalues=np.asarray(eigenvalues), signal=signal, source=f"{name}.npz")
    own.add(name, known, force=True)


def make(name, seeds=(0,), **knobs):
    config = registry.spec("benign-overfitting").configure("quick", {**TINY, "spectrum": name, **knobs})
    return registry.load("benign-overfitting")(config, seeds, "cpu", "custom")


@pytest.fixture
def alone(monkeypatch):
    """The imported spectrum without the families that are drawn beside it, which take most of the time."""
    monkeypatch.setattr(experiment, "settings_of", lambda config: tuple(own_settings(config)))


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("name", ["benign", "harmful", "signalled", "flat"])
def test_its_ranks_are_the_sums_that_define_them(name):
    run = work(make(name, draws=1))
    stored = own.load(name).eigenvalues
    lam, n = stored[stored > 0], run.chosen.n
    r = [lam[k:].sum() / lam[k] for k in range(len(lam))]
    R = [lam[k:].sum() ** 2 / (lam[k:] ** 2).sum() for k in range(len(lam))]
    k_star = next((k for k in range(len(lam)) if r[k] >= n), None)
    terms = run.terms[run.chosen]
    assert terms.k_star == k_star
    expected = (r[0] / n, math.inf, math.inf) if k_star is None else (r[0] / n, k_star / n, n / R[k_star])
    np.testing.assert_allclose(terms.conditions, expected, rtol=1e-12)
    values = {item.scalar.name: item for item in run.scalars()}
    assert values["effective_rank_r0"].value == pytest.approx(r[0])
    assert math.isnan(values["k_star"].value) if k_star is None else values["k_star"].value == k_star


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(("name", "words", "answer"), [
    ("benign", "benign is benign at n=30: r_0/n", "benign"), ("harmful", "harmful is not benign at n=30:", "not benign"),
])  # fmt: skip
def test_each_is_judged_benign_or_not_in_a_sentence_and_by_a_claim(name, words, answer):
    run = work(make(name, draws=20))
    assert run.notes[-1].startswith(words)
    judged = JUDGES["BO9"](run)
    assert (judged.status, judged.predicted) == (Status.HOLDS, answer)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["benign", "harmful", "signalled", "flat"])
def test_a_whole_run_fails_no_claim(name):
    run = work(make(name, draws=20))
    verdicts = {verdict.claim.id: verdict for verdict in run.verdicts()}
    assert [name for name, verdict in verdicts.items() if verdict.status is Status.FAILS] == []
    assert verdicts["BO9"].status is Status.HOLDS and run.arrays()["eigenvalues"].size == run.chosen.p


@pytest.mark.usefixtures("alone")
def test_its_risk_by_theory_and_by_the_run_is_that_of_independent_draws():
    """Monte Carlo: noise variance tr(Sigma X^+ X^+T) and the error of the noiseless fit, at the file's own scale."""
    run = work(make("signalled", draws=60, sigma=0.5))
    setting, rng = run.chosen, np.random.default_rng(5)
    lam, b = own.load("signalled").eigenvalues, own.load("signalled").signal
    found = []
    for _ in range(200):
        X = rng.standard_normal((setting.n, len(lam))) * np.sqrt(lam)
        inverse = np.linalg.pinv(X)
        missed = inverse @ (X @ b) - b
        found.append((0.25 * np.sum(lam[:, None] * inverse**2), lam @ missed**2))
    noise, signal = np.mean(found, axis=0)
    errors = np.std(found, axis=0, ddof=1) / np.sqrt(200)
    curves = {item.name: item for item in run.series()}
    for name, truth, error in (("noise", noise, errors[0]), ("signal", signal, errors[1])):
        assert curves[f"{name}-term/own/theory"].y[-1] == pytest.approx(truth, rel=0.1)
        drawn = run.drawn(setting, name) * (0.25 if name == "noise" else 1.0)
        spread = np.hypot(error, drawn.std(ddof=1) / np.sqrt(len(drawn)))
        assert abs(drawn.mean() - truth) < 5 * spread
    assert setting.signal == pytest.approx(lam @ b**2)


@pytest.mark.usefixtures("alone")
def test_zeros_are_left_out_and_equal_ones_work():
    run = work(make("flat"))
    assert run.chosen.p == 50 and "30 eigenvalues are 0 and left out" in run.notes[-2]
    assert np.isfinite(run.drawn(run.chosen, "noise")).all()
    assert run.expected[run.chosen] - 1 == pytest.approx(30 / (50 - 30), rel=1e-6)  # isotropic: 1/(p/n - 1)


def test_sizes_without_an_interpolator_are_left_out_and_said_or_refused():
    run = make("harmful", n=(20, 30, 80, 90))
    assert [one.n for one in run.of("own")] == [20, 30]
    assert "n=80, 90 not drawn of it" in run.notes[-2]
    with pytest.raises(KnobError, match="few has 20 eigenvalues, and interpolation needs more of them than samples"):
        make("few")
    add("mostly-zero", np.r_[np.ones(20), np.zeros(100)])
    with pytest.raises(ProblemError, match="mostly-zero has 20 eigenvalues above 0; 100 are 0"):
        make("mostly-zero")


def test_sizes_whose_eigenvalues_rounding_loses_are_left_out_and_said_or_refused():
    add("steep", 0.5 ** np.arange(300.0))  # the 44th is the last above e^-30
    run = make("steep", n=(20, 40, 100))
    assert [one.n for one in run.of("own")] == [20, 40]
    assert "n=100 not drawn of it: all but 44 eigenvalues are lost to rounding" in " ".join(run.notes)
    with pytest.raises(ProblemError, match="steep has 44 eigenvalues above 9e-14 of its first"):
        make("steep", n=(100, 200))


def test_points_are_no_spectrum():
    own.add("table", own.OwnData("classes", np.ones((4, 1)), np.array([0, 1, 0, 1]), (1,), ("a", "b"), source="t.csv"))
    with pytest.raises(KnobError, match="got table") as caught:
        make("table")
    assert "table was imported as classes, and this takes spectrum" in caught.value.hint


@pytest.mark.usefixtures("alone")
def test_a_resumed_run_ends_with_the_same_records_and_other_content_is_refused():
    whole, first = work(make("signalled", (0, 1))), work(make("signalled", (0, 1)), until=2)
    saved, second = first.state(), make("signalled", (0, 1))
    for step, record in zip(first.history.steps, first.history.records, strict=True):
        second.history.append(step, record)
    second.restore(State({key: item.copy() for key, item in saved.arrays.items()}, saved.scalars))
    work(second)
    assert [repr(record) for record in second.history.records] == [repr(record) for record in whole.history.records]
    add("signalled", HARMFUL)
    with pytest.raises(DataError, match="signalled is another one now"):
        build(type(whole.config), whole.config.values())
