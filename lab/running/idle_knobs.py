"""Knobs that were given and change nothing beside the other ones."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence

from engine.contract import Config, Knob, Spec
from lab.output import say


def idle(given: Iterable[str], configs: Sequence[Config]) -> Iterator[tuple[Knob, str]]:
    """Which of the given knobs have no effect in any of these configs, and what they need: `needs data gauss`."""
    for item in dict.fromkeys(configs[0].knob(name) for name in given):
        reasons = [item.idle(config) for config in configs]
        if all(reasons):
            yield item, reasons[0]


def say_idle(given: Iterable[str], configs: Sequence[Config]) -> None:
    """Say which of the given knobs have no effect, as a command does."""
    for item, why in idle(given, configs):
        say(f"{item.option} has no effect here: it {why}")


def say_idle_device(spec: Spec, configs: Sequence[Config], device: str) -> None:
    """Say that the device that is asked for has no part in what is computed."""
    if device == "cuda" and not any(map(spec.trains, configs)):
        say(f"--device cuda has no effect here: {spec.name} with these knobs trains no network and computes on the processor")


def warn_idle(given: Iterable[str], configs: Sequence[Config]) -> None:
    """Warn of the given knobs that have no effect, as Python does: where the caller of the function that calls this one stands."""
    for item, why in idle(given, configs):
        warnings.warn(f"{item.name} has no effect here: it {why}", UserWarning, stacklevel=3)
