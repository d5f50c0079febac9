"""How long a run will take on this machine: its declared work at the speed that was measured here, corrected by runs made here.

Kept in the cache folder, a file a machine (processor, cores, versions of torch and genlab); read as everything is: checked first.
What cannot be read or written means that there is no estimate, and `genlab doctor` says why.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import json
import math
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.config import Config, build
from engine.contract import Preset, Spec
from engine.contract.work import Work
from engine.cores import usable_cores
from engine.device import may_be_gpu
from engine.errors import LabError, echoed
from engine.paths import cache_folder

LARGEST = 1 << 20  # bytes of the file
KINDS = ("study", "task", "param", "model")  # knobs that decide which code computes
KEPT = 5  # runs of a phenomenon that correct its estimate
NO_ESTIMATE = "genlab doctor --full measures this machine, and so does the first run that ends having trained networks"
LONG = 60.0  # seconds from which on a run says at its start how long it will take
Rate = Annotated[float, Field(gt=1e-17, lt=1e-4, allow_inf_nan=False)]  # seconds a unit: a hundred PFLOP/s, and a hundredth of a MFLOP/s
Latency = Annotated[float, Field(gt=1e-9, lt=0.1, allow_inf_nan=False)]  # seconds a call
Ratio = Annotated[float, Field(gt=1e-4, lt=1e4, allow_inf_nan=False)]


class Rates(BaseModel):
    """Seconds a unit of each kind of `Work`."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    products: Rate
    solves: Rate
    elements: Rate
    calls: Latency
    convolutions: Latency


class GpuRates(Rates):
    """Those of a GPU."""

    name: str = Field(max_length=200)


class Speed(Rates):
    """What is known of this machine.

    gpu: of the first GPU; looked: whether it was looked for, so that there is none where it is None.
    runs: by phenomenon (with the kind of its study or network, and the GPU of runs on one), how much longer than computed its latest runs
    took.
    """

    machine: str = Field(max_length=500)
    gpu: GpuRates | None = None
    looked: bool = False
    runs: dict[Annotated[str, Field(max_length=200)], Annotated[list[Ratio], Field(max_length=KEPT)]] = Field(default={}, max_length=200)


@dataclass(frozen=True)
class Estimate:
    """Seconds of work. measured: whether runs of the phenomenon on this machine corrected it."""

    seconds: float
    measured: bool

    @property
    def text(self) -> str:
        """`about 40 s`, or `roughly 40 s` where no run of it was made here yet."""
        return f"{'about' if self.measured else 'roughly'} {rounded(self.seconds)}"


def rounded(seconds: float) -> str:
    """A time as precisely as it is known: `3 s`, `40 s`, `4 min`, `2 h`."""
    if seconds < 1:
        return "a second"
    for unit, size, end in (("s", 1.0, 90.0), ("min", 60.0, 5400.0), ("h", 3600.0, 172_800.0), ("days", 86_400.0, math.inf)):
        if seconds < end:
            value = seconds / size
            step = 10.0 ** math.floor(math.log10(value)) if value >= 1 else 1.0
            return f"{max(1, round(value / step * 2) / 2 * step):.0f} {unit}"
    raise AssertionError(seconds)


def machine() -> str:
    """What a speed depends on: processor, cores, versions."""
    return f"{_processor()}, {usable_cores()} cores, torch {_version('torch')}, genlab {_version('genlab')}"


def estimate(spec: Spec, config: Config, seeds: int, device: str = "auto") -> Estimate | None:
    """Return how long a run will take here; None where the phenomenon declares no work, or its device was not measured yet."""
    known = speed()
    rates = rates_for(spec, config, device, known) if known else None
    if spec.work is None or known is None or rates is None:
        return None
    ratios = known.runs.get(learned_as(spec, config, rates), [])
    try:
        seconds = computed(spec.work(config, seeds), rates) * (median(ratios) if ratios else 1.0)
    except Exception:  # of another package's declaration: what cannot be estimated can be run all the same
        return None
    return Estimate(seconds, bool(ratios)) if math.isfinite(seconds) and seconds >= 0 else None


def rates_for(spec: Spec, config: Config, device: str, known: Speed) -> Rates | None:
    """Return the rates of the device that a run will take; None where those of a GPU, which it may take, are not known."""
    if not spec.trains(config) or not may_be_gpu(device):
        return known
    return known.gpu or (known if known.looked and device == "auto" else None)


def learned_as(spec: Spec, config: Config, rates: Rates) -> str:
    """Return the name under which run times of a phenomenon at these rates are kept: what computes differently is corrected apart."""
    kind = " ".join(str(getattr(config, name)) for name in KINDS if hasattr(config, name))
    return f"{spec.name} {kind}".strip() + (f" on {rates.name}" if isinstance(rates, GpuRates) else "")


def sentence(spec: Spec, knobs: Mapping[str, Any], seeds: int) -> str:
    """Return `About 40 s of work here.`; empty where that is not known, or the knobs are none."""
    try:
        found = estimate(spec, build(spec.config, knobs), seeds)
    except LabError:
        return ""
    return f"{found.text[:1].upper()}{found.text[1:]} of work here." if found else ""


def of_preset(spec: Spec, preset: Preset) -> Estimate | None:
    """Return how long a preset will take here, also one that is meant for a faster machine; None where that is not known."""
    return estimate(spec, spec.configure(preset.name), preset.seeds)


def work_of_preset(spec: Spec, preset: Preset) -> Work | None:
    """Return what a preset computes; None where that is not declared."""
    try:
        return spec.work(spec.configure(preset.name), preset.seeds) if spec.work else None
    except Exception:  # of another package's declaration
        return None


def computed(work: Work, known: Rates) -> float:
    """The seconds of some work at a speed."""
    return float(sum(getattr(work, kind) * getattr(known, kind) for kind in Rates.model_fields))


def speed() -> Speed | None:
    """Return what is known of this machine."""
    return looked_up()[0]


def looked_up() -> tuple[Speed | None, str]:
    """Return what is known of this machine, or why what is kept of it does not count, as a sentence; neither where nothing is kept."""
    try:
        file = path()
        if not os.path.lexists(file):
            return None, ""
        with file.open("rb") as stream:
            found = Speed.model_validate_json(stream.read(LARGEST))
    except LabError as error:
        return None, error.message
    except OSError as error:
        return None, f"{error.filename} cannot be read: {(error.strerror or type(error).__name__).lower()}"
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        return None, f"{file} is damaged: {where + ': ' if where else ''}{echoed(first['msg'])}"
    return (found, "") if found.machine == machine() else (None, f"{file} is of another machine: {echoed(found.machine)}")


def unwritable() -> str:
    """Why what is learned of this machine cannot be kept, as a sentence; empty where it can."""
    try:
        file = path()
    except LabError as error:
        return error.message
    if file.is_dir():
        return f"{file} is a folder"
    nearest = next(parent for parent in file.parents if parent.exists())
    if not nearest.is_dir():
        return f"{nearest} is no folder"
    return "" if os.access(nearest, os.W_OK | os.X_OK) else f"{nearest} may not be written into"


def path() -> Path:
    """The file of this machine, for the kinds of work that are told apart."""
    about = json.dumps([machine(), *Rates.model_fields])
    return cache_folder() / f"speed-{hashlib.sha256(about.encode()).hexdigest()[:12]}.json"


@functools.cache
def _processor() -> str:
    """The processor's name as the system tells it."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()[:100]
    return f"{platform.processor() or platform.machine()}"[:100]


@functools.cache
def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
