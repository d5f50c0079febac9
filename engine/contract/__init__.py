"""The vocabulary that engine, screens and lab share: what a phenomenon declares, what a screen shows, what a person asks for.

Everything here is frozen and holds arrays, numbers and strings only, so a `Snapshot` can cross threads, processes and
disks. Screens import this module and nothing else of the engine. No torch, no scipy.
"""

from engine.config import Config, Knob, build, content_of, knob
from engine.contract.declared import Axis, Claim, Figure, PictureSpec, Preset, Quantity, Spec, Summary
from engine.contract.domain import Condition, one_of, unmet, within
from engine.contract.drawn import Basis, Layer, Marker, Picture, Series
from engine.contract.judged import Detail, DetailRow, Grade, Status, Verdict, counted
from engine.contract.scalars import Scalar, ScalarValue, values_record
from engine.contract.session import (
    COMMANDS,
    Command,
    Gpu,
    Pause,
    Phase,
    Reseed,
    Resume,
    Rewind,
    Session,
    SetKnob,
    Snapshot,
    Start,
    Step,
    Stop,
)
from engine.errors import KnobError, LabError

__all__ = [
    "COMMANDS", "Axis", "Basis", "Claim", "Command", "Condition", "Config", "Detail", "DetailRow", "Figure", "Gpu", "Grade", "Knob",
    "KnobError", "LabError", "Layer", "Marker", "Pause", "Phase", "Picture", "PictureSpec", "Preset", "Quantity", "Reseed",
    "Resume", "Rewind", "Scalar", "ScalarValue", "Series", "Session", "SetKnob", "Snapshot", "Spec", "Start", "Status", "Step", "Stop",
    "Summary", "Verdict", "build", "content_of", "counted", "knob", "one_of", "unmet", "values_record", "within",
]  # fmt: skip
