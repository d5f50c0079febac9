"""The headline of study convolutional: test accuracy at its best and at the largest scale, the linearised model's, and what stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.headline import Known, pooled
from engine.phenomena.lazy_training.convolutional.settings import LABELS, architectures

if TYPE_CHECKING:
    from engine.phenomena.lazy_training.convolutional.study import Convolutional


def clauses(study: Convolutional, known: Known) -> Iterator[str]:
    """Accuracies first, architecture by architecture."""
    least, most = (f"alpha {study.scales[place]:,.12g}" for place in (0, -1))
    for name in architectures(study.config):
        parts = []
        if known.has(f"{name}_best_accuracy"):
            parts.append(f"test accuracy at best {known.percent(f'{name}_best_accuracy')}")
        if known.has(f"{name}_lazy_accuracy"):
            parts.append(f"{known.percent(f'{name}_lazy_accuracy')} at {most}")
        yield f"{LABELS[name]}: {', '.join(parts) or 'diverged at every scale'}"
    for name in architectures(study.config):
        if known.has(f"{name}_linearised_accuracy"):
            yield f"{LABELS[name]} linearised {known.percent(f'{name}_linearised_accuracy')}"
        if known.has(f"{name}_rich_kept", f"{name}_lazy_kept"):
            ends = f"{known.percent(f'{name}_rich_kept')} at {least}, {known.percent(f'{name}_lazy_kept')} at {most}"
            yield f"{LABELS[name]}: ReLUs kept {ends}"
    yield f"epoch {study.history.last // study.per_epoch:,} of {study.config.epochs:,}"
    yield from pooled(study.seeds)
