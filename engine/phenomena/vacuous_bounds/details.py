"""What a run prints beside its figures: every bound with its formula and constants, and what became of the spheres."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.contract import Detail, DetailRow, Grade
from engine.phenomena.vacuous_bounds.config import Labels
from engine.phenomena.vacuous_bounds.figures import BOUNDED, SHOWN_AS, TERMS
from engine.phenomena.vacuous_bounds.over_n import TrainingOverN
from engine.theory.bounds.risk_bounds import informativeness

if TYPE_CHECKING:
    from engine.phenomena.vacuous_bounds.experiment import VacuousBounds

GRADES: dict[str, Grade] = {"informative": "good", "useless": "poor", "vacuous": "bad"}


def bound_details(run: VacuousBounds) -> list[Detail]:
    """Return a detail per bound, of the first seed: in each condition its value, what it says, and every constant."""
    found = []
    first = {condition: run.measured_in(condition)[0] for condition in run.config.conditions if run.measured}
    for name in BOUNDED:
        bounds = {condition: network.bounds[name] for condition, network in first.items() if name in network.bounds}
        rows = []
        for condition, bound in bounds.items():
            word = informativeness(bound.value) if bound.bounds else ""
            grade = GRADES[word] if word else ""
            rows.append(DetailRow(condition.name, bound.value, word, grade, _remark(run, condition, name), bound.constants))
        if rows:
            shown = next(iter(bounds.values()))
            found.append(Detail(f"{'Term' if name in TERMS else 'Bound'} {SHOWN_AS[name]}", shown.form, tuple(rows), shown.caveat))
    return found


def _remark(run: VacuousBounds, condition: Labels, name: str) -> str:
    """Say what a certificate is above, the error of the same draws on test points."""
    if name == "PAC-Bayes":
        error = run.readings.latest("stochastic-test-error", condition.name)[0]
        return f" (test error of the draws {error:.3g})"
    if name == "half data":
        return f" (test error of the draws {run.readings.latest('half-data-test-error')[0]:.3g})"
    return ""


def on_spheres(over_n: TrainingOverN | None) -> list[str]:
    """Return what became of S', every training point moved to the other sphere, where spheres are followed."""
    if over_n is None or over_n.recipe.data != "sphere" or not over_n.column("n").size:
        return []
    n, test, moved = (over_n.column(name) for name in ("n", "test error", "error on S'"))
    ends = [test[n == size].mean() for size in (n.min(), n.max())]
    least = f"error on S' at least {moved.min():.3g} up to n = {n.max():,.0f}"
    return [f"Spheres: {least}, test error {ends[0]:.3g} at n = {n.min():,.0f}, {ends[1]:.3g} there"]
