"""The claims of task images: large first weights delay generalisation, weight decay ends the delay, after a time inverse to it.

Liu, Michaud, Tegmark 2023, arXiv:2210.01117, Fig. 2 and 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Claim, Condition, one_of, within
from engine.judging import PENDING, Judgement, Judges, censored, decided
from engine.phenomena.grokking.config import IMAGES, GrokkingConfig
from engine.phenomena.grokking.milestones import all_reached, values_at
from engine.phenomena.grokking.omnigrok.settings import USUAL, ImageSetting
from engine.phenomena.grokking.settings import MAIN, NO_DECAY

if TYPE_CHECKING:
    from engine.phenomena.grokking.experiment import Grokking

DELAY, EARLY = 3.0, 0.5  # times the step of fitting; test accuracy at most when fitted
AT_ONCE = 0.75  # test accuracy at least when fitted from alpha 1
NEVER, NEVER_BY = 0.5, 1200  # test accuracy that stays below without decay, and until which step it is watched
ALIKE = 0.15  # by how much decay times step differs from its mean at most

LIU = "Liu, Michaud, Tegmark 2023, arXiv:2210.01117"
MEANT = ("omnigrok-small", "omnigrok")
TRAINED = 0.01

PUBLISHED = {
    "dataset": "mnist", "n": 1000, "depth": 2, "width": 200, "batch": 200, "wd": 0.01, "lr": 0.001, "beta2": 0.999, "alpha": 8.0,
    "optimizer": "adamw",
}  # fmt: skip
DIGITS = (
    one_of("dataset", "digits196"), within("n", 200, 200), one_of("depth", 1), within("width", 200, 200), one_of("batch", 0),
    within("beta2", 0.999, 0.999), within("lr", 0.006, 0.006), one_of("optimizer", "adamw"), within("wd", 0.15, 0.15),
)  # fmt: skip


def published(config: GrokkingConfig) -> bool:
    """Whether images, networks and training are those of preset omnigrok, for any number of steps."""
    return all(getattr(config, knob) == value for knob, value in PUBLISHED.items())


def _met(condition: Condition) -> Condition:
    return Condition(condition.words, lambda config: published(config) or condition.test(config))


SETTINGS = (IMAGES, *(_met(condition) for condition in DIGITS))
LARGE = (*SETTINGS, within("alpha", 8.0, 8.0))
SMALL = (IMAGES, *DIGITS, within("alpha", 8.0, 8.0))

CLAIMS = (
    Claim("OG1", "Large first weights delay generalisation", f"{LIU}, Fig. 3", "test .7 / fitted step >> 1; low when fitted",
          "ratio >= 3; accuracy <= .5", MEANT, LARGE, TRAINED),
    Claim("OG2", "Usual first weights: no delay", f"{LIU}, Fig. 3", "alpha 1: test accuracy when fitted is high", ">= .75", MEANT,
          LARGE, TRAINED),
    Claim("OG3", "Large first weights without decay do not generalise while they are trained", LIU,
          f"test accuracy up to step {NEVER_BY:,}: low", "< .5", MEANT[:1], SMALL, TRAINED),
    Claim("OG4", "The delay is inverse to decay", f"{LIU}, Fig. 2", "decay * step to test .7 is equal at decays .1, .15, .3",
          "15 % of their mean", MEANT[:1], (*SMALL, one_of("sweep", True)), TRAINED),
)  # fmt: skip


def _delayed(run: Grokking) -> Judgement:
    r = run.readings
    fitted, grokked = r.memorised(), r.grokked()
    if not (all_reached(fitted) and all_reached(grokked)):
        return censored(f"not by step {r.history.last:,}", "a seed has not fitted or not generalised") if r.over(MAIN) else PENDING
    ratio, accuracy = float(r.delay_ratio().min()), float(r.accuracy_when_memorised().max())
    return decided(
        ratio >= DELAY and accuracy <= EARLY, f"{ratio:.3g}; {accuracy:.3f}", f"steps {_steps(fitted)} and {_steps(grokked)}",
        values={"ratio": ratio, "accuracy_when_fitted": accuracy},
    )  # fmt: skip


def _at_once(run: Grokking) -> Judgement:
    r = run.readings
    fitted = r.memorised(USUAL)
    if not all_reached(fitted):
        return censored(f"not fitted by step {r.history.last:,}", "a seed has not fitted") if r.over(USUAL) else PENDING
    accuracy = float(values_at(*r.table("test-accuracy", USUAL), fitted).min())
    return decided(accuracy >= AT_ONCE, accuracy, f"fitted at steps {_steps(fitted)}")


def _never(run: Grokking) -> Judgement:
    r = run.readings
    steps, accuracy = r.table("test-accuracy", NO_DECAY)
    highest = float(accuracy[steps <= NEVER_BY].max(initial=0.0))
    until = min(NEVER_BY, run.config.steps)
    if r.history.last < until and highest < NEVER:
        return PENDING
    note, values = f"highest test accuracy up to step {until:,}; later steps are not judged", {"test_accuracy": highest, "steps": until}
    return decided(highest < NEVER, highest, note, predicted="below .5", values=values)


def _inverse(run: Grokking) -> Judgement:
    r = run.readings
    swept = [s for s in r.settings.values() if isinstance(s, ImageSetting) and s.name != USUAL and s.wd > 0]
    steps = [r.grokked(setting.name) for setting in swept]
    if not all(all_reached(each) for each in steps):
        over = all(r.over(setting.name) for setting in swept)
        return censored(f"not by step {r.history.last:,}", "a seed has not generalised") if over else PENDING
    times = np.array([s.wd * float(each.mean()) for s, each in zip(swept, steps, strict=True)])
    spread = float(np.abs(times / times.mean() - 1).max())
    shown = ", ".join(f"{time:.0f}" for _, time in sorted(zip([s.wd for s in swept], times, strict=True)))
    return decided(spread <= ALIKE, spread, f"decay * step {shown}", values={"spread": spread, "mean": float(times.mean())})


def _steps(values: np.ndarray) -> str:
    return ", ".join(f"{value:,.0f}" for value in values)


JUDGES: Judges[Grokking] = {"OG1": _delayed, "OG2": _at_once, "OG3": _never, "OG4": _inverse}
