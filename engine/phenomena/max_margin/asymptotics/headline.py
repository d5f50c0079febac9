"""The headline of study asymptotics: where labels become separable, and the margin and error then, each beside its limit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.headline import Known, pooled, written

if TYPE_CHECKING:
    from engine.phenomena.max_margin.asymptotics.study import Asymptotics


def clauses(study: Asymptotics, known: Known) -> Iterator[str]:
    """Means over the draws so far."""
    if not known.has("separable_from"):
        yield f"theory: labels of signal {study.config.r:g} are separable from psi* = {known.number('separable_from_theory')}"
        return
    n, count = study.config.n, study.config.draws
    drawn = f"mean of {study.draws.done:,} draws" if study.draws.done > 1 else "one draw"
    star = f"limit psi* = {known.number('separable_from_theory')}"
    yield f"n = {n:,}: separable from psi = {known.number('separable_from')} ({drawn}), {star}"
    psi = written(float(study.psi[study.anchor]))
    if known.has("draw_margin", "draw_margin_theory"):
        yield f"at psi = {psi} margin {known.number('draw_margin')}, limit {known.number('draw_margin_theory')}"
    error = f"test error {known.number('draw_error')}"
    yield f"{error}, limit {known.number('draw_error_theory')}" if known.has("draw_error_theory") else f"{error} at psi = {psi}"
    if study.draws.done < count:
        yield f"{study.draws.done:,} of {count:,} draws"
    yield from pooled(study.seeds)
