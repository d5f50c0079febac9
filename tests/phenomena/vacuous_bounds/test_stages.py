"""Numbers of vacuous bounds depend neither on chunks, nor on saving in any stage, nor on the seeds beside."""

import json

import numpy as np
import pytest

from engine.errors import Diverged
from engine.state import State
from tests.phenomena.driven import UNEVEN, work
from tests.phenomena.vacuous_bounds.small import SMALL, make

pytestmark = pytest.mark.usefixtures("one_thread", "own_cache")


def test_chunking_changes_no_number(small):
    again = work(make((0, 1), **SMALL), budget=UNEVEN)
    assert again.history.steps == small.history.steps
    assert again.history.records == small.history.records


EVERY_STAGE = {
    "n": 100, "width": 10, "epochs": 4, "random_epochs": 10, "steps": 30, "mc": 100, "prior": "half-data", "objective": "lambda",
    "follow": "few", "m": 10, "D_over_m": 64,
}  # fmt: skip


@pytest.fixture(scope="module")
def through_every_stage():
    return work(make((0, 1), **EVERY_STAGE))


def restored(run):
    """A fresh run of the same settings that goes on from the state of another, as it is read back from the disk."""
    saved = run.state()
    again = type(run)(run.config, run.seeds, run.device, run.preset)
    for step, record in zip(run.history.steps, run.history.records, strict=True):
        again.history.append(step, json.loads(json.dumps(record)))
    again.restore(State({name: item.copy() for name, item in saved.arrays.items()}, json.loads(json.dumps(saved.scalars))))
    return again


def assert_same(run, other):
    assert run.history.steps == other.history.steps
    assert run.history.records == other.history.records
    assert run.notes == other.notes and run.details() == other.details()
    arrays, others = run.arrays(), other.arrays()
    assert arrays.keys() == others.keys()
    for name, values in arrays.items():
        np.testing.assert_array_equal(values, others[name], err_msg=name)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.75, 0.95])
def test_a_restored_run_ends_with_the_same_records(small, share):
    steps = small.history.steps
    first = work(make((0, 1), **SMALL), until=steps[int(share * (len(steps) - 1))])
    for _ in range(7):  # save amid the way to the next measurement, too
        if not first.due():
            first.advance(1e-6)
    second = restored(first)
    assert [item.row() for item in second.verdicts()] == [item.row() for item in first.verdicts()]
    assert second.details() == first.details()
    assert_same(work(second), small)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.6, 0.8, 0.9, 0.95, 1.0])
def test_a_run_of_every_stage_is_restored_in_each_of_them(through_every_stage, share):
    steps = through_every_stage.history.steps
    first = work(make((0, 1), **EVERY_STAGE), until=steps[int(share * (len(steps) - 1))])
    for _ in range(3):
        if not (first.due() or first.done):
            first.advance(1e-6)
    assert_same(work(restored(first)), through_every_stage)


def test_a_seed_among_others_is_measured_like_alone(small):
    alone = work(make((1,), **SMALL))
    for name in ("VC", "spectral", "PAC-Bayes"):
        (one,), (first, second) = (run.readings.latest(name, "true") for run in (alone, small))
        assert one == pytest.approx(second, rel=0.05)
        assert one != first


@pytest.mark.parametrize("place", [0, -1])
def test_weights_that_are_not_numbers_name_the_labels(place):
    steps = work(make(**SMALL)).history.steps
    run = work(make(**SMALL), until=steps[4])
    run.sgd.ensemble.network.blocks[0][place] = float("nan")
    labels = ("true", "random")[place]
    with pytest.raises(Diverged, match=f"the weights of the network on {labels} labels are no longer finite"):
        work(run)
    assert run.step == steps[5]
    assert [knob.label for knob in run.spec.config.knobs() if knob.divergence] == ["learning rate"]
