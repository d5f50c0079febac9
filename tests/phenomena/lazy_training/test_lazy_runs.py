"""Runs of lazy training: saving, many seeds and one, claims that stay open, refusals."""

import numpy as np
import pytest

from engine.contract import Status
from engine.errors import Diverged, KnobError, ProblemError
from engine.state import State
from tests.phenomena.driven import work
from tests.phenomena.lazy_training.made import SMALL, make

pytestmark = pytest.mark.usefixtures("one_thread")


def test_chunking_changes_no_number() -> None:
    whole, sliced = work(make(**SMALL), budget=10.0), work(make(**SMALL), budget=0.0)
    assert sliced.history.steps == whole.history.steps
    assert sliced.history.records == whole.history.records


@pytest.mark.parametrize("until", [0, 16, 40])
def test_saving_between_measurements_resumes_bit_for_bit(until: int) -> None:
    whole = work(make(seeds=(0, 1), **SMALL))
    half = work(make(seeds=(0, 1), **SMALL), until=until)
    half.advance(0.0)
    rest = make(seeds=(0, 1), **SMALL)
    for step, record in zip(half.history.steps, half.history.records, strict=True):
        rest.history.append(step, record)
    state = half.state()
    rest.restore(State({name: values.copy() for name, values in state.arrays.items()}, state.scalars))
    work(rest)
    assert rest.history.records == whole.history.records
    for name, values in whole.arrays().items():
        np.testing.assert_array_equal(values, rest.arrays()[name])


def test_a_seed_of_many_equals_its_solo_run() -> None:
    both, alone = work(make(seeds=(0, 1), **SMALL)), work(make(seeds=(1,), **SMALL))
    for name, values in alone.history.records[-1].items():
        np.testing.assert_allclose(both.history.records[-1][name][1::2], values, rtol=1e-8, atol=1e-12)


def test_claims_stay_open_until_the_end() -> None:
    knobs = {**SMALL, "n": 50, "d": 10, "m": 50, "alpha": (0.1, 10.0, 100.0)}
    run = make(**knobs)
    statuses = {one.claim.id: one.status for one in run.verdicts() if one.claim.id.startswith("LT")}
    waiting, outside = {"LT1": Status.PENDING}, dict.fromkeys(("LT2", "LT3", "LT4", "LT5", "LT6"), Status.NOT_APPLICABLE)
    assert statuses == {**waiting, **outside, "LT7": Status.HOLDS}
    reasons = {one.claim.id: one.reason for one in run.verdicts()}
    assert reasons["LT6"] == "needs tol at most 0.01"
    assert {one.holds for one in work(run).verdicts() if one.claim.id == "LT1"} <= {True, False}


def test_rich_and_lazy_scales_must_be_there() -> None:
    reasons = {one.claim.id: one.reason for one in make(alpha=(0.1, 1.0, 100.0), widths=(100,)).verdicts()}
    assert reasons["LT1"] == reasons["LT3"] == "needs output scales a decade apart from alpha 10 on"
    assert reasons["LT4"] == "needs alpha 0.01 among the output scales"


def test_steps_too_long_even_for_the_linearised_model_are_refused() -> None:
    with pytest.raises(ProblemError, match="2/lambda_max") as caught:
        make(**{**SMALL, "rule": "published", "lr": 1.9, "m": 100, "widths": (100,)})
    assert "lower learning rate" in caught.value.hint


def test_a_network_that_grows_diverges_with_the_knob_to_lower() -> None:
    run = make(**SMALL)
    work(run, until=0)
    run.ensembles[10]._W.fill_(1e80)
    with pytest.raises(Diverged, match=r"relative residual of alpha 0\.1, m=10 .* at step \d") as caught:
        work(run)
    assert "lower learning rate" in caught.value.hint


def test_a_kernel_beyond_the_memory_allowed_is_refused_before_it_is_computed(monkeypatch) -> None:
    monkeypatch.setattr("engine.phenomena.lazy_training.problem.MEMORY", 1000)
    with pytest.raises(ProblemError, match="tangent kernel needs"):
        make(**SMALL)


def test_widths_that_do_not_fit_are_named_at_the_end() -> None:
    run = make(**{**SMALL, "tol": 1e-6})
    assert not run.notes
    assert "m=6 not fitted at alpha 1" in work(run).notes[0]


def test_broken_knobs_are_refused() -> None:
    with pytest.raises(KnobError, match="must be even"):
        make(m=101)
    with pytest.raises(KnobError, match="alpha must be"):
        make(alpha=(0.0,))
