"""The sentences of ends, the check for finite quantities, and the knob to lower."""

import pytest

from engine.config import Config, knob
from engine.contract import Claim, Phase, Quantity, Status, Verdict
from engine.errors import Diverged, ProblemError
from engine.runner.divergence import knob_to_lower, require_finite
from engine.runner.phase_message import PhaseMessage, broken, finished
from tests.engine.toy_phenomenon import ToyConfig

CLAIM = Claim("T1", "It holds", "a toy", "1", "exact")


class NoRate(Config):
    lr: int = knob(1, "layers, in spite of its name", ge=1, le=4)


class TwoRates(Config):
    eta: float = knob(0.5, "of gradient descent", label="step size eta", divergence=True)
    depth: int = knob(1, "layers")
    rate: float = knob(2.0, "of Adam", divergence=True)


def test_the_end_counts_claims():
    statuses = [Status.HOLDS, Status.HOLDS, Status.FAILS, Status.PENDING, Status.CENSORED, Status.NOT_RUN, Status.NOT_APPLICABLE]
    said = finished(1200, "step", [Verdict(CLAIM, 1.0, 1.0, status) for status in statuses])
    assert said == PhaseMessage(Phase.FINISHED, "finished at step 1,200; claims: 2 hold, 1 fails, 2 undecided")
    assert finished(5, "draw", []).sentence == "finished at draw 5"
    assert finished(5, "draw", [Verdict(CLAIM, 1.0, 1.0, Status.NOT_RUN)]).sentence == "finished at draw 5"


def test_divergence_says_its_own_words_and_the_knob_that_is_declared():
    lost = Diverged("the loss is inf at step 1,200")
    assert broken(lost, 1300, "step", ToyConfig()) == PhaseMessage(
        Phase.DIVERGED, "the loss is inf at step 1,200", "lower learning rate (it is 0.05)"
    )
    assert broken(Diverged("inf", "lower alpha"), 7, "step", ToyConfig()).hint == "lower alpha"
    assert broken(FloatingPointError("overflow"), 7, "step", NoRate()) == PhaseMessage(Phase.DIVERGED, "overflow at step 7", "")


def test_no_knob_is_guessed_and_all_that_are_declared_are_named():
    assert knob_to_lower(NoRate()) == ""
    assert knob_to_lower(TwoRates()) == "lower step size eta (it is 0.5) or rate (it is 2)"


def test_refusals_fail_in_their_own_words():
    assert broken(ProblemError("no solution", "more data"), 0, "step", NoRate()) == PhaseMessage(Phase.FAILED, "no solution", "more data")


TRAIN = Quantity("train-loss", "train", finite=True)
TOTAL = Quantity("total", per="run", finite=True)
RISK = Quantity("risk", "excess risk")


@pytest.mark.parametrize(
    "values",
    [
        {"train-loss": [1.0, float("nan")]},  # one network of two
        {"risk": float("inf"), "train-loss": [1.0]},  # not declared finite
        {"test-loss": [float("nan")]},  # not declared at all, whatever it is called
        {"train-loss": []},
        {},
    ],
    ids=str,
)
def test_what_is_no_divergence(values):
    require_finite(values, (TRAIN, TOTAL, RISK), "step 3")
    require_finite({"train-loss": [float("nan")]}, (), "step 3")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"train-loss": [float("inf"), float("nan")], "total": 1.0}, "train loss is no longer a finite number at draw 3"),
        ({"total": float("nan")}, "total is no longer a finite number at draw 3"),
    ],
)
def test_a_declared_quantity_that_no_network_has_is_divergence(values, sentence):
    with pytest.raises(Diverged) as caught:
        require_finite(values, (RISK, TRAIN, TOTAL), "draw 3")
    assert caught.value.message == sentence
