"""The command that repeats a run without the app: in its manifest and its exported files, and what `c` copies."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from engine.contract.declared import Spec
from engine.errors import LabError


def run_command(spec: Spec, preset: str, config: Mapping[str, Any], seeds: Sequence[int], device: str, threads: int | None = None) -> str:
    """Return the whole `genlab run` command: preset, every knob that differs from it, seeds, device, and threads where they are known.

    Knobs that equal no preset ("custom") are counted from the preset that leaves the fewest to name.
    """
    named = [item.name for item in spec.presets if item.name == preset]
    base = min(named or [item.name for item in spec.presets if _taken(spec, item.name)], key=lambda name: len(_options(spec, name, config)))
    words = ["genlab", "run", spec.name, "--preset", base, *_options(spec, base, config)]
    words += ["--seed", str(seeds[0]), "--seeds", str(len(seeds)), "--device", device]
    words += [] if threads is None else ["--threads", str(threads)]
    return shlex.join(words)


def _taken(spec: Spec, preset: str) -> bool:
    """Whether the data that are here have as many examples as a preset asks for."""
    try:
        spec.configure(preset)
    except LabError:
        return False
    return True


def _options(spec: Spec, preset: str, config: Mapping[str, Any]) -> list[str]:
    usual = spec.configure(preset).values()
    changed = [item for item in spec.config.knobs() if config.get(item.name, usual[item.name]) != usual[item.name]]
    return [word for item in changed for word in (item.option, item.format(config[item.name]))]
