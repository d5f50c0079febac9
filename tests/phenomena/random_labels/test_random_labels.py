"""The randomisation test: its declaration, its claims at full size, chunking, saving, and what happens at its limits."""

import re
import subprocess
import sys
from fnmatch import fnmatch

import numpy as np
import pytest
import torch

import genlab
from engine.contract import Phase, Status
from engine.errors import Diverged, KnobError
from engine.phenomena.random_labels.conditions import conditions_of
from engine.phenomena.random_labels.experiment import RandomLabels, measured_steps
from engine.phenomena.random_labels.figures import FIGURES, PICTURES, QUANTITIES
from engine.registry import entries
from engine.state import State
from tests.phenomena.driven import UNEVEN, work

SMALL = {"dataset": "digits196", "n": 100, "width": 32, "batch": 20, "epochs": 40}
FITTING = {"dataset": "digits196", "n": 100, "width": 64, "batch": 20, "epochs": 80}  # inside the domain of RL1
pytestmark = pytest.mark.usefixtures("one_thread", "own_cache")


def make(seeds=(0,), preset="custom", **knobs):
    return RandomLabels(RandomLabels.spec.configure("quick", knobs), seeds, "cpu", preset)


@pytest.fixture(scope="module")
def small(one_thread, own_cache):
    return work(make((0, 1), **SMALL))


@pytest.fixture(scope="module")
def quick(one_thread, own_cache):
    return work(make(preset="quick"))


def verdict(run, name):
    return next(item for item in run.verdicts() if item.claim.id == name)


# ---------------------------------------------------------------- declaration


def test_the_declaration_loads_neither_torch_nor_scipy():
    code = (
        "import sys, engine.registry; engine.registry.spec('random-labels');"
        "sys.exit(', '.join({'torch', 'scipy', 'mnist1d'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_registry_reads_the_docstring():
    entry = next(item for item in entries() if item.name == "random-labels")
    assert (entry.title, entry.order) == ("Random labels", 10)
    assert entry.question == RandomLabels.spec.question


@pytest.mark.parametrize("preset", [item.name for item in RandomLabels.spec.presets])
def test_every_preset_configures(preset):
    config = RandomLabels.spec.configure(preset)
    assert {"true", "random"} < {condition.name for condition in conditions_of(config)} or not config.corrupted_pixels
    steps = measured_steps(config.epochs * (config.n // config.batch), config.n // config.batch)
    assert steps[0] == 0
    assert 50 in steps


@pytest.mark.parametrize(
    ("knobs", "sentence"),
    [
        ({"n": 4900}, "n must be at most 4500 on digits5k"),
        ({"batch": 2000}, "batch must be at most n=1000, got 2000"),
        ({"model": "both"}, "model both needs dataset mnist1d"),
        ({"lr": 2}, "learning rate must be .*between 0.0001 and 1, got 2"),
        ({"levels": "0.5,1.5"}, "levels must be"),
        ({"inputs": "gausian"}, "did you mean gaussian"),
    ],
)
def test_impossible_knobs_are_named(knobs, sentence):
    with pytest.raises(KnobError, match=sentence):
        RandomLabels.spec.configure("quick", knobs)


def test_every_figure_and_picture_that_is_declared_is_delivered(small):
    names = [item.name for item in small.series()]
    assert len(names) == len(set(names))
    for figure in FIGURES:
        drawn = [name for name in names if any(fnmatch(name, pattern) for pattern in figure.series)]
        assert drawn, figure.name
        if figure.name in ("train-accuracy", "test-error", "train-loss"):
            assert len(drawn) == len(conditions_of(small.config)) - len(small.config.between)
        if figure.name == "test-error-levels":
            assert len(drawn) == len(small.config.between)
    assert [item.name for item in small.pictures()] == [item.name for item in PICTURES]
    for item in small.series():
        assert len(item.x) == len(item.y)
        assert np.isfinite(item.y).all()
        assert (item.lo is None) == (item.band == "")


def test_records_hold_what_is_declared(small):
    assert {name for record in small.history.records for name in record} == {quantity.name for quantity in QUANTITIES}


# ---------------------------------------------------------------- claims


def test_the_quick_preset_decides_its_claims_and_they_hold(quick):
    verdicts = quick.verdicts()
    assert [item.claim.id for item in verdicts] == [f"RL{number}" for number in range(1, 12)]
    marks = {item.claim.id: item.mark for item in verdicts}
    waiting = {"RL3", "RL9", "RL10", "RL11"}
    assert {name for name, mark in marks.items() if mark == "not run"} == waiting
    assert {marks[name] for name in marks if name not in waiting} == {"yes"}
    assert all(item.values for item in verdicts if item.holds is not None)
    assert all(item.reason for item in verdicts if item.holds is None)


def test_final_scores_equal_an_independent_evaluation(quick):
    arrays = quick.arrays()
    names = arrays["conditions"].tolist()
    record = quick.history.records[-1]
    for condition in ("true", "random"):
        hidden = np.maximum(arrays["X_test"].astype(np.float64) @ arrays[f"{condition}_W1"] + arrays[f"{condition}_b1"], 0)
        guesses = np.argmax(hidden @ arrays[f"{condition}_W2"] + arrays[f"{condition}_b2"], axis=1)
        error = np.mean(guesses != arrays["y_test"])
        assert record["test-error"][names.index(condition)] == pytest.approx(error, abs=2e-3)
        hidden = np.maximum(arrays["X"].astype(np.float64) @ arrays[f"{condition}_W1"] + arrays[f"{condition}_b1"], 0)
        guesses = np.argmax(hidden @ arrays[f"{condition}_W2"] + arrays[f"{condition}_b2"], axis=1)
        labels = arrays["y" if condition == "true" else "y_random"]
        assert np.array_equal(guesses == labels, arrays["fitted"][names.index(condition)].astype(bool))
    fitted = np.maximum((arrays["X"][:500].astype(np.float64) @ arrays["a"])[:, None] - arrays["b"], 0) @ arrays["w"]
    assert np.max(np.abs(fitted - arrays["y_random"][:500])) <= 1e-6


def test_verdicts_are_open_before_and_stay_once_decided():
    run = make(preset="quick", **FITTING)
    assert {item.claim.id for item in run.verdicts() if item.holds is not None} == {"RL7"}
    decided = {}
    while not run.done:
        if not run.due():
            run.advance(1)
        if run.due():
            run.history.append(run.step, run.measure())
            for item in run.verdicts():
                if item.claim.id in decided:
                    assert (item.measured, item.holds) == decided[item.claim.id]
                elif item.holds is not None:
                    decided[item.claim.id] = (item.measured, item.holds)
    assert {"RL1", "RL2", "RL5", "RL7", "RL8"} <= set(decided)


def test_what_was_not_trained_long_enough_is_not_judged_and_its_event_did_not_happen():
    run = work(make(**{**FITTING, "epochs": 3}))
    assert verdict(run, "RL1").status is Status.NOT_APPLICABLE
    assert verdict(run, "RL1").reason == "needs lr * steps/(1 - momentum) at least 200, epochs at least 45"
    assert verdict(run, "RL2").holds
    assert not any("memorised" in item.label for item in run.markers())
    late = work(make(**FITTING), until=22)
    assert (verdict(late, "RL5").status, verdict(late, "RL2").status) == (Status.PENDING, Status.PENDING)


def test_a_network_that_does_not_fit_within_the_domain_fails_the_claim_that_says_so():
    run = work(make(**FITTING))
    assert verdict(run, "RL1").mark == verdict(run, "RL5").mark == "yes"
    missed = np.flatnonzero(run.history.column("train-accuracy")[1][:, 1] < 0.99)[-1]
    while run.history.steps[-1] > run.history.steps[missed]:
        run.history.steps.pop()
        run.history.records.pop()
    assert verdict(run, "RL1").mark == "no"
    assert (verdict(run, "RL5").status, verdict(run, "RL5").reason) == (Status.CENSORED, f"not by step {run.last}")


@pytest.mark.parametrize(("knobs", "transfers"), [({}, False), ({"corruption": 0.8}, True)])
def test_the_test_of_nothing_transfers_sees_labels_that_carry_something(knobs, transfers):
    run = work(make(**{**FITTING, "epochs": 20, "n": 1000}, **knobs))
    rank = run.history.column("rank-of-hits")[1][0]
    assert (rank <= 1e-3) == transfers
    assert verdict(run, "RL2").status is (Status.NOT_APPLICABLE if transfers else Status.HOLDS)


# ---------------------------------------------------------------- numbers do not depend on how it is driven


def test_chunking_changes_no_number(small):
    again = work(make((0, 1), **SMALL), budget=UNEVEN)
    assert again.history.steps == small.history.steps
    assert again.history.records == small.history.records


@pytest.mark.parametrize(("until", "chunks"), [(0, 0), (22, 7), (46, 12), (46, 40), (54, 7), (74, 9)])
def test_a_restored_run_ends_with_the_same_records(small, until, chunks):
    first = work(make((0, 1), **SMALL), until=until)
    for _ in range(chunks):  # save amid the way to the next measurement: in training, or while scoring
        if not first.due():
            first.advance(1e-6)
    assert chunks == 0 or first.history.steps[-1] == until
    saved = first.state()
    assert all(isinstance(item, np.ndarray) for item in saved.arrays.values())
    second = make((0, 1), **SMALL)
    for step, record in zip(first.history.steps, first.history.records, strict=True):
        second.history.append(step, record)
    second.restore(State({name: item.copy() for name, item in saved.arrays.items()}, saved.scalars))
    work(second)
    assert second.history.steps == small.history.steps
    assert second.history.records == small.history.records
    assert [item.row() for item in second.verdicts()] == [item.row() for item in small.verdicts()]
    for one, other in zip(second.pictures(), small.pictures(), strict=True):
        assert np.array_equal(one.values, other.values)


def test_a_seed_among_others_is_measured_like_alone(small):
    alone = work(make((1,), **SMALL))
    for quantity, tolerance in (("train-loss", 1e-3), ("train-accuracy", 0.011)):
        steps, together = small.history.column(quantity)
        own_steps, own = alone.history.column(quantity)
        shared = np.intersect1d(steps, own_steps[own_steps <= 50])
        pairs = together[np.isin(steps, shared)][:, 1::2], own[np.isin(own_steps, shared)]
        np.testing.assert_allclose(*pairs, atol=tolerance)
    assert not np.allclose(small.history.column("train-loss")[1][5, 0::2], small.history.column("train-loss")[1][5, 1::2], atol=1e-3)


# ---------------------------------------------------------------- limits


@pytest.mark.parametrize("knobs", [{"lr": 1.0}, {"lr": 1.0, "momentum": 0.99, "depth": 3}])
def test_the_highest_learning_rate_diverges_with_a_sentence_and_the_knob_to_lower(knobs):
    snapshot = genlab.run(RandomLabels, width=64, **knobs).snapshot
    assert snapshot.phase is Phase.DIVERGED
    assert re.fullmatch(r"the loss of .* at step \d+(, over 1000 times that of guessing)?( \(seen at step \d+\))?", snapshot.sentence)
    assert snapshot.hint == "lower learning rate (it is 1)"


def test_loss_that_is_not_a_number_names_its_step_and_condition():
    run = work(make(**SMALL), until=22)
    run.classifiers.groups[0].ensemble.network.flat.fill_(float("nan"))
    with pytest.raises(Diverged, match=r"the loss of true labels is no longer a finite number at step 22 \(seen at step 25\)"):
        work(run)


def test_bands_span_the_seeds(small):
    curve = next(item for item in small.series() if item.name == "test-error/random")
    steps, values = small.history.column("test-error")
    columns = values[steps >= 1][:, 2:4]
    assert curve.band == "mean, range of 2 seeds"
    np.testing.assert_array_equal(curve.lo, columns.min(axis=1))
    np.testing.assert_array_equal(curve.hi, columns.max(axis=1))
    np.testing.assert_allclose(curve.y, columns.mean(axis=1))


def test_labels_are_fitted_where_the_curve_passes(small):
    accuracy = next(item for item in small.series() if item.name == "train-accuracy/random")
    at = np.median(small.fitted_at("random"))
    assert accuracy.lo[accuracy.x >= at][-1] >= 0.99
    assert accuracy.lo[accuracy.x < at].min() < 0.99


def test_signals_train_a_convolutional_network_beside_the_perceptron():
    run = work(make(dataset="mnist1d", n=200, model="both", width=32, epochs=20, batch=20))
    names = [condition.name for condition in conditions_of(run.config)]
    assert {"cnn-true", "cnn-shuffled"} <= set(names)
    assert all(run.over(name) for name in ("cnn-true", "cnn-shuffled"))
    loss = next(item for item in run.series() if item.name == "train-loss/cnn-true")
    assert loss.y[-1] < loss.y[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preset", "decided"),
    [
        ("standard", {"RL1", "RL2", "RL3", "RL5", "RL7", "RL9"}),
        ("zhang-mlp1-small", {"RL1", "RL2", "RL5", "RL7"}),
        ("zhang-mlp3-small", {"RL1", "RL2", "RL5", "RL7"}),
        ("zhang-inception-small", {"RL1", "RL2", "RL5", "RL7", "RL11"}),
        ("zhang-alexnet-small", {"RL1", "RL2", "RL5", "RL7"}),
        ("pluskid-wrn-small", {"RL1", "RL2", "RL5", "RL7"}),
    ],
)
def test_the_longer_presets_decide_their_claims_and_they_hold(preset, decided):
    torch.set_num_threads(2)
    spec = RandomLabels.spec
    run = work(RandomLabels(spec.configure(preset), tuple(range(spec.preset(preset).seeds)), "cpu", preset))
    assert {item.claim.id: item.holds for item in run.verdicts() if item.mark not in ("not run", "n/a")} == dict.fromkeys(decided, True)


@pytest.mark.gpu
def test_a_gpu_measures_the_same_as_the_processor(small):
    config = RandomLabels.spec.configure("quick", SMALL)
    run = work(RandomLabels(config, (0, 1), "cuda", "custom"), until=20)
    for record, expected in zip(run.history.records, small.history.records, strict=False):
        np.testing.assert_allclose(record["train-loss"], expected["train-loss"], rtol=1e-3)
