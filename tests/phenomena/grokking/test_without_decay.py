"""GR2 on given test accuracies: it is decided by what was seen up to its step, and says nothing of later ones."""

from types import SimpleNamespace

import numpy as np
import pytest

from engine.contract import Status
from engine.phenomena.grokking.claims import JUDGES

STEPS = np.array([0.0, 600.0, 1200.0, 3000.0, 5000.0])


def judged(accuracies, steps, last=None):
    """What GR2 says of test accuracies of one seed at the first of STEPS, in a run of so many steps, looked at when `last` is reached."""
    last = last or steps
    seen = last >= STEPS
    readings = SimpleNamespace(
        table=lambda *_: (STEPS[seen], np.array(accuracies)[:, None][seen]),
        pairs={"test-accuracy": np.array([1000])}, columns=lambda _: [0], history=SimpleNamespace(last=last),
    )  # fmt: skip
    return JUDGES["GR2"](SimpleNamespace(readings=readings, config=SimpleNamespace(wd=1.0, steps=steps)))


@pytest.mark.parametrize(
    ("accuracies", "steps", "holds", "highest", "until"),
    [
        ([0.02, 0.3, 0.25, 0.95, 1.0], 1200, True, 0.3, 1200),  # grokking after its end is not seen
        ([0.02, 0.3, 0.5, 0.899, 1.0], 5000, True, 0.899, 3000),  # nor is what comes after step 3,000 judged
        ([0.02, 0.3, 0.5, 0.9, 1.0], 5000, False, 0.9, 3000),
    ],
)
def test_the_highest_test_accuracy_up_to_the_end_or_step_3000_is_judged(accuracies, steps, holds, highest, until):
    found = judged(accuracies, steps)
    assert (found.status.holds, found.measured) == (holds, highest)
    assert found.values == {"test_accuracy": highest, "steps": until}
    assert found.note == (f"not grokked by step {until:,} (censored)" if holds else f"by step {until:,}")


def test_a_run_that_goes_on_is_waited_for_unless_it_has_grokked():
    assert judged([0.02, 0.3, 0.5, 0.9, 1.0], 5000, last=1200).status is Status.PENDING
    assert judged([0.02, 0.95, 0.5, 0.9, 1.0], 5000, last=1200).status is Status.FAILS
