"""The claims of task classification: support vectors by their exact law, and one ensemble in which only classification improves.

Muthukumar et al. 2021, arXiv:2005.08054; the law of negative duals is our own derivation (`engine.theory.margins.support_vectors`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Claim, Condition, within
from engine.judging import Judgement, decided, pending
from engine.phenomena.benign_overfitting.config import CLASSIFICATION

if TYPE_CHECKING:
    from engine.phenomena.benign_overfitting.classification.study import Classification
    from engine.phenomena.benign_overfitting.experiment import BenignOverfitting

LUCK = 1e-3  # of all cells of SP1 together
FEW, MANY = 0.5, 3.0  # c up to which no draw, and from which nearly every one, has support vectors alone
SETTLED = (100, 200)  # sizes n of SP3: from the first on no draw at c = .5 has support vectors alone, up to the second all are drawn
NEARLY = 0.9
HELPFUL, BETWEEN, USELESS = 0.25, 0.75, 1.25  # q
FALL, RISE = 0.03, 0.05
SMALL, NULL = (0.12, 0.05), (0.4, 0.9)  # error and risk, at most and at least
SHARE, ERRORS = 0.15, 4.0  # relative error, or standard errors, that a mean may be off
FEWEST = 40  # draws

DRAWS = within("draws", FEWEST)
THREE = Condition("q .25, .75 and 1.25, p 2 and r .5", lambda c: {HELPFUL, BETWEEN, USELESS} <= set(c.q) and (c.p, c.r) == (2.0, 0.5))
LONG = Condition("sizes n from at most 50 to at least 400", lambda c: min(c.n) <= 50 and max(c.n) >= 400)
CLEAN = within("flip", hi=0.1)
WIDE = Condition(
    "c from at most .5 to at least 3, and an n between 100 and 200",
    lambda c: min(c.c) <= FEW and max(c.c) >= MANY and any(SETTLED[0] <= n <= SETTLED[1] for n in c.n),
)
PRESET = ("classification",)
CLAIMS = (
    Claim("SP1", "Points that are no support vectors (negative duals): their number in all draws, where theory fits it worst",
          "our derivation, of arXiv:2005.08054", "n P(t_m > sqrt(m/(n-1))) a draw", "p-value at least 1e-3 over the number of pairs n, c",
          PRESET, (CLASSIFICATION,), LUCK),
    Claim("SP2", "All points are support vectors just where no dual is negative", "arXiv:2005.08054; arXiv:2009.10670",
          "the max margin agrees in every draw", "exact", PRESET, (CLASSIFICATION,)),
    Claim("SP3", "Support vectors proliferate: share of draws where all points are, at c <= .5; at c >= 3", "arXiv:2009.10670",
          "0; exp(-E)", f"none; at least {NEARLY:g}", PRESET, (CLASSIFICATION, within("draws", 100, 250), WIDE), 1e-3),
    Claim("SP4", "At q = .75 only classification improves with n: change of its error; of regression risk",
          "arXiv:2005.08054", "below 0; above 0", f"by at least {FALL:g}; {RISE:g}", PRESET,
          (CLASSIFICATION, DRAWS, THREE, LONG, CLEAN), 1e-3),
    Claim("SP5", "At q = .25 both are learnt, at q = 1.25 neither: classification error, regression risk of each", "arXiv:2005.08054",
          "small; guessing, null", "below .12, .05; above .4, .9", PRESET, (CLASSIFICATION, DRAWS, THREE, LONG, CLEAN), 1e-3),
    Claim("SP6", "Theory meets simulation: mean error and risk, where they are furthest apart", "our step from arXiv:2207.06569",
          "deterministic equivalent",
          "15 % or 4 SE", PRESET, (CLASSIFICATION, DRAWS, within("n", 50), within("p", 1.5)), 0.01),
)  # fmt: skip


def _law(run: Classification) -> Judgement:
    luck = [run.luck(one) for one in run.isotropic]
    rarest = int(np.argmin(luck))
    problem = run.isotropic[rarest]
    draws = len(run.drawn("negative", problem))
    counts = int(run.drawn("negative", problem).sum()), draws * float(run.expected[rarest])
    note = f"n={problem.n}, c={problem.c:g}, {draws:,} draws: p-value {luck[rarest]:.2g}, the least of {len(luck)} pairs n, c"
    values = {"n": float(problem.n), "c": problem.c, "luck": luck[rarest]}
    measured, expected = float(run.drawn("negative", problem).mean()), float(run.expected[rarest])
    words = f"{counts[0]:,}", f"{counts[1]:.3g}"
    values |= {"measured": measured, "predicted": expected}
    return decided(luck[rarest] >= LUCK / len(luck), words[0], note, predicted=words[1], values=values)


def _agrees(run: Classification) -> Judgement:
    problems = [one for one in run.isotropic if one.n == run.least]
    support = np.concatenate([run.drawn("support", one) == one.n for one in problems])
    positive = np.concatenate([run.all_support(one) == 1 for one in problems])
    agree, draws = int((support == positive).sum()), len(support)
    note = f"n={run.least}; all points are in {int(support.sum()):,} of them"
    values = {"agree": float(agree), "draws": float(draws)}
    return decided(agree == draws, f"{agree:,} of {draws:,} draws", note, predicted=f"{draws:,} of {draws:,}", values=values)


def _proliferate(run: Classification) -> Judgement:
    settled = [one for one in run.isotropic if SETTLED[0] <= one.n <= SETTLED[1]]
    few = max(float(run.all_support(one).mean()) for one in settled if one.c <= FEW)
    least = min((one for one in settled if one.c >= MANY), key=lambda one: float(run.all_support(one).mean()))
    many, law = float(run.all_support(least).mean()), float(np.exp(-run.expected[run.isotropic.index(least)]))
    note, values = f"at n={least.n}, the least of c >= {MANY:g}", {"few": few, "many": many, "law": law}
    return decided(few == 0 and many >= NEARLY, f"{few:.2g}; {many:.3g}", note, predicted=f"0; {law:.3g}", values=values)


def _means(run: Classification, q: float, place: int) -> tuple[float, float]:
    """Mean error and risk of a q at the first or last n."""
    problem = run.curve(q)[place]
    return float(run.drawn("error", problem).mean()), float(run.drawn("risk", problem).mean())


def _only_classification(run: Classification) -> Judgement:
    (error, risk), (later_error, later_risk) = _means(run, BETWEEN, 0), _means(run, BETWEEN, -1)
    fall, rise = error - later_error, later_risk - risk
    first, last = run.curve(BETWEEN)[0], run.curve(BETWEEN)[-1]
    theory = [abs(run.theory(column, last) - run.theory(column, first)) for column in ("error", "risk")]
    note = f"n={first.n} to {last.n}"
    words, values = (
        f"-{theory[0]:.3g}; +{theory[1]:.3g}",
        {"fall": fall, "rise": rise, "fall by theory": theory[0], "rise by theory": theory[1]},
    )
    return decided(fall >= FALL and rise >= RISE, f"{-fall:+.3g}; {rise:+.3g}", note, predicted=words, values=values)


def _both_or_neither(run: Classification) -> Judgement:
    low, high = _means(run, HELPFUL, -1), _means(run, USELESS, -1)
    holds = low[0] < SMALL[0] and low[1] < SMALL[1] and high[0] > NULL[0] and high[1] > NULL[1]
    names = ("error, q = .25", "risk, q = .25", "error, q = 1.25", "risk, q = 1.25")
    theory = [run.theory(column, run.curve(q)[-1]) for q in (HELPFUL, USELESS) for column in ("error", "risk")]
    words = ["q = .25: {:.3g}, {:.3g}; q = 1.25: {:.3g}, {:.3g}".format(*four) for four in ((*low, *high), theory)]
    return decided(
        holds,
        words[0],
        f"n={run.sizes[-1]}; guessing: error .5, predicting 0: risk 1",
        predicted=words[1],
        values=dict(zip(names, (*low, *high), strict=True)),
    )


def _meets(run: Classification) -> Judgement:
    def off(column: str, place: int) -> float:
        problem = run.bi_level[place]
        draws, theory = run.drawn(column, problem), run.theory(column, problem)
        error = float(draws.std(ddof=1)) / np.sqrt(len(draws))
        return float(abs(draws.mean() - theory) / max(SHARE * theory, ERRORS * error))

    cells = [(off(column, place), column, place) for column in ("error", "risk") for place in range(len(run.bi_level))]
    worst, column, place = max(cells)
    problem = run.bi_level[place]
    note = f"mean {column} at n={problem.n}, q={problem.q:g}, the worst of {len(cells)}"
    values = {"n": float(problem.n), "q": problem.q, "of tolerance": worst}
    return decided(worst <= 1, float(run.drawn(column, problem).mean()), note, predicted=run.theory(column, problem), values=values)


def _of(judge: Callable[[Classification], Judgement], draws: int) -> Callable[[BenignOverfitting], Judgement]:
    """Judge by at least so many draws."""

    def judged(run: BenignOverfitting) -> Judgement:
        study = run.classification
        return judge(study) if study is not None and run.step >= draws else pending(f"needs {draws} draws")

    return judged


JUDGES = {
    "SP1": _of(_law, 1),
    "SP2": _of(_agrees, 1),
    "SP3": _of(_proliferate, 100),
    "SP4": _of(_only_classification, FEWEST),
    "SP5": _of(_both_or_neither, FEWEST),
    "SP6": _of(_meets, FEWEST),
}
