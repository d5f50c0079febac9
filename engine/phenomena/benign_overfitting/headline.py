"""The headline of benign overfitting: how the excess risk of every spectrum goes with n, and the chosen one's beside its theory.

Bartlett et al. 2020, arXiv:1906.11300; Mallinar et al. 2022, arXiv:2207.06569.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.headline import Known, number, pooled
from engine.phenomena.benign_overfitting.classification.headline import clauses as of_classification

if TYPE_CHECKING:
    from engine.phenomena.benign_overfitting.experiment import BenignOverfitting
    from engine.phenomena.benign_overfitting.settings import Setting

FIRST = 3  # spectra that the first clause has room for
FLAT = 1.25  # factor from the least n to the largest within which a risk is said to stay


def clauses(run: BenignOverfitting, known: Known) -> Iterator[str]:
    """Every spectrum, the chosen one first, then that one's theory at its largest n; of task classification, its own."""
    if run.classification is not None:
        yield from of_classification(run.classification, known)
        return
    chosen, ridge = run.chosen, run.config.ridge
    at = f"{chosen.label} at n = {chosen.n:,}"
    if not known.has("noise_risk"):
        yield f"{at}: theory expects noise risk {known.number('noise_risk_theory')} per unit variance"
        return
    curves = sorted(run.shown_curves, key=lambda curve: curve[0].group != chosen.group)
    told = [_with_n(run, curve) for curve in curves]
    yield f"excess risk: {', '.join(told[:FIRST])}"
    if told[FIRST:]:
        yield ", ".join(told[FIRST:])
    yield "each at its largest n"
    if run.sigma2 == 1 and not run.has_signal(run.of(chosen.group)):  # then the excess risk is the noise risk
        yield f"{chosen.label} in theory {known.number('noise_risk_theory')}"
    else:
        yield f"{at}: noise risk {known.number('noise_risk')}, theory {known.number('noise_risk_theory')}"
    if known.has("excess_slope"):
        yield f"excess ~ n^{known.number('excess_slope')}"
    yield f"{run.step:,} of {run.config.draws:,} draws" if run.step < run.config.draws else f"{run.step:,} draws"
    if ridge:
        yield f"ridge {ridge:g}"
    yield from pooled(run.seeds)


def _with_n(run: BenignOverfitting, curve: list[Setting]) -> str:
    """What a curve's mean excess risk comes to at its largest n, and which way it went from its least one."""
    first, last = run.excess(curve[0]), run.excess(curve[-1])
    way = "falls to" if last * FLAT < first else "grows to" if last > FLAT * first else "stays at"
    return f"{curve[0].label} {way if len(curve) > 1 else 'is'} {number([last])}"
