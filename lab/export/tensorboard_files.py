"""A run as an event file of TensorBoard, written by TensorBoard's own writer; importing this module is what loads that package."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.text.summary_v2 import text_pb
from tensorboard.summary.writer.record_writer import RecordWriter

from engine.store import RunFolder
from lab.export.provenance import Provenance
from lab.export.tables import columns

VERSION = "brain.Event:2"  # of event files, which a reader wants to see first


def write_run(folder: RunFolder, about: Provenance, path: Path) -> Path:
    """Make a folder with an event file: every measured quantity as a scalar, and where it comes from as a text.

    Measurements have no time of their own: all carry that of the run's beginning, so that the same run gives the same file.
    """
    path.mkdir()
    begun = datetime.datetime.fromisoformat(folder.manifest.created).timestamp()
    with (path / "events.out.tfevents.0.genlab").open("wb") as file:
        writer = RecordWriter(file)
        for event in (Event(file_version=VERSION), *_events(folder, about)):
            event.wall_time = begun
            writer.write(event.SerializeToString(deterministic=True))
        writer.flush()
    return path


def _events(folder: RunFolder, about: Provenance) -> Iterator[Event]:
    lines = "\n".join(f"    {line}" for line in (about.command, about.versions_text, f"run {about.digest}"))
    yield Event(step=0, summary=text_pb("about", lines))
    for step, values in folder.records()[0]:
        scalars = [Summary.Value(tag=name, simple_value=float(value)) for name, value in columns(values).items() if _number(value)]
        yield Event(step=step, summary=Summary(value=scalars))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and bool(np.isfinite(value))
