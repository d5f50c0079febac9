"""The command that repeats a run without the screen: what `c` copies."""

from __future__ import annotations

import shlex

from engine.contract import Snapshot, Spec


def run_command(spec: Spec, snapshot: Snapshot) -> str:
    """Return the exact `genlab run` command of a snapshot: preset, every knob that differs from it, seeds, device.

    Knobs that equal no preset ("custom") are counted from the preset that leaves the fewest to name.
    """
    named = [preset.name for preset in spec.presets if preset.name == snapshot.preset]
    preset = min(named or [preset.name for preset in spec.presets], key=lambda name: len(_options(spec, name, snapshot)))
    words = ["genlab", "run", spec.name, "--preset", preset, *_options(spec, preset, snapshot)]
    words += ["--seed", str(snapshot.seeds[0]), "--seeds", str(len(snapshot.seeds))]
    if snapshot.device != "cpu":
        words += ["--device", snapshot.device]
    return shlex.join(words)


def _options(spec: Spec, preset: str, snapshot: Snapshot) -> list[str]:
    usual = spec.configure(preset).values()
    changed = [item for item in spec.config.knobs() if snapshot.config.get(item.name, usual[item.name]) != usual[item.name]]
    return [word for item in changed for word in (item.option, item.format(snapshot.config[item.name]))]
