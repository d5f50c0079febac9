"""The claims of study homogeneous: after fitting the margin goes on growing, towards a KKT point, or half the SVM's margin.

The direction of motion over 200 steps is judged, not each gradient: weights sit on kinks of the ReLU, where gradients of neighbouring
steps differ and only their mean (an element of the Clarke subdifferential nearby) is parallel to theta.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Claim, one_of, within
from engine.judging import Judgement, Judges, censored, decided, not_applicable, pending
from engine.phenomena.max_margin.config import HOMOGENEOUS

if TYPE_CHECKING:
    from engine.phenomena.max_margin.experiment import MaxMargin
    from engine.phenomena.max_margin.homogeneous.study import Activation, Homogeneous

GROWTH, FALL, NEAR, SLACK, MOTION = 1.5, 0.01, 0.94, 0.03, 0.03
PAPER = "arXiv:1906.05890"
DOMAIN = (HOMOGENEOUS, within("steps", 4000), within("examples", 40, 100), within("width", 30, 200), one_of("images", "digits196"))
NEAR_THE_END = within("width", 30, 100)  # wider networks are not so near their limit after these steps
RELU, IDENTITY = one_of("act", "both", "relu"), one_of("act", "both", "identity")
CLAIMS = (
    Claim("HN1", "The ReLU network's margin grows after the fit: at the end over that at loss log 2", f"{PAPER}, Theorem 4.1",
          "> 1", ">= 1.5",
          ("homogeneous",), (*DOMAIN, RELU), 1e-2),
    Claim("HN2", "The smoothed margin hardly falls (in gradient flow never) once the loss is below log 2: largest fall from its highest",
          f"{PAPER}, Theorem 4.1", "0 % in flow", "at most 1 %",
          ("homogeneous",), DOMAIN, 1e-2),
    Claim("HN3", "The linear network's margin tends to half the SVM's: share of that half", "our own; arXiv:1906.05890", "1", ".94 to 1",
          ("homogeneous",), (*DOMAIN, NEAR_THE_END, IDENTITY), 1e-2),
    Claim("HN4", "A KKT point is approached, ReLU: the larger of slackness and 1 - cos of theta and its update",
          f"{PAPER}, Theorem 4.4", "0", "<= .03", ("homogeneous",), (*DOMAIN, NEAR_THE_END, RELU), 1e-2),
)  # fmt: skip


def _at_the_end(judge: Callable[[Homogeneous], Judgement]) -> Callable[[MaxMargin], Judgement]:
    """A claim about networks that have made their steps and fit their labels, as is asked of all of them."""

    def judged(run: MaxMargin) -> Judgement:
        study = run.homogeneous
        assert study is not None  # the claims' domain
        if run.history.last < study.total:
            return pending(f"not at step {study.total:,} yet")
        for setting in study.settings:
            if not np.isfinite(study.fitted_at(setting)).all():
                return censored(None, f"the loss of a {setting.label} is not below log 2 by step {study.total:,}")
        return judge(study)

    return judged


def _named(study: Homogeneous, name: str) -> Activation:
    return next(setting for setting in study.settings if setting.name == name)


def _growth(study: Homogeneous) -> Judgement:
    least = study.growth(_named(study, "relu"))
    return decided(
        bool(least.min() >= GROWTH),
        float(least.min()),
        "least of the seeds" if least.size > 1 else "",
        values={"greatest": float(least.max())},
    )


def _smoothed(study: Homogeneous) -> Judgement:
    falls = {setting.label: float(study.falls(setting).max()) for setting in study.settings}
    worst = max(falls.values())
    return decided(worst <= FALL, f"{100 * worst:.2g} %", values=falls)


def _half(study: Homogeneous) -> Judgement:
    ratios = study.ratios(_named(study, "identity"))
    if np.isnan(ratios).any():
        return not_applicable("no hyperplane through the origin separates the labels")
    away = ratios[int(np.argmax(np.abs(ratios - 1)))]
    return decided(bool(np.all((ratios >= NEAR) & (ratios <= 1 + 1e-9))), float(away), predicted=1.0)


def _kkt(study: Homogeneous) -> Judgement:
    relu = _named(study, "relu")
    slack, motion = float(study.slackness(relu).max()), float(study.motions(relu).max())
    values = {"slackness": slack, "1 - cos": motion}
    return decided(
        slack <= SLACK and motion <= MOTION,
        max(slack, motion),
        f"slackness {slack:.2g}, 1 - cos {motion:.2g}",
        predicted=0.0,
        values=values,
    )


JUDGES: Judges[MaxMargin] = {
    "HN1": _at_the_end(_growth), "HN2": _at_the_end(_smoothed), "HN3": _at_the_end(_half), "HN4": _at_the_end(_kkt),
}  # fmt: skip
