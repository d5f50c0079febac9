"""When training has left the finite numbers, by the quantities that say so of themselves, and which knob to lower then."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from engine.config import Config
from engine.contract import Quantity
from engine.errors import Diverged


def require_finite(values: Mapping[str, Any], quantities: Iterable[Quantity], where: str) -> None:
    """Check the record of a step: a quantity that is declared `finite` must be so in one network at least.

    Args:
        values: the record, numbers and lists of numbers by quantity.
        quantities: as the spec declares them.
        where: the step, as text.

    Raises:
        Diverged: names the quantity and the step.
    """
    for quantity in quantities:
        if not quantity.finite or quantity.name not in values:
            continue
        value = values[quantity.name]
        networks = value if isinstance(value, list) else [value]
        if networks and not any(math.isfinite(item) for item in networks):
            raise Diverged(f"{quantity.name.replace('-', ' ')} is no longer a finite number at {where}")


def knob_to_lower(config: Config) -> str:
    """Return what to do after divergence: the knobs that are declared to be lowered then, with their values."""
    lowered = [f"{item.label} (it is {item.format(getattr(config, item.name))})" for item in type(config).knobs() if item.divergence]
    return f"lower {' or '.join(lowered)}" if lowered else ""
