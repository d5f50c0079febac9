"""Grokking: its declaration, its claims at full size, chunking, saving, and what happens at its limits."""

import numpy as np
import pytest
import torch

from engine.contract import Status
from engine.errors import Diverged, KnobError
from engine.phenomena.grokking import SPEC
from engine.phenomena.grokking.config import PRIMES
from engine.phenomena.grokking.experiment import measured_steps
from engine.phenomena.grokking.nanda_transformer import NandaTransformer, plain_logits
from engine.phenomena.grokking.settings import P53, networks_of, settings_of, task
from tests.phenomena.driven import UNEVEN, work
from tests.phenomena.grokking.small_runs import GROMOV as SMALL
from tests.phenomena.grokking.small_runs import TRANSFORMER, make, resumed

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def small():
    return work(make((0, 1), **SMALL))


@pytest.fixture(scope="module")
def quick():
    return work(make(preset="quick"))


def verdict(run, name):
    return next(item for item in run.verdicts() if item.claim.id == name)


# ---------------------------------------------------------------- declaration


def test_moduli_are_the_primes_of_the_range():
    assert list(PRIMES) == [q for q in range(11, 200) if not any(q % d == 0 for d in range(2, q))]


@pytest.mark.parametrize(
    ("knobs", "sentence"),
    [
        ({"p": 60}, "p must be a prime between 11 and 199, got 60; nearby: 53, 59, 61"),
        ({"wd": -1}, "weight decay must be between 0 and 10, got -1"),
        ({"op": "dvi"}, "did you mean div"),
        ({"op": "s5"}, "op must be add, sub, mul, div with Gromov's network, got s5; choose model transformer"),
        ({"speedup": "stablemax"}, "speedup stablemax needs a softmax"),
        ({"optimizer": "adam"}, "did you mean adamw"),
        ({"momentum": 1}, "momentum must be between 0 and 0.999, got 1"),
        ({"fraction": 1}, "fraction must be between 0.05 and 0.95, got 1"),
    ],
)
def test_impossible_knobs_are_named(knobs, sentence):
    with pytest.raises(KnobError, match=sentence):
        SPEC.configure("quick", knobs)


def test_a_long_run_is_measured_at_few_steps():
    steps = measured_steps(1_000_000, 20)
    assert steps[0] == 0
    assert steps[-1] == 1_000_000
    assert len(steps) < 300
    assert set(range(0, 1201, 20)) <= set(measured_steps(1200, 20).tolist())


def test_a_split_shows_its_fraction_and_never_a_test_pair():
    config = SPEC.configure("quick")
    network = networks_of(settings_of(config), (0,))[0]
    for op, pairs in (("add", 59**2), ("div", 59 * 58)):
        found = task(op, network)
        assert len(found.train) == pairs
        assert found.train.sum() == int(0.3 * pairs)


def test_every_figure_and_picture_that_is_declared_is_delivered(small):
    names = [item.name for item in small.series()]
    assert len(names) == len(set(names))
    for figure in SPEC.figures:
        assert figure.draws(small.series()), figure.name
    assert [item.name for item in small.pictures()] == [item.name for item in SPEC.pictures]
    for item in small.series():
        assert len(item.x) == len(item.y)
        assert np.isfinite(item.y).all()
        assert (item.lo is None) == (item.band == "")


def test_a_curve_keeps_its_group_from_its_first_draw_to_the_last():
    run, groups = make((0, 1), **{**SMALL, "steps": 100}, sweep=True), {}
    while not run.done:
        run.advance(0.05)
        if run.due():
            run.history.append(run.step, run.measure())
        for item in run.series():
            assert groups.setdefault(item.name, item.group) == item.group
    assert groups["spectrum"] == "spectrum"
    assert "delay-vs-decay/censored" in groups


# ---------------------------------------------------------------- claims


@pytest.mark.slow
def test_the_quick_preset_decides_its_claims_and_they_hold(quick):
    marks = {item.claim.id: item.mark for item in quick.verdicts()}
    waiting = {"GR8"}
    assert {name for name, mark in marks.items() if mark == "not run"} == waiting
    assert {marks[name] for name in marks if name not in waiting} == {"yes"}


@pytest.mark.slow
def test_the_stored_network_has_the_scores_that_were_measured(quick):
    a = quick.arrays()
    n, m = a["pairs"].T
    outputs = (a["U"].astype(np.float64)[n] + a["W"].astype(np.float64)[m]) ** 2 @ a["V"].astype(np.float64)
    right = outputs.argmax(1) == (n + m) % 59
    assert np.array_equal(right, a["correct"])
    record = quick.history.records[-1]
    assert record["test-accuracy"][0] == pytest.approx(right[~a["train"]].mean(), abs=1e-12)
    residual = outputs - np.eye(59)[(n + m) % 59]
    assert record["train-loss"][0] == pytest.approx((residual[a["train"]] ** 2).sum(1).mean(), rel=1e-4)
    spectra = [np.abs(np.fft.rfft(table, axis=0))[1:] ** 2 for table in (a["U"], a["W"])]
    shares = np.concatenate([power.max(0) / power.sum(0) for power in spectra])
    assert record["share"][0] == pytest.approx(np.median(shares), rel=1e-5)
    restricted = record["restricted"][0]
    assert 0.15 < restricted < 0.3  # a fifth of the power is left out


def test_half_of_the_table_groks_without_decay_and_rests_then():
    run = work(make(p=11, steps=120), budget=1)
    found = verdict(run, "GR3")
    assert found.holds is True
    assert found.measured >= 2
    assert all(run.readings.ended(place) < 120 for place in run.readings.columns(P53))
    curve = next(item for item in run.series() if item.name == f"accuracy/test-{P53}")
    assert curve.x[-1] < 120
    assert {run.networks[place].setting.name for place in run.ensembles.active} == {"main", "no-decay"}


def test_what_has_not_happened_is_censored_and_neither_yes_nor_no(small):
    found = verdict(make(**SMALL), "GR1")
    assert (found.measured, found.holds) == (None, None)
    late = work(make(**{**SMALL, "fraction": 0.1, "steps": 100, "wd": 0}))
    found = verdict(late, "GR1")
    assert (found.holds, found.status) == (None, Status.CENSORED)
    assert found.measured == "not by step 100"
    assert any("not grokked by step 100 (censored)" in note for note in (late.markers(), late.notes)[1])
    curve = next(item for item in late.series() if item.name == "delay-vs-fraction/censored")
    assert curve.style == "points"
    assert curve.x.tolist() == [0.1]


def test_the_setting_of_a_claim_is_asked_for(small):
    assert verdict(small, "GR2").status is Status.NOT_APPLICABLE
    assert verdict(small, "GR3").reason == "needs width=200, lr=.005, op=add, act=square, optimizer=adamw"
    assert verdict(small, "GR2").reason == "needs p=59, fraction=.3, op=add, optimizer=adamw"


@pytest.mark.parametrize("op", ["sub", "mul", "div"])
def test_other_operations_generalise_too(op):
    run = work(make(op=op, p=23, width=100, fraction=0.7, steps=400, wd=1), budget=1)
    assert run.history.records[-1]["test-accuracy"][0] >= 0.95
    assert ("restricted" in run.history.records[-1]) == (op == "sub")


@pytest.mark.parametrize("op", ["x2+y2", "x2+xy+y2", "x3+xy", "div"])
def test_a_transformer_memorises_any_operation_beside_its_control(op):
    run = work(make(op=op, speedup="stablemax", **{**TRANSFORMER, "steps": 200}), budget=1)
    record = run.history.records[-1]
    assert [network.setting.name for network in run.networks] == ["main", "control"]
    assert min(record["train-accuracy"]) >= 0.99
    assert record["train-loss"][0] != record["train-loss"][1]
    assert verdict(run, "GR9").holds is True
    assert ("gini" in record) == (op == "div")


def test_a_transformers_scores_equal_the_plain_form():
    run = work(make(**TRANSFORMER), budget=1)
    arrays = run.arrays()
    tables = [torch.from_numpy(arrays[name]).double() for name in NandaTransformer.TABLES]
    logits = plain_logits(tables, torch.from_numpy(arrays["pairs"]))[:, :-1]
    losses = torch.nn.functional.cross_entropy(logits, torch.from_numpy(arrays["labels"]), reduction="none").numpy()
    record = run.history.records[-1]
    assert record["train-loss"][0] == pytest.approx(losses[arrays["train"]].mean(), rel=1e-3)
    assert record["test-loss"][0] == pytest.approx(losses[~arrays["train"]].mean(), rel=1e-3)
    assert record["collapse"] == [0.0]


# ---------------------------------------------------------------- numbers do not depend on how it is driven


def test_chunking_changes_no_number(small):
    again = work(make((0, 1), **SMALL), budget=UNEVEN)
    assert again.history.steps == small.history.steps
    assert again.history.records == small.history.records


@pytest.mark.parametrize(
    ("until", "knobs"),
    [(0, {}), (40, {}), (100, {}), (40, {"speedup": "grokfast"}), (40, {"optimizer": "sgd", "lr": 0.1}), (5, TRANSFORMER)],
)
def test_a_restored_run_ends_with_the_same_records(small, until, knobs):
    whole = work(make((0, 1), **{**SMALL, **knobs})) if knobs else small
    first = work(make((0, 1), **{**SMALL, **knobs}), until=until)
    for _ in range(5):  # save amid the way to the next measurement, too
        if not first.due():
            first.advance(1e-6)
    assert all(isinstance(item, np.ndarray) for item in first.state().arrays.values())
    second = resumed(first, make((0, 1), **{**SMALL, **knobs}))
    assert np.array_equal(second.pictures()[0].values, first.pictures()[0].values)
    work(second)
    assert second.history.records == whole.history.records
    assert [item.row() for item in second.verdicts()] == [item.row() for item in whole.verdicts()]


def test_a_seed_among_others_is_measured_like_alone(small):
    alone = work(make((1,), **SMALL))
    steps, together = small.history.column("train-loss")
    _, own = alone.history.column("train-loss")
    np.testing.assert_allclose(together[steps <= 60, 1], own[steps <= 60, 0], rtol=1e-3)
    assert not np.allclose(together[5:, 0], together[5:, 1], rtol=1e-3)


# ---------------------------------------------------------------- limits


def test_weights_that_are_not_numbers_name_step_setting_and_knob():
    run = work(make(**SMALL), until=20)
    run.ensembles.groups[0].network.flat.fill_(float("nan"))
    with pytest.raises(Diverged, match="the loss of decay 1 is no longer a finite number at step 22"):
        work(run)
    assert [knob.label for knob in SPEC.config.knobs() if knob.divergence] == ["learning rate"]
