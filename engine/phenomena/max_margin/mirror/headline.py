"""The headline of study mirror: how much of the largest margin in its own norm each potential has, and by how much it leads there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.headline import Known, pooled, step

if TYPE_CHECKING:
    from engine.phenomena.max_margin.mirror.study import Mirror


def clauses(study: Mirror, known: Known) -> Iterator[str]:
    """Before the first step the margin that there is to be found."""
    exponents = ", ".join(f"{setting.p:g}" for setting in study.settings)
    if not known.has("mirror_share"):
        yield f"mirror descent with p={exponents}: largest l_2 margin {known.number('mirror_margin')}"
        return
    yield f"mirror descent at step {step([study.step])}: at least {known.percent('mirror_share')} of largest margin in own norm"
    if known.has("mirror_lead"):
        lead = known.value("mirror_lead")
        best = f"leads there by at least {known.percent('mirror_lead')}" if lead > 0 else "not every potential leads in its own norm"
        yield f"p={exponents}: each {best}" if lead > 0 else best
    yield from pooled(study.seeds)
