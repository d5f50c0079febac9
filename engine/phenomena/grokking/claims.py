"""The claims of grokking: what each says, its tolerance, and how the measurements decide it.

Power et al. 2022, arXiv:2201.02177; Gromov 2023, arXiv:2301.02679; Nanda et al. 2023, arXiv:2301.05217; Kumar et al. 2023,
arXiv:2310.06110.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.contract import Claim
from engine.judging import PENDING, Judgement, Judges, censored, decided, not_applicable
from engine.phenomena.grokking.milestones import all_reached, values_at
from engine.phenomena.grokking.settings import DECAYS, FRACTIONS, MAIN, NO_DECAY, P53
from engine.theory.modular_arithmetic.fourier import random_share
from engine.theory.modular_arithmetic.operations import ADDITIVE

if TYPE_CHECKING:
    from engine.phenomena.grokking.experiment import Grokking

DELAY, CHANCE = 5.0, 0.05
NEVER = 0.9  # test accuracy that the setting without decay stays below
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


def _delayed(run: Grokking) -> Judgement:
    r = run.readings
    memorised, grokked = r.memorised(), r.grokked()
    if not all_reached(memorised) or not all_reached(grokked):
        return censored(f"not by step {run.config.steps:,.0f}", "not memorised or not grokked") if r.over(MAIN) else PENDING
    ratio = float((grokked / np.maximum(memorised, 1)).min())
    accuracy = float(values_at(*r.table("test-accuracy"), memorised).max())
    return decided(
        ratio >= DELAY and accuracy <= CHANCE, f"{ratio:.3g}; {accuracy:.3f}", f"steps {_steps(memorised)} and {_steps(grokked)}",
        values={"ratio": ratio, "accuracy_when_memorised": accuracy},
    )  # fmt: skip


def _never(run: Grokking) -> Judgement:
    r, c = run.readings, run.config
    name = NO_DECAY if c.wd > 0 else MAIN
    if (c.model, c.optimizer, c.p, c.fraction, c.op, c.speedup if name == MAIN else "none") != ("gromov", "adamw", 59, 0.3, "add", "none"):
        return not_applicable("needs p=59, fraction=.3, op=add, optimizer=adamw")
    _, accuracies = r.table("test-accuracy", name)
    highest = float(accuracies.max(initial=0.0))
    if highest >= NEVER:
        return decided(False, highest)
    if not r.over(name):
        return PENDING
    return decided(True, f"not by step {c.steps:,}; test {highest:.3f}", "censored", values={"test_accuracy": highest, "steps": c.steps})


def _without_decay(run: Grokking) -> Judgement:
    r = run.readings
    if P53 not in r.settings:
        return not_applicable("needs width=200, lr=.005, op=add, act=square, optimizer=adamw")
    memorised, grokked = r.memorised(P53), r.grokked(P53)
    if not all_reached(memorised) or not all_reached(grokked):
        return censored(f"not by step {run.history.last:,.0f}", "a seed has not grokked") if r.over(P53) else PENDING
    ratio = float((grokked / memorised).min())
    return decided(ratio >= DELAY_P53, ratio, f"steps {_steps(memorised)} and {_steps(grokked)}")


def _single_waves(run: Grokking) -> Judgement:
    if run.config.model != "gromov":
        return not_applicable("needs model gromov")
    _, share = run.readings.table("share")
    if not run.readings.over(MAIN):
        return PENDING
    last, first = float(share[-1].min()), float(share[0].mean())
    note = f"random weights: {first:.3f} (step 0)"
    return decided(last >= SHARE, last, note, values={"step_0": first, "random_weights": random_share(run.config.p)})


def _circuit_first(run: Grokking) -> Judgement:
    r = run.readings
    undecided = _without_circuit(run)
    if undecided is not None:
        return undecided
    memorised, (steps, losses), (times, restricted, keys) = r.memorised(), r.table("test-loss"), r.circuit("restricted")
    peaks = steps[losses.argmax(axis=0)]
    margin = float(values_at(*r.table("margin"), peaks).min())
    before, after = values_at(times, restricted, memorised), restricted[-1]
    return decided(
        margin >= MARGIN and bool((after < before).all()), f"{margin:.3f}; {before.max():.3g} to {after.max():.3g}",
        f"test loss peaks at step {_steps(peaks)}; {keys} key frequencies",
        values={"margin": margin, "restricted_when_memorised": float(before.max()), "restricted_last": float(after.max())},
    )  # fmt: skip


def _excluded_rises(run: Grokking) -> Judgement:
    r = run.readings
    undecided = _without_circuit(run)
    if undecided is not None:
        return undecided
    steps, excluded, keys = r.circuit("excluded")
    least = np.array([excluded[steps >= memorised, seed].min() for seed, memorised in enumerate(r.memorised())])
    ratio = float((excluded[-1] / least).min())
    return decided(
        ratio >= RISE, ratio, f"{least.min():.3f} to {excluded[-1].min():.3f}; {keys} key frequencies",
        values={"least": float(least.min()), "last": float(excluded[-1].min())},
    )  # fmt: skip


def _without_circuit(run: Grokking) -> Judgement | None:
    """Why restricted and excluded loss decide nothing: another operation, training that goes on, or nothing memorised."""
    if run.config.op not in ADDITIVE:
        return not_applicable("needs op add or sub")
    if not run.readings.over(MAIN):
        return PENDING
    if not all_reached(run.readings.memorised()):
        return censored(None, f"not memorised by step {run.config.steps:,}")
    return None


def _analytic(run: Grokking) -> Judgement:
    if not run.checks.done:
        return PENDING
    worst = min(run.checks.analytic)
    return decided(worst >= ANALYTIC, worst)


def _more_data(run: Grokking) -> Judgement:
    from scipy.stats import spearmanr  # a declaration loads no scipy

    if not run.config.sweep:
        return not_applicable("needs preset standard or sweep yes")
    r = run.readings
    found = {item: steps for item, steps in r.delays().items() if item.fraction in FRACTIONS and item.wd in DECAYS and item.wd > 0}
    if not all(r.over(setting.name) for setting in found):
        return PENDING
    worst, missing = -1.0, 0
    for wd in sorted({setting.wd for setting in found}):
        alike = [setting for setting in found if setting.wd == wd]
        times = np.array([np.where(np.isfinite(found[setting]), found[setting], np.inf) for setting in alike])  # (fractions, seeds)
        missing += int(np.isinf(times).sum())
        shown = np.array([setting.fraction for setting in alike])
        if np.isfinite(times).any():
            worst = max(worst, float(spearmanr(np.repeat(shown, times.shape[1]), times.ravel()).statistic))
    note = f"the weakest of decays .3, 1, 3; {missing} runs censored, ranked last"
    return decided(worst <= CORRELATION, worst, note, values={"censored": missing})


def _exact(run: Grokking) -> Judgement:
    if not run.checks.done:
        return PENDING
    return decided(run.checks.look_up <= LOOK_UP, run.checks.look_up, "first weights, p=113, 500 pairs, float32")


def _steps(values: Any) -> str:
    return ", ".join(f"{value:,.0f}" for value in values)


JUDGES: Judges[Grokking] = {
    "GR1": _delayed, "GR2": _never, "GR3": _without_decay, "GR4": _single_waves, "GR5": _circuit_first, "GR6": _excluded_rises,
    "GR7": _analytic, "GR8": _more_data, "GR9": _exact,
}  # fmt: skip
