"""The claims of grokking: what each says, its tolerance, and how the measurements decide it.

Power et al. 2022, arXiv:2201.02177; Gromov 2023, arXiv:2301.02679; Nanda et al. 2023, arXiv:2301.05217; Kumar et al. 2023,
arXiv:2310.06110.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.contract import Claim, Verdict
from engine.phenomena.grokking.arms import DECAYS, FRACTIONS, MAIN, NO_DECAY, P53
from engine.phenomena.grokking.readings import Readings, values_at
from engine.transition import old_verdict

DELAY, CHANCE = 5.0, 0.05
NEVER = 0.9  # test accuracy that the arm without decay stays below
DELAY_P53 = 2.0
SHARE = 0.9
MARGIN = 0.05
RISE = 1.5
ANALYTIC, ANALYTIC_WIDTH, ANALYTIC_MODULI = 0.999, 500, (59, 97)
CORRELATION = -0.8
LOOK_UP = 1e-5

POWER, GROMOV = "Power et al. 2022, arXiv:2201.02177", "Gromov 2023, arXiv:2301.02679"
NANDA, KUMAR = "Nanda et al. 2023, arXiv:2301.05217", "Kumar et al. 2023, arXiv:2310.06110"
CLAIMS = (
    Claim("GR1", "Delayed generalisation", f"{POWER}, Fig. 1", "grok/memorise step >> 1; chance when memorised", ">= 5; <= .05",
          ("quick", "long-delay", "nanda")),
    Claim("GR2", "No decay, this setting: no grokking", GROMOV, "CENSORED (p=59, wd 0)", "test < .9", ("quick", "standard")),
    Claim("GR3", "Decay is not required", KUMAR, "p=53, fraction .5, wd 0: ratio > 1", ">= 2, three seeds", ("quick",)),
    Claim("GR4", "Neurons become single waves", GROMOV, "median single-frequency share: 1", ">= .9", ("quick",)),
    Claim("GR5", "The circuit precedes the jump", NANDA, "held-out margin > 0 where test loss peaks; restricted loss falls",
          ">= .05; lower than when memorised", ("quick", "long-delay", "nanda")),
    Claim("GR6", "Excluded loss rises", NANDA, "last/minimum after memorising > 1", ">= 1.5", ("quick", "long-delay", "nanda")),
    Claim("GR7", "Analytic network works", GROMOV, "accuracy 1, N=500, p=59 and 97", ">= .999"),
    Claim("GR8", "More data, less delay", f"{POWER}, Fig. 1", "Spearman(fraction, grok step) < 0", "<= -.8", ("standard",)),
    Claim("GR9", "Look-up is exact", NANDA, "transformer's logits equal the plain forward's", "1e-5"),
)  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """What was measured so far; analytic: accuracies of the analytic network, one per modulus, once computed; look_up: largest
    difference between the transformer's logits by table look-up and in the plain form, nan before.
    """

    readings: Readings
    config: Any
    analytic: tuple[float, ...]
    look_up: float


Judgement = tuple[float | str | None, bool | None, str]  # measured, whether it holds, note
UNDECIDED: Judgement = (None, None, "")


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Return the verdict on a claim; undecided while an arm that it speaks of is still training."""
    return old_verdict(claim, claim.prediction, *JUDGES[claim.id](evidence))


def censored(step: float, what: str) -> Judgement:
    """The awaited event did not happen: neither yes nor no."""
    return f"not by step {step:,.0f}", None, f"censored: {what}"


def _delayed(e: Evidence) -> Judgement:
    r = e.readings
    memorised, grokked = r.memorised(), r.grokked()
    if not np.isfinite(memorised).all() or not np.isfinite(grokked).all():
        return censored(e.config.steps, "not memorised or not grokked") if r.over(MAIN) else UNDECIDED
    ratio = float((grokked / np.maximum(memorised, 1)).min())
    accuracy = float(r.at("test-accuracy", memorised).max())
    return f"{ratio:.3g}; {accuracy:.3f}", ratio >= DELAY and accuracy <= CHANCE, f"steps {_steps(memorised)} and {_steps(grokked)}"


def _never(e: Evidence) -> Judgement:
    r, c = e.readings, e.config
    arm = NO_DECAY if c.wd > 0 else MAIN
    if (c.model, c.optimizer, c.p, c.fraction, c.op, c.speedup if arm == MAIN else "none") != ("gromov", "adamw", 59, 0.3, "add", "none"):
        return None, None, "needs p=59, fraction=.3, op=add, optimizer=adamw"
    _, values = r.table("test-accuracy", arm)
    if len(values) and values.max() >= NEVER:
        return float(values.max()), False, ""
    if not r.over(arm):
        return UNDECIDED
    return f"not by step {c.steps:,}; test {values.max():.3f}", True, "censored"


def _without_decay(e: Evidence) -> Judgement:
    if not e.readings.places(P53):
        return None, None, "needs width=200, lr=.005, op=add, act=square, optimizer=adamw"
    memorised, grokked = e.readings.memorised(P53), e.readings.grokked(P53)
    ratio = grokked / memorised
    if not len(ratio) or not np.isfinite(ratio).all():
        return censored(e.readings.history.steps[-1], "a seed has not grokked") if e.readings.over(P53) else UNDECIDED
    return float(ratio.min()), bool(ratio.min() >= DELAY_P53), f"steps {_steps(memorised)} and {_steps(grokked)}"


def _single_waves(e: Evidence) -> Judgement:
    _, share = e.readings.table("share")
    if not e.readings.over(MAIN):
        return UNDECIDED
    if e.config.model != "gromov" or not len(share):
        return None, None, "needs model gromov"
    last = float(share[-1].min())
    return last, last >= SHARE, f"random weights: {share[0].mean():.3f} (step 0)"


def _circuit_first(e: Evidence) -> Judgement:
    r = e.readings
    steps, losses = r.table("test-loss")
    memorised = r.memorised()
    if not r.over(MAIN):
        return UNDECIDED
    times, restricted, keys = r.circuit("restricted")
    if not len(restricted) or not np.isfinite(memorised).all():
        return None, None, "needs op add or sub" if not len(restricted) else f"not memorised by step {e.config.steps:,}"
    peaks = steps[losses.argmax(axis=0)]
    margin = float(r.at("margin", peaks).min())
    before, after = values_at(times, restricted, memorised), restricted[-1]
    measured = f"{margin:.3f}; {before.max():.3g} to {after.max():.3g}"
    return measured, margin >= MARGIN and bool((after < before).all()), f"test loss peaks at step {_steps(peaks)}; {keys} key frequencies"


def _excluded_rises(e: Evidence) -> Judgement:
    r = e.readings
    memorised = r.memorised()
    if not r.over(MAIN):
        return UNDECIDED
    steps, excluded, keys = r.circuit("excluded")
    if not len(excluded) or not np.isfinite(memorised).all():
        return None, None, "needs op add or sub" if not len(excluded) else f"not memorised by step {e.config.steps:,}"
    least = np.array([excluded[steps >= memorised[seed], seed].min() for seed in range(len(memorised))])
    ratio = float((excluded[-1] / least).min())
    return ratio, ratio >= RISE, f"{least.min():.3f} to {excluded[-1].min():.3f}; {keys} key frequencies"


def _analytic(e: Evidence) -> Judgement:
    if not e.analytic:
        return UNDECIDED
    worst = min(e.analytic)
    return worst, worst >= ANALYTIC, ""


def _exact(e: Evidence) -> Judgement:
    if not np.isfinite(e.look_up):
        return UNDECIDED
    return e.look_up, e.look_up <= LOOK_UP, "first weights, p=113, 500 pairs, float32"


def _more_data(e: Evidence) -> Judgement:
    from scipy.stats import spearmanr

    from engine.phenomena.grokking.delays import delays

    if not e.config.sweep:
        return None, None, "needs preset standard or sweep yes"
    found = [item for item in delays(e.readings) if item.arm.fraction in FRACTIONS and item.arm.wd in DECAYS and item.arm.wd > 0]
    if not all(e.readings.over(item.arm.name) for item in found):
        return UNDECIDED
    worst, missing = -1.0, 0
    for wd in sorted({item.arm.wd for item in found}):
        mine = [item for item in found if item.arm.wd == wd]
        times = np.array([np.where(np.isfinite(item.steps), item.steps, np.inf) for item in mine])  # (fractions, seeds)
        missing += int(np.isinf(times).sum())
        shown = np.array([item.arm.fraction for item in mine])
        if np.isfinite(times).any():
            worst = max(worst, float(spearmanr(np.repeat(shown, times.shape[1]), times.ravel()).statistic))
    return worst, worst <= CORRELATION, f"the weakest of decays .3, 1, 3; {missing} runs censored, ranked last"


def _steps(values: Any) -> str:
    return ", ".join(f"{value:,.0f}" for value in values)


JUDGES: dict[str, Callable[[Evidence], Judgement]] = {
    "GR1": _delayed, "GR2": _never, "GR3": _without_decay, "GR4": _single_waves, "GR5": _circuit_first, "GR6": _excluded_rises,
    "GR7": _analytic, "GR8": _more_data, "GR9": _exact,
}  # fmt: skip
