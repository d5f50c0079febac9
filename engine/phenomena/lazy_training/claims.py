"""The claims of lazy training: what each says, its tolerance, and how the trained networks decide it.

Chizat, Oyallon, Bach 2019, arXiv:1812.07956. With several seeds, quantities are means over them; LT6 and LT7 take the worst.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.contract import Claim, Condition, one_of, within
from engine.judging import Judgement, Judges, censored, decided, not_applicable, pending
from engine.phenomena.lazy_training.config import RESIDUAL, TEACHER, TWO_LAYER
from engine.phenomena.lazy_training.convolutional import claims as convolutional

if TYPE_CHECKING:
    from engine.phenomena.lazy_training.config import ScaleAndWidth
    from engine.phenomena.lazy_training.experiment import LazyTraining
    from engine.phenomena.lazy_training.problem import Student

Floats = NDArray[np.float64]

LAZY = 10.0  # output scale from which training is lazy, with the factor 1/sqrt(m)
SLOPE = 0.05  # on either side of -1
FROZEN = 0.05  # largest relative change of the kernel
FACTOR = 3.0  # by which the gap may exceed, or fall short of, its leading order
RICH, SHARE = 0.01, 0.3  # output scale that learns features, its largest share of the linearised limit's test error
MONOTONE = 0.95  # least rank correlation of test error with the output scale
STUCK = 0.99  # a residual that ends above this share of what it was at half the steps has stopped falling
GENTLE = 1.0  # largest step, in units of the rule kernel, that a network whose kernel grows is sure to come down with
ZERO = 1e-12
QUICK = ("quick", "standard")
LUCK = 0.01  # how often a run may fail a true claim; LT7 has no luck in it

SYMMETRIC = one_of("symmetrise", True)
WIDE = Condition("m (d+1) at least 4 n, to fit them", lambda config: config.m * (config.features + 1) >= 4 * config.n)
TASK = one_of("dataset", TEACHER)
DIFFERENT = Condition("the teacher task, or inputs that never repeat", lambda config: config.own is None or not config.own.repeated)
DECADE = Condition("output scales a decade apart from alpha 10 on", lambda config: _spans_a_decade(config.alpha))
FEATURES = Condition("alpha 0.01 among the output scales", lambda config: RICH in config.alpha)
RISING = Condition(
    "output scales from 0.1 or less to 10 or more, each at least twice the one before",
    lambda config: min(config.alpha) <= 0.1 and max(config.alpha) >= LAZY and _apart(config.alpha),
)
LAZY_NETWORK = (SYMMETRIC, WIDE, DIFFERENT, within("m", 50), within("n", 50), DECADE)
MANY_GATES = (within("m", 100), within("n", 100))  # with fewer pairs of neuron and example one flipped ReLU decides
LEARNT = (TASK, SYMMETRIC, WIDE, within("m", 50), within("d", 10, 30),
          Condition("n at least 10 d", lambda config: config.n >= 10 * config.d),
          within("teacher", 1, 5), within("tol", hi=RESIDUAL))  # fmt: skip

TWO_LAYER_CLAIMS = (
    Claim("LT1", "Weights move like 1/alpha: log-log slope of |w-w0|/|w0|, alpha >= 10", "arXiv:1812.07956", "-1", ".05", QUICK,
          domain=LAZY_NETWORK, chance=LUCK),
    Claim("LT2", "The kernel freezes: |K-K0|/|K0| at each alpha >= 10", "arXiv:1812.07956", "falling", "<= .05", QUICK,
          domain=(TASK, *LAZY_NETWORK, *MANY_GATES, within("d", 10)), chance=LUCK),
    Claim("LT3", "Predictions become linear: gap to the linearised model over the predicted gap, each alpha >= 10", "arXiv:1812.07956",
          "1", "1/3 to 3; the gap falls", QUICK, domain=(*LAZY_NETWORK, *MANY_GATES), chance=LUCK),
    Claim("LT4", "Rich beats lazy on the teacher: test MSE at alpha .01 over that of the tangent kernel K0", "arXiv:1812.07956",
          "< 1", "<= .3", QUICK, domain=(*LEARNT, FEATURES), chance=LUCK),
    Claim("LT5", "Test error rises with alpha: Spearman, lazy scales as one", "arXiv:1812.07956", "1", ">= .95", QUICK,
          domain=(*LEARNT, RISING), chance=LUCK),
    Claim("LT6", "Fair comparison: largest training residual |f-y|/|y| of all alphas", "method", ".01", "at most",
          domain=(SYMMETRIC, WIDE, DIFFERENT, within("m", 50), within("tol", hi=RESIDUAL)), chance=LUCK),
    Claim("LT7", "Zero start: largest |h(w0)|", "symmetrised pairs", "0", "1e-12", domain=(SYMMETRIC,), identity=True),
)  # fmt: skip
CLAIMS = (*(replace(claim, domain=(TWO_LAYER, *claim.domain)) for claim in TWO_LAYER_CLAIMS), *convolutional.CLAIMS)


def _spans_a_decade(alphas: Sequence[float]) -> bool:
    """Whether two lazy scales are a factor of ten apart."""
    lazy = [alpha for alpha in alphas if alpha >= LAZY]
    return bool(lazy) and max(lazy) >= 10 * min(lazy)


def _apart(alphas: Sequence[float]) -> bool:
    """Whether each scale is at least twice the one before."""
    ordered = sorted(set(alphas))
    return all(2 * first <= second for first, second in pairwise(ordered))


def _trained(judge: Callable[[LazyTraining], Judgement]) -> Callable[[LazyTraining], Judgement]:
    """Wait until every output scale has been trained."""
    return lambda run: judge(run) if run.trained else pending("when every alpha has finished")


def _compared(judge: Callable[[LazyTraining], Judgement]) -> Callable[[LazyTraining], Judgement]:
    """Compare test errors at equal training loss only."""

    def judged(run: LazyTraining) -> Judgement:
        worst, where, _ = _worst_residual(run)
        return judge(run) if worst <= RESIDUAL else censored(None, f"needs equal training loss: residual {worst:.2g} {where}; raise steps")

    return _trained(judged)


def _frozen(judge: Callable[[LazyTraining], Judgement]) -> Callable[[LazyTraining], Judgement]:
    """Ask of imported data first whether the scales that are lazy on the teacher task are so on them."""

    def judged(run: LazyTraining) -> Judgement:
        change = float(_lazy(run, "kernel-change").max())
        if run.config.own is not None and change > FROZEN:
            found = f"at alpha {LAZY:g} and more the kernel changes by {change:.2g}"
            return not_applicable(f"needs larger output scales on these data: {found}")
        return judge(run)

    return _trained(judged)


def _lazy(run: LazyTraining, quantity: str) -> Floats:
    """A quantity at the lazy scales, rising, averaged over the seeds."""
    return np.asarray(run.latest(quantity, run.scales).mean(1)[run.alphas >= LAZY])


def _moves(run: LazyTraining) -> Judgement:
    alphas, change = run.alphas[run.alphas >= LAZY], _lazy(run, "weight-change")
    slope = float(np.polyfit(np.log(alphas), np.log(change), 1)[0])
    return decided(abs(slope + 1) <= SLOPE, slope, f"{alphas.size} scales", predicted=-1.0)


def _freezes(run: LazyTraining) -> Judgement:
    alphas, change = run.alphas[run.alphas >= LAZY], _lazy(run, "kernel-change")
    fall = float(change[0] - change[-1])
    holds = fall > 0 and bool(change.max() <= FROZEN)
    words, values = "; ".join(f"{value:.2g}" for value in change), {"fall": fall, "largest": float(change.max())}
    return decided(holds, words, f"at alpha {_listed(alphas)}", predicted="falling", values=values)


def _linear(run: LazyTraining) -> Judgement:
    alphas, gaps = run.alphas[run.alphas >= LAZY], _lazy(run, "gap")
    lazy = [setting for setting in run.scales if setting.alpha >= LAZY]
    expected = np.array([[one.gap for one in run.predictions(setting)] for setting in lazy]).mean(1)
    ratios = gaps / expected
    worst = int(np.argmax(np.abs(np.log(ratios))))
    holds = bool(np.all(ratios <= FACTOR) and np.all(ratios >= 1 / FACTOR) and gaps[-1] < gaps[0])
    measured, found = ("; ".join(f"{value:.2g}" for value in values) for values in (ratios, gaps))
    values = {f"gap at {alpha:g}": float(gap) for alpha, gap in zip(alphas, gaps, strict=True)}
    note = f"gap {found} at alpha {_listed(alphas)}"
    return decided(holds, measured, note, predicted=1.0, values={**values, "ratio": float(ratios[worst])})


def _listed(alphas: Floats) -> str:
    return ", ".join(f"{alpha:,g}" for alpha in alphas)


def _rich(run: LazyTraining) -> Judgement:
    place, limit = run.alphas.tolist().index(RICH), float(np.mean([student.limit_error for student in run.students_of(run.config.m)]))
    rich = float(run.latest("test-error", run.scales).mean(1)[place])
    values = {"rich": rich, "linearised": limit}
    return decided(rich / limit <= SHARE, rich / limit, f"{rich:.3g} against {limit:.3g}", predicted="< 1", values=values)


def _rises(run: LazyTraining) -> Judgement:
    from scipy.stats import spearmanr

    errors = run.latest("test-error", run.scales).mean(1)
    lazy = run.alphas >= LAZY  # all of them near the linearised model's error: which is larger is luck
    ranked = [*errors[~lazy], errors[lazy].mean()]
    found = float(spearmanr(np.arange(len(ranked)), ranked).statistic)
    return decided(found >= MONOTONE, found, f"{len(run.alphas)} scales, {int(lazy.sum())} lazy", predicted=1.0)


def _fair(run: LazyTraining) -> Judgement:
    worst, where, stuck = _worst_residual(run)
    gentle = run.config.rule == "kernel" and run.config.lr <= GENTLE
    if worst > RESIDUAL and not (stuck and gentle and run.config.own is None):
        said = "no longer falling: this step may be too long, lower lr" if stuck else "still falling; raise steps"
        return censored(worst, f"residual {worst:.2g} {where} after {run.step:,} steps, {said}", values={"residual": worst})
    linearised = _linearised_residual(run) if worst > RESIDUAL else 0.0
    if 2 * linearised >= worst > RESIDUAL:
        reason = (
            f"residual {worst:.2g} {where}: some input hardly moves the first weights, and leaves the linearised model {linearised:.2g}"
        )
        return censored(worst, f"{reason}; raise m", values={"residual": worst, "linearised": linearised})
    note = f"worst {where}" + (", where it has stopped falling" if worst > RESIDUAL else "")
    return decided(worst <= RESIDUAL, worst, note, predicted=RESIDUAL)


def _worst_residual(run: LazyTraining) -> tuple[float, str, bool]:
    """The largest relative training residual, where it is, and whether any that is too large has stopped falling."""
    residuals = run.latest("train-residual", run.scales)  # (scales, seeds)
    row, place = np.unravel_index(int(np.argmax(residuals)), residuals.shape)
    seeds = len(run.seeds)
    where = f"at alpha {run.alphas[row]:g}" + (f", seed {place + 1} of {seeds}" if seeds > 1 else "")
    stuck = False
    for setting, row_residuals in zip(run.scales, residuals, strict=True):
        steps, values = run.readings.table("train-residual", setting.name)
        half = values[np.searchsorted(steps, steps[-1] / 2, side="right") - 1]
        stuck |= bool(np.any((row_residuals > RESIDUAL) & (row_residuals > STUCK * half)))
    return float(residuals[row, place]), where, stuck


def _linearised_residual(run: LazyTraining) -> float:
    """The largest relative residual of the linearised models: after their networks' steps where training is lazy, in the end elsewhere."""

    def left(setting: ScaleAndWidth, student: Student, taken: float) -> float:
        time = taken if setting.alpha >= LAZY else np.inf
        residual = student.linearised(setting.alpha).residuals([time], run.rate(setting, student))
        return float(np.linalg.norm(residual) / np.linalg.norm(student.problem.y))

    rows = zip(run.scales, run.latest("steps-taken", run.scales), strict=True)
    return max(left(setting, *one) for setting, taken in rows for one in zip(run.students_of(setting.m), taken, strict=True))


def _starts_from_zero(run: LazyTraining) -> Judgement:
    return decided(run.start <= ZERO, run.start, "all students, train and test points", predicted=0.0)


JUDGES: Judges[LazyTraining] = {
    "LT1": _frozen(_moves), "LT2": _trained(_freezes), "LT3": _frozen(_linear), "LT4": _compared(_rich), "LT5": _compared(_rises),
    "LT6": _trained(_fair), "LT7": _starts_from_zero,
    **convolutional.JUDGES,
}  # fmt: skip
