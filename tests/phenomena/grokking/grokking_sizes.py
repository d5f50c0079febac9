"""Grokking at sizes that train in a second, for every test of it."""

from typing import Any

GROMOV: dict[str, Any] = {"p": 23, "width": 60, "fraction": 0.5, "steps": 120}
TRANSFORMER: dict[str, Any] = {"model": "transformer", "p": 11, "width": 64, "lr": 0.001, "steps": 100, "fraction": 0.5}
