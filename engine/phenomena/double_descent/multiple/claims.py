"""The claims of multiple descent: three peaks, theory under every draw, and no peak with the best ridge."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Claim, Condition, within
from engine.judging import Judgement, Judges, decided, not_applicable, pending
from engine.phenomena.double_descent.config import BLOCKS, MULTIPLE, DoubleDescentConfig
from engine.phenomena.double_descent.multiple.problem import eigenvalues_of
from engine.theory.linear_models.draw_statistics import mean_and_error

if TYPE_CHECKING:
    from engine.phenomena.double_descent.experiment import DoubleDescent
    from engine.phenomena.double_descent.multiple.study import MultipleDescent

RATIOS = (1.15, 1.5, 1.5, 1.5, 10.0)  # MPD1: risk at 20 over 14, 20 over 40, 80 over 40, 80 over the third valley, 250 over that
ERROR = 0.05  # MPD2: median relative error
GAP, ERRORS, EXCESS, FEWEST = 10, 4.0, 0.02, 24  # MPD3: distance from d, standard errors, and what theory is off by; draws
ROUNDING = 1e-12  # MPD4, of the risk of predicting 0

THE_BLOCKS = Condition(
    "blocks 20, 60, 170 of variances 1, .001, .000001 and sigma^2 a tenth of r2",
    lambda c: c.blocks == (20, 60, 170) and c.lam == (1.0, 1e-3, 1e-6) and abs(c.sigma**2 - 0.1 * c.r2) <= 1e-3 * c.r2 and c.r2 > 0,
)
NOISY = Condition("sigma^2 at least .01 r2", lambda c: c.sigma**2 >= 0.01 * c.r2)
SOME_NOISE = Condition("sigma^2 at least .0001 r2", lambda c: c.sigma**2 >= 1e-4 * c.r2)
MANY = Condition("100 directions or more", lambda c: c.directions >= 100)


def _smooth(config: DoubleDescentConfig) -> bool:
    """Whether what comes after the k-th eigenvalue damps the fit at n = k, so that its risk has a mean that draws and theory find.

    Over 1,500 draws of spectra with one cliff, 10 to 50 directions above it, theory is off by 2 % where k times the later sum is the k-th
    eigenvalue, and by less where it is more.
    """
    lam = eigenvalues_of(config)[0]
    later = np.cumsum(lam[::-1])[::-1]
    k = np.arange(2, lam.size - 1)
    return bool(np.all(k * later[k] >= lam[k - 1]))


SMOOTH = Condition("a spectrum without cliffs: its k-th value at most k times the sum of the later ones, from k = 2 on", _smooth)
STANDARD = ("multiple-descent-standard",)
CLAIMS = (
    Claim("MPD1", "Three peaks, at the ends of the blocks, n = 20, 80, 250: median test MSE there over the valleys on either side",
          "arXiv:2008.01036, blocks ours", "> 1", "at least 1.15, 1.5, 1.5, 1.5, 10",
          ("multiple-descent", *STANDARD), (*BLOCKS, THE_BLOCKS, within("draws", 4)), 1e-2),
    Claim("MPD2", "Theory is right: relative error of its test MSE beside the draws' mean, median over n",
          "our next order of arXiv:1903.08560", "0 %", "5 %", ("multiple-descent", *STANDARD),
          (MULTIPLE, NOISY, MANY, SMOOTH, within("draws", 4)), 1e-3),
    Claim("MPD3", "Theory is right at each n at least 10 from d: mean test MSE of the draws where it is off most",
          "our next order of arXiv:1903.08560", "theory there", "4 SE + 2 %", STANDARD,
          (MULTIPLE, NOISY, MANY, SMOOTH, within("draws", FEWEST)), 1e-2),
    Claim("MPD4", "The best ridge has no peak: draws whose test MSE never rises with n, and is never above min-norm's",
          "our remark; isotropic: arXiv:2003.01897", "every draw", "1e-12 of that of predicting 0", domain=(MULTIPLE, SOME_NOISE)),
)  # fmt: skip


def _drawn(judge: Callable[[MultipleDescent], Judgement]) -> Callable[[DoubleDescent], Judgement]:
    """A claim that waits for every draw."""

    def judged(run: DoubleDescent) -> Judgement:
        study = run.multiple
        assert study is not None  # the claims' domain
        return judge(study) if study.draws.complete else pending(f"after {study.draws.count} draws")

    return judged


def _peaks(study: MultipleDescent) -> Judgement:
    middle, n = np.median(study.risks(), axis=0), study.problem.n
    places = list(study.at_ends())
    pairs = [(end, valley) for place, (_, end) in enumerate(places) for valley, _ in places[place : place + 2]]
    found = [float(middle[end] / middle[valley]) for end, valley in pairs]
    values = {f"n = {n[end]} over {n[valley]}": ratio for (end, valley), ratio in zip(pairs, found, strict=True)}
    holds = len(found) == len(RATIOS) and all(ratio >= least for ratio, least in zip(found, RATIOS, strict=True))
    measured = ", ".join(f"{n[end]}/{n[valley]}: {ratio:.3g}" for (end, valley), ratio in zip(pairs, found, strict=True))
    return decided(holds, f"n = {measured}", f"{study.draws.done} draws", values=values)


def _off(study: MultipleDescent) -> Judgement:
    expected = study.problem.expected
    known = np.isfinite(expected)
    off = np.abs(study.risks().mean(axis=0)[known] / expected[known] - 1)
    found = float(np.median(off))
    note = f"of {off.size} n, {study.draws.done} draws"
    return decided(found <= ERROR, f"{100 * found:.2g} %", note, predicted="0 %", values={"relative error": found})


def _at_each(study: MultipleDescent) -> Judgement:
    n, d = study.problem.n, study.problem.d
    far = np.abs(n - d) >= GAP
    if not far.any():
        return not_applicable(f"needs an n at least {GAP} from d = {d}")
    expected = study.problem.expected[far]
    mean, error = mean_and_error(study.risks()[:, far])
    beyond = np.maximum(np.abs(mean - expected) - EXCESS * expected, 0.0) / error
    worst = int(np.argmax(beyond))
    found, predicted = float(mean[worst]), float(expected[worst])
    note = f"at n = {n[far][worst]}, the worst of {beyond.size}: {beyond[worst]:.2g} SE beyond {EXCESS:.0%}, {study.draws.done} draws"
    values = {"n": float(n[far][worst]), "standard errors": float(beyond[worst]), "relative error": found / predicted - 1}
    return decided(bool(beyond[worst] <= ERRORS), found, note, predicted=predicted, values=values)


def _no_peak(study: MultipleDescent) -> Judgement:
    tuned, problem = study.draws["tuned"], study.problem
    slack = ROUNDING * (problem.tau2 + problem.sigma2)
    rises = np.diff(tuned, axis=1)
    good = (rises <= slack).all(axis=1) & (tuned <= study.risks() + slack).all(axis=1)
    most = float(rises.max())
    note = f"largest rise of any draw {most:.2g}" if most > 0 else f"each falls by {-most:.2g} or more from n to n"
    values = {"draws": float(good.size), "without a peak": float(good.sum()), "largest rise": float(rises.max())}
    return decided(bool(good.all()), f"{int(good.sum())} of {good.size}", note, predicted=f"{good.size} of {good.size}", values=values)


JUDGES: Judges[DoubleDescent] = {"MPD1": _drawn(_peaks), "MPD2": _drawn(_off), "MPD3": _drawn(_at_each), "MPD4": _drawn(_no_peak)}
