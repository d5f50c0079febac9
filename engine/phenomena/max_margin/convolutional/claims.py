"""The claims of study convolutional: after fitting the margin goes on growing, and a loss-based rate takes it further, sooner."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Claim, Condition
from engine.judging import Judgement, Judges, censored, decided, pending
from engine.phenomena.max_margin.config import CONVOLUTIONAL, PRESETS, MaxMarginConfig

if TYPE_CHECKING:
    from engine.phenomena.max_margin.convolutional.study import Convolutional
    from engine.phenomena.max_margin.experiment import MaxMargin

GROWTH, FURTHER = 1.2, 5.0
PAPER = "arXiv:1906.05890, Fig. 1 to 3"
BOTH = ("lyu-li", "lyu-li-small")


def _is_one(config: MaxMarginConfig) -> bool:
    usual = MaxMarginConfig().values()
    return any({**usual, **preset.overrides} == config.values() for preset in PRESETS if preset.name in BOTH)


DOMAIN = (CONVOLUTIONAL, Condition("preset lyu-li or lyu-li-small as it is", _is_one))
CLAIMS = (
    Claim("LL1", "Loss-based rate: the margin at the end is wider than when the labels were fitted", PAPER, "> 1", ">= 1.2", BOTH, DOMAIN,
          1e-2),
    Claim("LL2", "Loss-based steps take the loss further down: log(1/loss) over the constant rate's", PAPER, "> 1", ">= 5", BOTH, DOMAIN,
          1e-2),
    Claim("LL3", "Loss-based steps widen the margin further: over the constant rate's", PAPER, "> 1", "none", BOTH, DOMAIN, 1e-2),
)  # fmt: skip


def _at_the_end(judge: Callable[[Convolutional], Judgement]) -> Callable[[MaxMargin], Judgement]:
    def judged(run: MaxMargin) -> Judgement:
        study = run.convolutional
        assert study is not None  # the claims' domain
        if run.history.last < study.total:
            return pending(f"not at epoch {study.total:,} yet")
        for setting in study.settings:
            if not np.isfinite(study.fitted_at(setting)).all():
                return censored(None, f"the summed loss at a {setting.label} is not below log 2 by epoch {study.total:,}")
        return judge(study)

    return judged


def _growth(study: Convolutional) -> Judgement:
    growth = study.growth(study.settings[-1])
    slow = study.growth(study.settings[0])
    return decided(bool(growth.min() >= GROWTH), float(growth.min()), f"constant rate {slow.min():.3g}", values={"constant": slow.min()})


def _further(study: Convolutional) -> Judgement:
    slow, fast = (-study.column("log_sum", setting)[-1] for setting in study.settings)
    ratio = fast / slow
    note = f"log10(1/loss) {fast.min() / np.log(10):.3g} and {slow.min() / np.log(10):.3g}"
    return decided(bool(ratio.min() >= FURTHER), float(ratio.min()), note)


def _wider(study: Convolutional) -> Judgement:
    slow, fast = (study.margins(setting)[-1] for setting in study.settings)
    ratio = fast / slow
    return decided(bool(ratio.min() > 1), float(ratio.min()), "the least of the seeds")


JUDGES: Judges[MaxMargin] = {"LL1": _at_the_end(_growth), "LL2": _at_the_end(_further), "LL3": _at_the_end(_wider)}
