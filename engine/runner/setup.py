"""What a run computes: knobs, preset name and seeds; and how a person's wishes change them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from engine.config import Config
from engine.contract import Spec
from engine.errors import KnobError, UsageError
from engine.seeds import LAST_SEED, seed_range


@dataclass(frozen=True)
class Setup:
    """One combination of knobs and seeds. `preset` is a preset's name, or "custom" where the knobs equal none."""

    spec: Spec
    config: Config
    preset: str
    seeds: tuple[int, ...]

    @property
    def trains(self) -> bool:
        """Whether networks are trained with torch, on the device that is asked for."""
        return self.spec.trains(self.config)

    def turned(self, name: str, value: Any) -> Setup:
        """Return the setup with one knob changed.

        Raises:
            KnobError: unknown knob or value out of range.
        """
        config = self.config.changed(**{self.spec.config.knob(name).name: value})
        return replace(self, config=config, preset=preset_of(self.spec, config, self.preset))

    def preset_to(self, name: str) -> Setup:
        """Return a preset's setup: its knobs, and as many seeds as it has, from the same first one.

        Raises:
            KnobError: unknown preset.
        """
        config = self.spec.configure(name)
        return replace(self, config=config, preset=name, seeds=checked(seed_range(self.seeds[0], self.spec.preset(name).seeds)))

    def reseeded(self, seed: int | None) -> Setup:
        """Return the setup with as many other seeds: from `seed`, or those that follow.

        Raises:
            UsageError: a seed outside 0..2^31-1.
        """
        first = max(self.seeds) + 1 if seed is None else seed
        return replace(self, seeds=checked(seed_range(first, len(self.seeds))))


def checked(seeds: tuple[int, ...]) -> tuple[int, ...]:
    """Return the seeds if every one is allowed.

    Raises:
        UsageError: none, or one outside 0..2^31-1.
    """
    if not seeds:
        raise UsageError("the number of seeds must be at least 1, got 0", "use --seeds 1")
    if len(seeds) > 1 and 0 <= seeds[0] <= LAST_SEED < seeds[-1]:
        allowed = f"with --seeds {len(seeds)}, --seed may be 0 to {LAST_SEED + 1 - len(seeds)}"
        raise UsageError(f"{len(seeds)} seeds from {seeds[0]} reach {seeds[-1]}, beyond the last, {LAST_SEED}", allowed)
    for seed in seeds:
        if not 0 <= seed <= LAST_SEED:
            raise UsageError(f"seed must be between 0 and {LAST_SEED}, got {seed}", "use --seed 0")
    return seeds


def preset_of(spec: Spec, config: Config, first: str = "") -> str:
    """Return the name of the preset that a config equals (`first` is tried first), or "custom"."""
    known = [preset.name for preset in spec.presets]
    for name in sorted(known, key=lambda name: name != first):
        with suppress(KnobError):  # one that its own knobs refuse equals no config
            if spec.configure(name) == config:
                return name
    return "custom"
