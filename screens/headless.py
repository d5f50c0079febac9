"""The command that repeats a run without the screen: what `c` copies."""

from __future__ import annotations

import shlex

from engine.contract import KnobError, Snapshot, Spec


def headless_command(spec: Spec, snapshot: Snapshot) -> str:
    """Return the exact `genlab run` command of a snapshot: preset, every knob that differs from it, seeds, device."""
    words = ["genlab", "run", spec.name]
    preset = snapshot.preset
    try:
        base = spec.configure(preset)
    except KnobError:  # "custom": count from the first preset
        preset = spec.presets[0].name
        base = spec.configure(preset)
    words += ["--preset", preset]
    usual = base.values()
    for item in spec.config.knobs():
        if item.name in snapshot.config and snapshot.config[item.name] != usual[item.name]:
            words += [item.option, item.format(snapshot.config[item.name])]
    words += ["--seed", str(snapshot.seeds[0]), "--seeds", str(len(snapshot.seeds))]
    if snapshot.device != "cpu":
        words += ["--device", snapshot.device]
    return shlex.join(words)
