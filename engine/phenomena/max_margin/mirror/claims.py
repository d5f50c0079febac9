"""The claims of study mirror: every potential widens the margin in its own norm, and most of all there; p = 2 is the SVM.

Meant for p of 1.5 to 3: the smaller of 1.25 is not best in its own norm after 10,000 steps on some draws, larger p need more steps.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Claim, Condition, one_of, within
from engine.judging import Judgement, Judges, decided, not_applicable, pending
from engine.phenomena.max_margin.config import MIRROR

if TYPE_CHECKING:
    from engine.phenomena.max_margin.experiment import MaxMargin
    from engine.phenomena.max_margin.mirror.study import Mirror

SHARE, SAME = 0.98, 1e-5
APART = 0.5  # between exponents that are told apart
NARROW = 0.005  # an SVM's margin over the longest row, a third of the least that the dual programme was tried at
MANY = Condition("d at least twice n", lambda config: config.d >= 2 * config.n)
FAR = Condition(
    f"two or more p, at least {APART:g} apart",
    lambda config: len(set(config.p)) > 1 and all(b - a >= APART for a, b in pairwise(sorted(set(config.p)))),
)
DOMAIN = (MIRROR, within("steps", 10_000), within("p", 1.5, 3), one_of("pace", 1.0), within("n", 20, 60), MANY, within("d", None, 200))
CLAIMS = (
    Claim("MIR3", "Every potential reaches the largest margin in its own norm: smallest share of it over the p", "arXiv:2205.12808", "1",
          ">= .98", ("mirror",), DOMAIN, 1e-2),
    Claim("MIR4", "In each norm its own potential has the largest margin: smallest lead, as a share of the largest",
          "arXiv:2205.12808", "> 0", "none",
          ("mirror",), (*DOMAIN, FAR), 1e-2),
    Claim("MIR5", "The largest l_2 margin by the dual programme is the SVM's: distance of unit weights", "arXiv:1802.08246", "0", "1e-5",
          ("mirror",), (MIRROR,), 1e-3),
)  # fmt: skip


def _of_mirror(judge: Callable[[Mirror], Judgement], to_the_end: bool = True) -> Callable[[MaxMargin], Judgement]:
    def judged(run: MaxMargin) -> Judgement:
        study = run.mirror
        assert study is not None  # the claims' domain
        if to_the_end and run.history.last < study.total:
            return pending(f"not at step {study.total:,} yet")
        return judge(study) if study.solved else pending("the largest margins are not there yet")

    return judged


def _own(study: Mirror) -> Judgement:
    own = np.einsum("sii->si", study.matrix())
    least = {f"p={setting.p:g}": float(own[:, place].min()) for place, setting in enumerate(study.settings)}
    return decided(bool(own.min() >= SHARE), float(own.min()), predicted=1.0, values=least)


def _best(study: Mirror) -> Judgement:
    leads = study.leads()
    least = float(leads.min())
    return decided(least > 0, least, f"least of {leads.size}")


def _svm(study: Mirror) -> Judgement:
    narrow = [seed for seed, one in zip(study.seeds, study.problems, strict=True) if one.narrow < NARROW]
    if narrow:
        return not_applicable(f"seed {narrow[0]}: the margin is below {NARROW:g} of the longest row, where the dual keeps no five digits")
    away = max(one.svm_distance for one in study.problems)
    return decided(away <= SAME, away, predicted=0.0)


JUDGES: Judges[MaxMargin] = {"MIR3": _of_mirror(_own), "MIR4": _of_mirror(_best), "MIR5": _of_mirror(_svm, to_the_end=False)}
