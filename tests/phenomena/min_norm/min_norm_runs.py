"""Runs of minimum norm at a size that takes a second."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from engine.phenomena.min_norm import deep_matrix, diagonal
from engine.phenomena.min_norm.experiment import MinNorm

SMALL: dict[str, Any] = {"steps": 300, "draws": 25, "side": 6, "rank": 1, "share": 0.7}


def make(seeds: tuple[int, ...] = (0,), preset: str = "custom", **knobs: Any) -> MinNorm:
    """A run; but for presets, what goes on beside the linear problem is short."""
    if preset == "quick":
        return MinNorm(MinNorm.spec.configure("quick", knobs), seeds, "cpu", preset)
    with patch.object(diagonal, "STEPS", 300), patch.object(deep_matrix, "STEPS", 100):
        return MinNorm(MinNorm.spec.configure("quick", knobs), seeds, "cpu", preset)


def curve(run: MinNorm, name: str) -> Any:
    return next(series for series in run.series() if series.name == name)


def verdict(run: MinNorm, claim: str) -> Any:
    return next(item for item in run.verdicts() if item.claim.id == claim)
