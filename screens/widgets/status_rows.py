"""The rows around the figures: title, running phenomena and headline on top; phase, progress and a sentence below; the keys last."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from engine.contract import COMMANDS, Command, Pause, Phase, Reseed, Resume, Rewind, SetKnob, Snapshot, Spec, Start, Step, Stop
from screens import formatting, keys
from screens.application import RunningPhenomenon
from screens.keys import Key
from screens.widgets.text_row import fit, spread

KEYS = {
    "figures": "k knobs|v claims|n notes|p pin|r rewind|R reseed|s step|, . cursor|d values|+ - zoom|c command|e export|esc back|q quit",
    "knobs": "left right change|enter type|up down move|k close|tab figures|r rewind|esc back",
    "panel": "up down scroll|tab figures|v claims|n notes|esc back|q quit",
}  # fmt: skip
NEEDS: dict[str, type[Command]] = {"p": Rewind, "r": Rewind, "R": Reseed, "s": Step, "left right": SetKnob, "enter": SetKnob}
UNSTORED = "NOT STORED"


def title_row(spec: Spec, snapshot: Snapshot, running: Sequence[RunningPhenomenon], width: int) -> Text:
    """Return the top row: which phenomenon, preset and seeds; at the right what else runs."""
    left = Text.assemble(
        (" genlab ", "reverse bold"), " ", (spec.title, "bold"), "  ", snapshot.preset, "  ",
        (formatting.seeds(snapshot.seeds) if snapshot.seeds else "", "dim"),
    )  # fmt: skip
    others = [item for item in running if item.name != spec.name]
    right = Text("also running: " + ", ".join(f"{item.name} {item.progress}" for item in others), "green") if others else Text()
    return spread(left, right, width)


def headline_row(spec: Spec, snapshot: Snapshot, width: int) -> Text:
    """Return what is being seen, the first clauses as far as they fit; where nothing is said of it, what is asked."""
    if not snapshot.headline:
        asked = Text(f" {spec.asked(snapshot.config)}", "dim")
        if asked.cell_len <= width:
            return asked
        return Text(" nothing to tell yet" if any(len(item.x) for item in snapshot.series) else " nothing measured yet", "dim")
    said, *others = snapshot.headline
    for clause in others:  # a later clause leans on those before it
        if cell_len(longer := f"{said}; {clause}") >= width:
            break
        said = longer
    return Text(f" {said}", "bold")


def phase_row(snapshot: Snapshot, width: int) -> Text:
    """Return phase, whether it is stored, step, rate, time left, device and memory, as many as fit."""
    parts = [Text(snapshot.phase.value, formatting.PHASE_STYLE[snapshot.phase])]
    if snapshot.unstored:
        parts.append(Text(UNSTORED, "bold red"))
    if not snapshot.phase.preparing or snapshot.step:
        parts.append(Text(formatting.progress(snapshot)))
    if snapshot.phase is Phase.RUNNING:
        parts.append(Text(f"{formatting.rate(snapshot.rate)} {snapshot.unit}s/s"))
        if snapshot.eta is not None:
            parts.append(Text(f"ETA {formatting.duration(snapshot.eta)}"))
    elif snapshot.elapsed and not snapshot.phase.preparing:
        parts.append(Text(f"took {formatting.duration(snapshot.elapsed)}", "dim"))
    if not snapshot.phase.preparing:  # it is known once the run is built
        parts.append(Text(snapshot.device if snapshot.gpu is None else formatting.gpu(snapshot.gpu), "dim"))
    if snapshot.memory:
        parts.append(Text(formatting.size(snapshot.memory), "dim"))
    if not snapshot.folder and not snapshot.unstored and (snapshot.phase is Phase.PAUSED or snapshot.phase.over):
        parts.append(Text("not stored yet", "dim"))
    return fit(parts, width)


def sentence_row(snapshot: Snapshot, waited: float, ours: bool = True) -> Text:
    """Return what the run says of itself: what it waits for, or what went wrong and what to do. ours: it is of this process."""
    bad = snapshot.phase in (Phase.FAILED, Phase.DIVERGED)
    said = "" if snapshot.sentence == snapshot.phase.value or snapshot.phase is Phase.FINISHED else snapshot.sentence  # said above
    text = Text(said, "bold red" if bad else "")
    if snapshot.hint:
        text.append(f"  {snapshot.hint}", "bold" if bad else "dim")
    if snapshot.phase.preparing and waited >= 1:
        text.append(f"  ({formatting.duration(waited)})", "dim")
    if snapshot.unstored:
        text.append("  " if text else "").append(snapshot.unstored, "bold red").append("  e chooses another folder" if ours else "", "bold")
    elif snapshot.notes:
        more = f"  (n: {len(snapshot.notes) - 1} more)" if len(snapshot.notes) > 1 else ""
        text.append("  " if text else "").append(snapshot.notes[-1] + more, "dim")
    return text


def key_row(
    context: str, phase: Phase, width: int, obeyed: frozenset[type[Command]] = COMMANDS, unstored: bool = False,
    chosen: Sequence[Key] = keys.KEYS,
) -> Text:  # fmt: skip
    """Return the keys that matter now and have an effect, as many as fit, `q` always; `?` lists them all.

    chosen: the keys, with those of the settings.
    """
    words = {key: what for key, _, what in (item.rpartition(" ") for item in KEYS[context].split("|"))}
    usable = {key: what for key, what in words.items() if NEEDS.get(key) in (None, *obeyed)}
    first = {"?": "help"} if context == "knobs" else {"?": "help", **_of_the_run(phase, obeyed)}
    if unstored and usable.pop("e", ""):
        first["e"] = "other folder"
    pairs = [(keys.shown_now(key, chosen), what) for key, what in {**first, **usable}.items()]
    parts = [Text.assemble((key, "bold cyan"), " ", what) for key, what in pairs]
    if "q" not in usable:
        return fit(parts, width)
    return Text("  ").join([fit(parts[:-1], width - parts[-1].cell_len - 2), parts[-1]])


def _of_the_run(phase: Phase, obeyed: frozenset[type[Command]]) -> dict[str, str]:
    """What space does, and what stops a run that is only watched."""
    if phase.working:
        space = {"space": "pause"} if Pause in obeyed else {}
    elif phase is Phase.PAUSED:
        space = {"space": "go on"} if Resume in obeyed else {}
    else:
        space = {"space": "start" if phase is Phase.READY else "run again"} if Start in obeyed else {}
    return {**space, "S": "stop"} if Stop in obeyed and Start not in obeyed else space
