"""The headline of study convolutional: when each rate fitted the labels, its margin since, and how far the loss has fallen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.headline import Known, pooled, step

if TYPE_CHECKING:
    from engine.phenomena.max_margin.convolutional.study import Convolutional


def clauses(study: Convolutional, known: Known) -> Iterator[str]:
    """The loss-based rate first, since it goes furthest."""
    for setting in reversed(study.settings):
        key = setting.name.replace("-", "_")
        if known.has(f"{key}_growth"):
            since = f"fitted at epoch {known.count(f'{key}_fit_epoch')}, margin {known.number(f'{key}_growth')} times as wide since"
            yield f"{setting.label}: {since}"
        elif known.has(f"{key}_train_error"):
            left = f"loss not below log 2 by epoch {step([study.step])}"
            yield f"{setting.label}: {left}, training error {known.percent(f'{key}_train_error')}"
    fallen = [f"{known.number(one.name.replace('-', '_') + '_decades')} at {one.label}" for one in reversed(study.settings)]
    yield f"log10(1/loss) {', '.join(fallen)}"
    if known.has("margin_advantage"):
        yield f"loss-based margin {known.number('margin_advantage')} times the constant rate's at epoch {step([study.step])}"
    yield from pooled(study.seeds)
