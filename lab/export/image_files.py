"""Figures and pictures of a run as svg, pdf or png, each with its provenance in the metadata and, small, below it."""

from __future__ import annotations

import textwrap
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure as Drawing

from engine.contract import Series, Snapshot, Spec
from lab.export.drawing import draw_figure, draw_picture
from lab.export.legends import place
from lab.export.provenance import Provenance, file_word
from lab.export.text_figures import with_points
from screens.widgets.palette import Level, Theme, groups_of

WIDTH, SHAPE = 6.4, 0.62  # inches across, and how high before legend and caption
LOWEST = 2.5  # inches, of a narrow one
SQUARE = 0.85  # of a picture whose axes have the same scale
DOTS = 200  # per inch, of a png
SMALL = 5.5  # points of the caption
LOOKS: Any = {
    "font.size": 9, "font.family": ["DejaVu Sans"], "svg.fonttype": "none", "pdf.fonttype": 42, "axes.titlesize": "medium",
    "axes.spines.top": False, "axes.spines.right": False, "pdf.compression": 6,
}  # fmt: skip

_ALONE = threading.RLock()


@contextmanager
def looks(**further: Any) -> Iterator[None]:
    """The look of exported figures, for one thread at a time: matplotlib's settings and its parser of text are the process's."""
    settings: Any = {**LOOKS, **further}
    with _ALONE, matplotlib.rc_context(settings):
        yield


def write_figures(declared: Spec, snapshot: Snapshot, about: Provenance, place: Path, kind: str, width: float = WIDTH) -> Iterator[Path]:
    """Write every declared figure, and every picture, that has content; yields `NAME-FIGURE.svg`. width: inches across."""
    for name, drawing in drawings(declared, snapshot, about, width):
        path = place / f"{about.run}-{file_word(name)}.{kind}"
        save(drawing, path, about)
        yield path


def drawings(declared: Spec, snapshot: Snapshot, about: Provenance, width: float = WIDTH) -> Iterator[tuple[str, Drawing]]:
    """Draw every declared figure, and every picture, that has content, by name."""
    theme = theme_of(snapshot)
    for figure in declared.figures:
        chosen = with_points(figure, snapshot.series)
        if chosen:
            with looks():
                drawing, axes = canvas(width)
                draw_figure(axes, figure, chosen, snapshot.markers, theme)
                finished(drawing, axes, about, chosen)
            yield figure.name, drawing
    for picture in snapshot.pictures:
        with looks():
            drawing, axes = canvas(width, SQUARE if picture.equal else SHAPE)
            draw_picture(axes, picture, theme)
            finished(drawing, axes, about)
        yield picture.name, drawing


def theme_of(snapshot: Snapshot) -> Theme:
    """The colours of a run on paper: those of a bright screen, every group's as it was drawn first."""
    return Theme(Level.ANSI256, dark=False, groups=groups_of(snapshot))


def canvas(width: float = WIDTH, shape: float = SHAPE) -> tuple[Drawing, Any]:
    """An empty drawing with axes. width: inches; shape: height over width."""
    drawing = Drawing(figsize=(width, max(LOWEST, shape * width)), layout="constrained")
    return drawing, drawing.add_subplot()


def finished(drawing: Drawing, axes: Any, about: Provenance, series: Sequence[Series] = ()) -> Drawing:
    """Add caption and legend, once everything is drawn."""
    letters = int(drawing.get_figwidth() * 23)
    lines = [part for line in about.caption(series) for part in textwrap.wrap(line, letters, subsequent_indent="  ")]
    drawing.supxlabel("\n".join(lines), x=0.01, ha="left", fontsize=SMALL, color="#555555", parse_math=False)
    drawing.set_figheight(drawing.get_figheight() + len(lines) * SMALL * 1.3 / 72)
    place(axes)
    return drawing


def save(drawing: Drawing, path: Path, about: Provenance) -> None:
    """Write a drawing with its provenance as the file format's own metadata; the same run gives the same bytes."""
    with looks(**{"svg.hashsalt": about.digest}):
        drawing.savefig(path, dpi=DOTS, metadata=metadata(about, path.suffix.removeprefix(".")))


def metadata(about: Provenance, kind: str) -> dict[str, Any]:
    """The provenance under the names that svg, pdf or png have for it, and no date."""
    maker = f"genlab {about.versions.get('genlab', '')}".strip()
    if kind == "svg":
        return {"Title": about.run, "Description": about.text, "Source": about.command, "Creator": maker, "Date": None}
    if kind == "pdf":
        dates = {"CreationDate": None, "ModDate": None}
        return {"Title": about.run, "Subject": about.command, "Keywords": about.text, "Creator": maker, **dates}
    seeds = " ".join(map(str, about.seeds))
    return {
        "Title": about.run, "Software": maker, "Command": about.command, "Versions": about.versions_text, "Seeds": seeds,
        "Digest": about.digest, "Description": about.text,
    }  # fmt: skip
