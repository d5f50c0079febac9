"""What is said of imported rows in place of the Gaussian problem."""

from __future__ import annotations

from engine.data.regression import entry_of, said
from engine.phenomena.min_norm.config import MinNormConfig


def own_in_words(config: MinNormConfig) -> tuple[str, ...]:
    """Return which rows are learnt and how they are scaled, and what the figures have no theory of; nothing of a drawn problem."""
    rows = entry_of(config.dataset)
    if rows is None:
        return ()
    return "no mean norm beside your own rows: its law is that of Gaussian ones", said(rows, config.n, config.order, config.d)
