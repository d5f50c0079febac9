"""What a sweep was asked to be, and what became of its points: the two files of its folder, each checked when it is read."""

from __future__ import annotations

import datetime
import hashlib
import math
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, ValidationError

from engine.contract import Phase, Scalar, ScalarValue, Status
from engine.cores import MOST_THREADS
from engine.errors import StoreError
from engine.store.files import damaged, printable, read_json, write_json
from engine.store.manifest import Knobs, Manifest, Name, Seed, versions
from engine.store.strict_json import dumps
from engine.sweeps.plan import MOST_POINTS, Plan

FORMAT = 1
LARGEST = 2**27  # bytes of a table


def now() -> str:
    """The present moment in UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _finite(value: Any) -> Any:
    if value is not None and (
        isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) == float("inf")
    ):
        raise ValueError(f"{type(value).__name__} is no number")
    return value


Number = Annotated[float | None, BeforeValidator(_finite)]
Text = Annotated[str, Field(max_length=2000)]


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class AxisOf(_Stored):
    """One knob of the grid: its name, what tables and axes call it, what it is, its unit, and its values."""

    knob: Name
    label: Text
    text: Text = ""
    unit: Text = ""
    values: tuple[Any, ...] = Field(max_length=MOST_POINTS)


class PointOf(_Stored):
    """A point: its knobs on the grid, and the whole config that its run has."""

    knobs: Knobs
    config: Knobs
    preset: Name


class ScalarOf(_Stored):
    """A scalar that is collected, as it was declared."""

    name: Name
    label: Text
    unit: Text = ""
    log: StrictBool = False
    whole: StrictBool = False

    @property
    def scalar(self) -> Scalar:
        """The declaration itself."""
        return Scalar(self.name, self.label, self.unit, self.log, self.whole)


class SweepManifest(_Stored):
    """Phenomenon, preset, grid, seeds, what is collected, command, versions and every point of a sweep.

    command_line: the whole command that computes the same points; typed: what was typed, where anything was.
    """

    phenomenon: Name
    preset: Name
    given: Knobs
    axes: tuple[AxisOf, ...]
    points: tuple[PointOf, ...] = Field(min_length=1, max_length=MOST_POINTS)
    seeds: tuple[Seed, ...] = Field(min_length=1)
    collect: tuple[ScalarOf, ...]
    device: Annotated[str, Field(pattern="^(cpu|cuda)$")]
    threads: Annotated[StrictInt, Field(ge=1, le=MOST_THREADS)]
    command_line: str = ""
    typed: str = ""
    created: str = Field(default_factory=now)
    versions: dict[str, str] = Field(default_factory=versions)
    format: int = FORMAT

    @classmethod
    def of(cls, plan: Plan, device: str, threads: int, typed: str) -> SweepManifest:
        """Return the manifest of a plan."""
        item = plan.spec.config.knob
        return cls(
            phenomenon=plan.spec.name, preset=plan.preset, given=_plain(plan.given),
            axes=tuple(
                AxisOf(knob=name, label=item(name).label, text=item(name).text, unit=item(name).unit, values=values)
                for name, values in plan.axes.items()
            ),
            points=tuple(PointOf(knobs=_plain(one.knobs), config=one.config.values(), preset=one.preset) for one in plan.points),
            seeds=plan.seeds, collect=tuple(ScalarOf(**vars(scalar)) for scalar in plan.collect),
            device=device, threads=threads,
            command_line=plan.command_line, typed=typed,
        )  # fmt: skip

    @property
    def base(self) -> str:
        """The folder's name before a number makes it unique: `grokking-quick-sweep`."""
        return f"{self.phenomenon}-{self.preset}-sweep"

    @property
    def identity(self) -> str:
        """Equal where the same runs are asked for: then it is the same sweep, whatever is collected."""
        decisive = self.model_dump(mode="json", include={"phenomenon", "points", "seeds", "device", "threads", "versions"})
        return hashlib.sha256(dumps(printable(decisive)).encode()).hexdigest()[:16]

    def matches(self, index: int, run: Manifest) -> bool:
        """Whether a run's numbers are those that a point gives: the same knobs and seeds, device, threads and versions."""
        return (
            run.phenomenon == self.phenomenon
            and run.config == self.points[index].config
            and run.seeds == self.seeds
            and (run.device, run.threads, run.versions) == (self.device, self.threads, self.versions)
        )

    @classmethod
    def read(cls, path: Any) -> SweepManifest:
        """Read the file.

        Raises:
            StoreError: missing, damaged, or written by another genlab.
        """
        found = read_json(path)
        if found.get("format") != FORMAT:
            said = f"sweep {path.parent.name} has format {found.get('format')}, and this genlab reads format {FORMAT}"
            raise StoreError(said, "read it with the version that wrote it, or begin the sweep anew")
        try:
            return cls.model_validate(found)
        except ValidationError as error:
            first = error.errors()[0]
            raise damaged(path, f"{'.'.join(map(str, first['loc']))}: {first['msg'][:100]}") from error

    def write(self, path: Any) -> None:
        """Write the file.

        Raises:
            StoreError: the disk refused.
        """
        write_json(path, self.model_dump(mode="json"))


class ValueOf(_Stored):
    """A scalar's numbers as the result line has them."""

    seeds: tuple[Number, ...] = Field(default=(), max_length=1000)
    censored: tuple[StrictBool, ...] = Field(default=(), max_length=1000)
    reason: Text = ""

    @classmethod
    def told(cls, value: ScalarValue) -> ValueOf:
        """Return what a result line says of a scalar: null for what is no number."""
        seeds = tuple(number if math.isfinite(number) else None for number in value.seeds)
        return cls(seeds=seeds, censored=value.censored, reason=value.reason)

    def of(self, scalar: Scalar) -> ScalarValue:
        """Return the value; one whose parts do not belong together is none, and says so."""
        seeds = tuple(float("nan") if number is None else float(number) for number in self.seeds)
        value = ScalarValue(scalar, seeds, self.censored, self.reason)
        return value if len(seeds) == len(self.censored) else ScalarValue(scalar, reason="damaged")


class Row(_Stored):
    """What became of a point so far; a point that nobody has begun has the row of defaults.

    run: its run's name; code: the exit code of `genlab run`, once it ended; sentence: why it did not finish.
    """

    run: Name = ""
    phase: Phase | None = None
    code: StrictInt | None = None
    sentence: Text = ""
    step: Annotated[StrictInt, Field(ge=0, lt=2**63)] = 0
    values: dict[str, ValueOf] = {}
    claims: dict[str, Status] = {}

    @property
    def ended(self) -> bool:
        """Whether nobody computes it any more."""
        return self.code is not None


class Table(_Stored):
    """The rows of all points, and how fast they come: since when the present process computes, and how many points ended since."""

    rows: tuple[Row, ...] = Field(max_length=MOST_POINTS)
    began: str = ""
    written: str = ""
    ended: Annotated[StrictInt, Field(ge=0)] = 0
    workers: Annotated[StrictInt, Field(ge=0)] = 0

    @classmethod
    def read(cls, path: Any) -> Table:
        """Read the file.

        Raises:
            StoreError: missing or damaged.
        """
        try:
            return cls.model_validate(read_json(path, LARGEST))
        except ValidationError as error:
            first = error.errors()[0]
            raise damaged(path, f"{'.'.join(map(str, first['loc']))}: {first['msg'][:100]}") from error

    def write(self, path: Any, durable: bool = False) -> None:
        """Write the file.

        Raises:
            StoreError: the disk refused.
        """
        write_json(path, self.model_dump(mode="json", exclude_defaults=True), durable)


def _plain(values: Any) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
