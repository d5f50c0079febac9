"""The claims of grokking: what each says, its tolerance, and how the measurements decide it.

Power et al. 2022, arXiv:2201.02177; Gromov 2023, arXiv:2301.02679; Nanda et al. 2023, arXiv:2301.05217; Kumar et al. 2023,
arXiv:2310.06110.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Claim
from engine.judging import PENDING, Judgement, Judges, censored, decided
from engine.phenomena.grokking.config import PAIRS
from engine.phenomena.grokking.domains import CIRCUIT, DECODER, DELAYED, HALF_OF_53, HEADLINE, SWEPT, WAVES, WITHOUT_DECAY
from engine.phenomena.grokking.milestones import all_reached, at_least, values_at
from engine.phenomena.grokking.omnigrok import claims as images
from engine.phenomena.grokking.settings import DECAYS, FRACTIONS, MAIN, NO_DECAY, P53, READ_AT
from engine.theory.modular_arithmetic.fourier import random_share

if TYPE_CHECKING:
    from engine.phenomena.grokking.experiment import Grokking

Floats = NDArray[np.float64]
DELAY, CHANCE = 5.0, 5  # times the memorise step; per cent of test pairs that are right at most when the training pairs are memorised
NEVER, NEVER_BY = 90, 3000  # per cent of test pairs that the setting without decay stays below, and until which step it is watched
DELAY_P53 = 2.0
SHARE = 0.9
EARLY, MARGIN = 10, 0.1  # per cent of test pairs that are right at most while the margin is read; 1 - 1/p is the margin of a perfect fit
RISE = 1.5
DECODER_DELAY = 3.0
MEMORISED_BY, FAR = 1000, 100.0  # of the decoder without decay: steps, and times the memorise step
ANALYTIC, ANALYTIC_WIDTH, ANALYTIC_MODULI = 0.999, 500, (59, 97)
CORRELATION = -0.8

# A sum of n products errs by about sqrt(n) units of rounding (Higham, Mary 2019, SIAM J. Sci. Comput. 41:A2815), 2^-24 in float32. On the
# way to a logit these follow each other: keys, scores, values, a head's output, the hidden layer, what leaves it, the logits.
NEURONS, ROUNDING = 512, 2.0**-24
LOOK_UP = ROUNDING * sum(products**0.5 for products in (128, 32, 128, 32, 128, NEURONS, 128))

POWER, GROMOV = "Power et al. 2022, arXiv:2201.02177", "Gromov 2023, arXiv:2301.02679"
NANDA, KUMAR = "Nanda et al. 2023, arXiv:2301.05217", "Kumar et al. 2023, arXiv:2310.06110"
TRAINED, EXACT = 0.01, 0.001  # chances of failing by luck; notes.md says what was measured
OFTEN = ("quick", "standard", "long-delay")
CLAIMS = (
    Claim("GR1", "Delayed generalisation: grok step / memorise step; test accuracy when memorised", f"{POWER}, Fig. 1",
          "ratio >> 1; accuracy chance", "ratio >= 5; accuracy <= .05", (*OFTEN, "nanda"), DELAYED, TRAINED),
    Claim("GR2", f"Without decay this setting has not grokked when its steps are over, {NEVER_BY:,} at most: highest test accuracy", GROMOV,
          "not grokked", "< .9",
          ("quick", "standard"), WITHOUT_DECAY, TRAINED),
    Claim("GR3", "Decay is not required: least grok step / memorise step of three seeds at p = 53, half of the pairs, no decay", KUMAR,
          "> 1", ">= 2", ("quick", "standard"), HALF_OF_53, TRAINED),
    Claim("GR4", f"Neurons become single waves: median single-frequency share, at {READ_AT:g} times the grok step", GROMOV, "1", ">= .9",
          OFTEN, WAVES, TRAINED),
    Claim("GR5", "The circuit precedes the jump: held-out margin while a tenth of test pairs is right; restricted loss since memorised",
          NANDA, "margin > 0; loss falls", "margin >= .1; loss lower at the end", (*OFTEN, "nanda"), CIRCUIT, TRAINED),
    Claim("GR6", "Excluded loss rises after memorising: last over least", NANDA, "> 1", ">= 1.5", (*OFTEN, "nanda"), CIRCUIT, TRAINED),
    Claim("GR7", "The analytic network answers all pairs: accuracy at N = 500, p = 59 and 97", GROMOV, "1", ">= .999",
          domain=(PAIRS,), chance=EXACT),
    Claim("GR8", "More data, less delay: Spearman(fraction, grok step)", f"{POWER}, Fig. 1", "< 0", "<= -.8", ("standard",), SWEPT,
          TRAINED),
    Claim("GR9", "Look-up is exact: a trained transformer's logits less the plain form's in float64, over the largest", NANDA, "0",
          f"{LOOK_UP:.1e}: float32", domain=(PAIRS,), chance=EXACT),
    Claim("GR10", "The decoder: grok step / memorise step; test accuracy when memorised", f"{POWER}, Fig. 1",
          "ratio >> 1; accuracy near chance", f"ratio >= {DECODER_DELAY:g}; accuracy <= .1", ("power-small", "power"), DECODER, TRAINED),
    Claim("GR11", "The decoder groks without decay", f"{POWER}, Fig. 1 left", "train 99 % before step 1,000; test 95 % by 1,000,000",
          "memorised <= 1,000; grok/memorise >= 100", ("power",), HEADLINE, TRAINED),
    *images.CLAIMS,
)  # fmt: skip


def _delayed(run: Grokking) -> Judgement:
    r = run.readings
    memorised, grokked = r.memorised(), r.grokked()
    undecided = _without_jump(run, at_once=True)
    if undecided is not None:
        return undecided
    ratio, accuracy = float(r.delay_ratio().min()), r.accuracy_when_memorised()
    beyond = at_least(accuracy, r.pairs["test-accuracy"][r.columns(MAIN)], CHANCE, more=True)
    return decided(
        ratio >= DELAY and not beyond.any(), f"ratio {ratio:.3g}; accuracy {accuracy.max():.3f}",
        f"steps {_steps(memorised)} and {_steps(grokked)}",
        values={"ratio": ratio, "accuracy_when_memorised": accuracy.max()},
    )  # fmt: skip


def _decoder(run: Grokking) -> Judgement:
    r = run.readings
    memorised, grokked = r.memorised(), r.grokked()
    undecided = _without_jump(run, at_once=True)
    if undecided is not None:
        return undecided
    ratio, accuracy = float(r.delay_ratio().min()), float(r.accuracy_when_memorised().max())
    return decided(
        ratio >= DECODER_DELAY and accuracy <= EARLY / 100, f"ratio {ratio:.3g}; accuracy {accuracy:.3f}",
        f"steps {_steps(memorised)} and {_steps(grokked)}",
        values={"ratio": ratio, "accuracy_when_memorised": accuracy},
    )  # fmt: skip


def _headline(run: Grokking) -> Judgement:
    r = run.readings
    memorised = r.memorised()
    undecided = _without_jump(run, at_once=True)
    if undecided is not None:
        return undecided
    ratio = float(r.delay_ratio().min())
    return decided(
        memorised.max() <= MEMORISED_BY and ratio >= FAR, f"{ratio:.3g}", f"steps {_steps(memorised)} and {_steps(r.grokked())}",
        values={"ratio": ratio, "memorised": memorised.max()},
    )  # fmt: skip


def _never(run: Grokking) -> Judgement:
    r = run.readings
    name = NO_DECAY if run.config.wd > 0 else MAIN
    steps, accuracies = r.table("test-accuracy", name)
    seen = accuracies[steps <= NEVER_BY]
    highest, until = float(seen.max(initial=0.0)), min(NEVER_BY, run.config.steps)
    reached = bool(at_least(seen, r.pairs["test-accuracy"][r.columns(name)], NEVER).any())
    if r.history.last < until and not reached:
        return PENDING
    note = f"by step {until:,}" if reached else f"not grokked by step {until:,} (censored)"
    values = {"test_accuracy": highest, "steps": until}
    return decided(not reached, highest, note, values=values)


def _without_decay(run: Grokking) -> Judgement:
    r = run.readings
    memorised, grokked = r.memorised(P53), r.grokked(P53)
    if not all_reached(memorised) or not all_reached(grokked):
        return censored(f"not by step {run.history.last:,.0f}", "a seed has not grokked") if r.over(P53) else PENDING
    ratio = float(r.delay_ratio(P53).min())
    return decided(ratio >= DELAY_P53, ratio, f"steps {_steps(memorised)} and {_steps(grokked)}")


def _single_waves(run: Grokking) -> Judgement:
    r = run.readings
    undecided = _without_jump(run)
    if undecided is not None:
        return undecided
    steps, share = r.table("share")
    read_at = np.ceil(READ_AT * r.grokked())
    if read_at.max() > steps[-1]:
        return censored(None, f"needs steps {read_at.max():,.0f}, {READ_AT:g} times the grok step")
    found, first = float(values_at(steps, share, read_at).min()), float(share[0].mean())
    note = f"step {_steps(read_at)}; random weights: {first:.3f} (step 0)"
    return decided(found >= SHARE, found, note, values={"step_0": first, "random_weights": random_share(run.config.p)})


def _circuit_first(run: Grokking) -> Judgement:
    r = run.readings
    undecided = _without_jump(run)
    if undecided is not None:
        return undecided
    (steps, accuracy), (times, restricted, keys), grokked = r.table("test-accuracy"), r.circuit("restricted"), r.grokked()
    low = ~at_least(accuracy, r.pairs["test-accuracy"][r.columns(MAIN)], EARLY, more=True) & (steps[:, None] < grokked)
    early = np.array([steps[np.flatnonzero(column)[-1]] for column in low.T])
    margin = values_at(*r.table("margin"), early)
    before, after = values_at(times, restricted, r.memorised()), restricted[-1]
    return decided(
        margin.min() >= MARGIN and bool((after < before).all()), f"margin {margin.min():.3f}; loss {before.max():.3g} to {after.max():.3g}",
        f"read at step {_steps(early)}; {keys} key frequencies",
        values={"margin": margin.min(), "restricted_when_memorised": before.max(), "restricted_last": after.max()},
    )  # fmt: skip


def _excluded_rises(run: Grokking) -> Judgement:
    r = run.readings
    undecided = _without_jump(run)
    if undecided is not None:
        return undecided
    steps, excluded, keys = r.circuit("excluded")
    least = np.array([excluded[steps >= memorised, seed].min() for seed, memorised in enumerate(r.memorised())])
    ratio = float((excluded[-1] / least).min())
    return decided(
        ratio >= RISE, ratio, f"{least.min():.3f} to {excluded[-1].min():.3f}; {keys} key frequencies",
        values={"least": least.min(), "last": excluded[-1].min()},
    )  # fmt: skip


def _without_jump(run: Grokking, at_once: bool = False) -> Judgement | None:
    """Why what goes with the jump is undecided: training goes on (unless jumps are enough), or a seed has not memorised or grokked."""
    jumped = all_reached(run.readings.memorised()) and all_reached(run.readings.grokked())
    if jumped and at_once:
        return None
    if not run.readings.over(MAIN):
        return PENDING
    return None if jumped else censored(f"not by step {run.config.steps:,.0f}", "a seed has not memorised or not grokked")


def _analytic(run: Grokking) -> Judgement:
    if not run.checks.done:
        return PENDING
    worst = min(run.checks.analytic)
    return decided(worst >= ANALYTIC, worst)


def _more_data(run: Grokking) -> Judgement:
    from scipy.stats import spearmanr  # a declaration loads no scipy

    r = run.readings
    found = {item: steps for item, steps in r.delays().items() if item.fraction in FRACTIONS and item.wd in DECAYS and item.wd > 0}
    if not all(r.over(setting.name) for setting in found):
        return PENDING
    correlations, missing = [], 0
    for wd in sorted({setting.wd for setting in found}):
        alike = [setting for setting in found if setting.wd == wd]
        times = np.array([np.where(np.isfinite(found[setting]), found[setting], np.inf) for setting in alike])  # (fractions, seeds)
        missing += int(np.isinf(times).sum())
        if np.isinf(times).all():
            return censored(None, f"nothing has grokked at decay {wd:g} by step {run.config.steps:,}", values={"censored": missing})
        shown = np.array([setting.fraction for setting in alike])
        correlations.append(float(spearmanr(np.repeat(shown, times.shape[1]), times.ravel()).statistic))
    note = f"the weakest of decays .3, 1, 3; {missing} runs censored, ranked last"
    return decided(max(correlations) <= CORRELATION, max(correlations), note, values={"censored": missing})


def _exact(run: Grokking) -> Judgement:
    if not run.checks.done:
        return PENDING
    return decided(run.checks.look_up <= LOOK_UP, run.checks.look_up, "memorised mod 11; all pairs")


def _steps(values: Any) -> str:
    return ", ".join(f"{value:,.0f}" for value in values)


JUDGES: Judges[Grokking] = {
    "GR1": _delayed, "GR2": _never, "GR3": _without_decay, "GR4": _single_waves, "GR5": _circuit_first, "GR6": _excluded_rises,
    "GR7": _analytic, "GR8": _more_data, "GR9": _exact, "GR10": _decoder, "GR11": _headline, **images.JUDGES,
}  # fmt: skip
