"""The headline of benign overfitting: the excess risk of the chosen spectrum beside its theory, and how it goes with n.

Bartlett et al. 2020, arXiv:1906.11300; Mallinar et al. 2022, arXiv:2207.06569.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.headline import Known, number, pooled
from engine.phenomena.benign_overfitting.classification.headline import clauses as of_classification

if TYPE_CHECKING:
    from engine.phenomena.benign_overfitting.experiment import BenignOverfitting


def clauses(run: BenignOverfitting, known: Known) -> Iterator[str]:
    """The chosen family first, at its largest n, then what the others come to; of task classification, its own."""
    if run.classification is not None:
        yield from of_classification(run.classification, known)
        return
    chosen, ridge = run.chosen, run.config.ridge
    at = f"spectrum {chosen.label} at n = {chosen.n:,}"
    if not known.has("noise_risk"):
        yield f"{at}: theory expects noise risk {known.number('noise_risk_theory')} per unit variance"
        return
    yield f"{at}: noise risk {known.number('noise_risk')}, theory {known.number('noise_risk_theory')}"
    if known.has("excess_slope"):
        yield f"excess ~ n^{known.number('excess_slope')}"
    for curve in run.curves:
        last = curve[-1]
        if last.family != chosen.family:
            yield f"{last.label} at n = {last.n:,}: {number([run.noise(last)])}"
    yield f"{run.step:,} of {run.config.draws:,} draws" if run.step < run.config.draws else f"{run.step:,} draws"
    if ridge:
        yield f"ridge {ridge:g}"
    yield from pooled(run.seeds)
