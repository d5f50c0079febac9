"""What is said of a sweep in words and short rows: how far it is, a point's values, a cell per point."""

from __future__ import annotations

import math

from rich.text import Text

from engine.contract import Phase, ScalarValue
from engine.contract.sweep import SweepPoint, SweepSnapshot
from screens import formatting

CELLS = {"done": ("■", "#", "green"), "running": ("▶", ">", "cyan"), "failed": ("✕", "x", "red"), "waiting": ("·", ".", "dim")}


def standing(sweep: SweepSnapshot) -> str:
    """`12 of 15 points done, 2 running, 1 failed; 0.4 points/s, 20 s left`."""
    parts = [f"{sweep.done} of {len(sweep.points)} points done"]
    parts += [f"{sweep.running} running"] if sweep.running and sweep.live else []
    parts += [f"{sweep.failed} failed"] if sweep.failed else []
    pace = [f"{sweep.rate:.2g} points/s"] if sweep.live and sweep.rate else []
    pace += [f"{formatting.duration(sweep.eta)} left"] if sweep.eta is not None and sweep.done < len(sweep.points) else []
    left = [] if sweep.live or sweep.done == len(sweep.points) else ["nobody computes it now; the same command goes on"]
    return "; ".join([", ".join(parts), *([", ".join(pace)] if pace else []), *left])


def cell(value: ScalarValue | None) -> str:
    """A value with its range over seeds: `480 [460, 500]`, `>= 1200`; nothing where there is none."""
    if value is None or math.isnan(value.value):
        return ""
    number = formatting.number(value.value)
    said = f">= {number}" if value.value_censored else number
    if value.lo == value.hi:
        return said
    above = ">= " if value.any_censored else ""
    return f"{said} [{formatting.number(value.lo)}, {above}{formatting.number(value.hi)}]"


def kind_of(point: SweepPoint) -> str:
    """Which of `CELLS` a point is."""
    if point.ended:
        return "failed" if point.failed else "done"
    return "waiting" if point.phase is None or point.phase.over else "running"


def cells(sweep: SweepSnapshot, width: int, ascii_only: bool) -> Text:
    """A cell a point, in their order; nothing where they do not fit into a row."""
    text = Text()
    if len(sweep.points) > width:
        return text
    for point in sweep.points:
        glyph, plain, style = CELLS[kind_of(point)]
        text.append(plain if ascii_only else glyph, style)
    return text


def row(point: SweepPoint, sweep: SweepSnapshot, width: int) -> Text:
    """A point in a list: its knobs, where it stands, and as many of its values as fit."""
    knobs = "  ".join(f"{name} {point.texts[name]}" for name in sweep.knobs if name in point.texts)
    text = Text(knobs, no_wrap=True)
    longest = max(len("  ".join(f"{name} {one.texts.get(name, '')}" for name in sweep.knobs)) for one in sweep.points)
    text.append(" " * (longest - len(knobs) + 2))
    state = point.state if point.share is None or point.ended else f"{point.state} {point.share:.0%}"
    style = formatting.PHASE_STYLE.get(point.phase, "dim") if point.phase is not None else "dim"
    text.append(f"{state:12}", style)
    for scalar in sweep.scalars:
        said = cell(point.values.get(scalar.name))
        if said and text.cell_len + len(scalar.name) + len(said) + 3 <= width:
            text.append(f" {scalar.name} ", "dim").append(said)
    return text


def why(point: SweepPoint) -> str:
    """What went wrong with a point, if something did."""
    return point.missing or (point.sentence if point.phase is not Phase.FINISHED else "")
