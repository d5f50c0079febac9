"""The headline of study asymptotics: where labels become separable, the error then, and the second descent, each beside its limit."""

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
    yield f"half of draws separable at psi = d/n = {known.number('separable_from')}, theory psi* {known.number('separable_from_theory')}"
    psi = written(float(study.psi[study.anchor]))
    if known.has("draw_margin", "draw_margin_theory"):
        yield f"at psi = {psi}: margin {known.number('draw_margin')}, theory {known.number('draw_margin_theory')}"
    error = f"error {known.percent('draw_error')}"
    yield f"{error}, theory {known.percent('draw_error_theory')}" if known.has("draw_error_theory") else f"{error} at psi = {psi}"
    if known.has("second_descent", "second_descent_theory"):
        drops = known.number("second_descent"), known.number("second_descent_theory")
        yield f"second descent by {drops[0]} at n = {study.config.n:,}, {drops[1]} in the limit"
    count = study.config.draws
    yield f"{study.draws.done:,} of {count:,} draws" if study.draws.done < count else f"{count:,} draws"
    yield from pooled(study.seeds)
