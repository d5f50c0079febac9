"""GR8 on given grok steps: ranks over fractions, runs that did not grok ranked last, decays at which none did."""

from types import SimpleNamespace

import numpy as np
import pytest

from engine.contract import Status
from engine.phenomena.grokking.claims import JUDGES
from engine.phenomena.grokking.settings import DECAYS, FRACTIONS, Setting

NEVER = np.nan
FALLING = {fraction: [2000 / fraction**2, 2100 / fraction**2, 1900 / fraction**2] for fraction in FRACTIONS}


def judged(times, over=True):
    """What GR8 says of grok steps {(fraction, wd): one per seed}."""
    found = {
        Setting(f"f{fraction}-wd{wd}", "", 59, fraction, wd, 3000): np.array(values, dtype=float)
        for (fraction, wd), values in times.items()
    }
    readings = SimpleNamespace(delays=lambda: found, over=lambda _: over)
    return JUDGES["GR8"](SimpleNamespace(readings=readings, config=SimpleNamespace(steps=3000)))


def everywhere(by_fraction, without_decay=(NEVER,) * 3):
    return {(f, wd): by_fraction[f] if wd else list(without_decay) for f in FRACTIONS for wd in DECAYS}


def test_more_data_is_less_delay():
    verdict = judged(everywhere(FALLING))
    assert verdict.status is Status.HOLDS and verdict.values["censored"] == 0  # runs without decay are not counted
    assert verdict.measured == pytest.approx(-1, abs=0.05)


def test_runs_that_did_not_grok_are_ranked_last_and_counted():
    late = {**FALLING, 0.2: [NEVER] * 3, 0.3: [30_000, NEVER, 29_000]}
    verdict = judged(everywhere(late))
    assert verdict.status is Status.HOLDS and verdict.values["censored"] == 3 * 4
    assert verdict.note.endswith("12 runs censored, ranked last")
    assert verdict.measured > judged(everywhere(FALLING)).measured - 0.1
    backwards = {**FALLING, 0.6: [NEVER] * 3, 0.5: [NEVER] * 3}
    assert judged(everywhere(backwards)).status is Status.FAILS


def test_one_decay_out_of_order_is_enough_to_fail():
    times = everywhere(FALLING)
    for fraction, other in zip(FRACTIONS, reversed(FRACTIONS), strict=True):
        times[fraction, 3.0] = FALLING[other]
    assert judged(times).status is Status.FAILS


def test_a_decay_at_which_nothing_grokked_says_nothing_yet():
    times = {key: [NEVER] * 3 if key[1] == 0.3 else values for key, values in everywhere(FALLING).items()}
    verdict = judged(times)
    assert verdict.status is Status.CENSORED and verdict.measured is None
    assert verdict.reason == "nothing has grokked at decay 0.3 by step 3,000" and verdict.values["censored"] == 3 * len(FRACTIONS)


def test_training_that_goes_on_is_waited_for():
    assert judged(everywhere(FALLING), over=False).status is Status.PENDING
