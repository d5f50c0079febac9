"""The rows around the figures: title and running phenomena on top; phase, progress and a sentence below; the keys last."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from engine.contract import Phase, Snapshot, Spec
from screens import formatting
from screens.application import RunningPhenomenon
from screens.widgets.text_row import fit, spread

KEYS = {
    "figures": "k knobs|v claims|n notes|p pin|r rewind|R reseed|s step|, . cursor|+ - zoom|c command|e export|esc home|q quit",
    "knobs": "left right change|enter type|up down move|k close|tab figures|r rewind|esc home",
    "panel": "up down scroll|tab figures|v claims|n notes|esc home|q quit",
}  # fmt: skip


def title_row(spec: Spec, snapshot: Snapshot, running: Sequence[RunningPhenomenon], width: int) -> Text:
    """Return the top row: which phenomenon, preset and seeds; at the right what else runs."""
    left = Text.assemble(
        (" genlab ", "reverse bold"), " ", (spec.title, "bold"), "  ", snapshot.preset, "  ",
        (formatting.seeds(snapshot.seeds) if snapshot.seeds else "", "dim"),
    )  # fmt: skip
    others = [item for item in running if item.name != spec.name]
    right = Text("also running: " + ", ".join(f"{item.name} {item.progress}" for item in others), "green") if others else Text()
    return spread(left, right, width)


def phase_row(snapshot: Snapshot, width: int) -> Text:
    """Return phase, step, rate, time left, device and memory, as many as fit."""
    parts = [Text(snapshot.phase.value, formatting.PHASE_STYLE[snapshot.phase]), Text(formatting.progress(snapshot))]
    if snapshot.phase is Phase.RUNNING:
        parts.append(Text(f"{formatting.rate(snapshot.rate)} {snapshot.unit}s/s"))
        if snapshot.eta is not None:
            parts.append(Text(f"ETA {formatting.duration(snapshot.eta)}"))
    elif snapshot.elapsed:
        parts.append(Text(f"took {formatting.duration(snapshot.elapsed)}", "dim"))
    parts.append(Text(snapshot.device, "dim"))
    if snapshot.memory:
        parts.append(Text(formatting.size(snapshot.memory), "dim"))
    return fit(parts, width)


def sentence_row(snapshot: Snapshot, waited: float) -> Text:
    """Return what the run says of itself: what it waits for, or what went wrong and what to do."""
    bad = snapshot.phase in (Phase.FAILED, Phase.DIVERGED)
    said = "" if snapshot.sentence == snapshot.phase.value or snapshot.phase is Phase.FINISHED else snapshot.sentence  # said above
    text = Text(said, "bold red" if bad else "")
    if snapshot.hint:
        text.append(f"  {snapshot.hint}", "bold" if bad else "dim")
    if snapshot.phase is Phase.READY and waited >= 1:
        text.append(f"  ({formatting.duration(waited)})", "dim")
    if snapshot.notes:  # the last one is the runner's own where it has one, such as a disk that is full
        more = f"  (n: {len(snapshot.notes) - 1} more)" if len(snapshot.notes) > 1 else ""
        text.append("  " if text else "").append(snapshot.notes[-1] + more, "dim")
    return text


def key_row(context: str, phase: Phase, width: int) -> Text:
    """Return the keys that matter now, as many as fit; `?` lists them all."""
    space = {Phase.RUNNING: "pause", Phase.PAUSED: "go on"}.get(phase, "start" if phase is Phase.READY else "run again")
    first = [] if context == "knobs" else [f"space {space}"]
    parts = [_key(item) for item in ["? help", *first, *KEYS[context].split("|")]]
    return fit(parts, width)


def _key(item: str) -> Text:
    key, _, what = item.rpartition(" ")
    return Text.assemble((key, "bold cyan"), " ", what)
