"""What runs of one phenomenon are called beside each other: by the knobs in which they differ, `lr .02` against `lr .05`.

Runs that differ in many are called by their presets, and those of no preset by what they change: `standard`, `mirror`, `eta .4`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from engine.contract import Config, Knob, Snapshot
from screens import formatting

MOST_KNOBS = 3  # that are named
CUSTOM = "custom"  # the preset of a run whose knobs equal none
LONGEST = 16  # letters of a value
JOIN = " · "  # between a run's name and what a curve shows


def differing(config: type[Config], runs: Sequence[Snapshot]) -> list[Knob]:
    """Return the knobs that do not have the same value in all runs, as the config declares them."""
    return [knob for knob in config.knobs() if any(one.config.get(knob.name) != two.config.get(knob.name) for one, two in pairwise(runs))]


def run_names(config: type[Config], runs: Sequence[Snapshot], stored: Sequence[str]) -> list[str]:
    """Return one name a run, no two alike. stored: the runs' own names, which tell apart those that differ in no knob or seed."""
    knobs = differing(config, runs)
    by_preset = len(knobs) > MOST_KNOBS and len({run.preset for run in runs}) > 1
    same_seeds = len({run.seeds for run in runs}) == 1
    found = []
    for run in runs:
        seeds = [] if same_seeds else [formatting.seeds(run.seeds)]
        if by_preset and run.preset != CUSTOM:
            words = [run.preset]
        else:
            words = with_knobs(run, _changed(run, knobs, config().values()) if by_preset else knobs[:MOST_KNOBS])
        found.append(", ".join([*words, *seeds]))
    count = Counter(found)
    return [
        words if words and count[words] == 1 else ", ".join(filter(None, (words, own))) for words, own in zip(found, stored, strict=True)
    ]


def _changed(run: Snapshot, knobs: Sequence[Knob], quick: Mapping[str, Any]) -> Sequence[Knob]:
    """Return the first knobs that are not as the preset quick has them; simply the first where all are."""
    return [knob for knob in knobs if run.config.get(knob.name) != quick[knob.name]][:MOST_KNOBS] or knobs[:MOST_KNOBS]


def with_knobs(run: Snapshot, knobs: Sequence[Knob]) -> list[str]:
    """Return a run's values of some knobs, each behind the word that a person types: `lr .02`."""
    return [f"{knob.word} {_short(knob, run.config.get(knob.name))}" for knob in knobs]


def _short(knob: Knob, value: Any) -> str:
    return "not set" if value is None else short_value(knob.format(value))


def short_value(text: str) -> str:
    """Write a knob's value, given as a person types it: a long list as its first and last with their number, `.02` without its zero."""
    if "," in text and len(text) > LONGEST:
        items = text.split(",")
        return f"{items[0]}..{items[-1]} ({len(items)})"
    return text.removeprefix("0") if text.startswith("0.") else text
