"""What is known of an imported data set: its entry in the data folder, read without the arrays; and the arrays themselves."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, model_validator

from engine.errors import UsageError, echoed

Kind = Literal["classes", "targets", "spectrum"]
Floats = NDArray[np.float64]

FORMAT = 1
FEWEST_TESTS, TEST_SHARE = 500, 5  # rows kept for testing: so many, or a fifth where that is less
LONGEST_NAME, MOST_CLASSES, MOST_ROWS = 40, 1000, 5_000_000
NAME = re.compile(rf"[a-z][a-z0-9_-]{{0,{LONGEST_NAME - 1}}}")
RESERVED = frozenset({  # what a data knob takes without importing anything, and names that some systems give to devices
    "digits5k", "digits196", "mnist1d", "mnist", "fashion-mnist", "cifar10", "cifar100", "teacher", "four-point", "soudry", "gauss",
    "gaussian", "iid", "isotropic", "spiked", "power", "exp", "exponential", "log", "exp-eps", "none", "all", "con", "prn", "aux", "nul",
    "com1", "lpt1",
})  # fmt: skip


def checked_name(name: str) -> str:
    """Return a name that a data set may have.

    Raises:
        UsageError: it is none.
    """
    hint = f"names begin with a letter a-z and go on with a-z, 0-9, - and _, at most {LONGEST_NAME} in all; for example mine-1"
    if not NAME.fullmatch(name):
        raise UsageError(f"{echoed(name)!r} is no name for a data set", hint)
    if name in RESERVED:
        raise UsageError(f"the name {name} is taken: it stands for something built in", "choose another name, for example my-" + name)
    return name


Whole = Annotated[StrictInt, Field(ge=0, le=2**62)]
Text = Annotated[str, Field(max_length=500)]


class Entry(BaseModel):
    """What the data folder says of a data set.

    rows: examples, or eigenvalues; shape: of one input, (d,) of a row of numbers; classes, counts: names and how many rows each has;
    lo, hi: range of the inputs, or of the eigenvalues; whole_bytes: inputs are whole numbers from 0 to 255; repeated: rows whose inputs
    equal an earlier row's; target_lo, target_hi: range of real targets; signal: whether a spectrum has one; source: the file's name.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    kind: Kind
    rows: Annotated[Whole, Field(ge=2)]
    shape: Annotated[tuple[Annotated[Whole, Field(ge=1)], ...], Field(max_length=3)] = ()
    classes: Annotated[tuple[Text, ...], Field(max_length=MOST_CLASSES)] = ()
    counts: tuple[Whole, ...] = ()
    lo: StrictFloat
    hi: StrictFloat
    target_lo: StrictFloat = 0.0
    target_hi: StrictFloat = 0.0
    whole_bytes: StrictBool = False
    repeated: Whole = 0
    signal: StrictBool = False
    source: Text = ""
    imported: Text = ""
    size: Whole = 0
    format: int = FORMAT

    @model_validator(mode="after")
    def _belongs_together(self) -> Entry:
        if not NAME.fullmatch(self.name):
            raise ValueError("name")
        if len(self.classes) != len(self.counts) or (self.kind == "classes") != bool(self.classes):
            raise ValueError("classes")
        if self.kind == "classes" and (len(self.classes) < 2 or sum(self.counts) != self.rows):
            raise ValueError("counts")
        if (self.kind == "spectrum") == bool(self.shape):
            raise ValueError("shape")
        if not all(math.isfinite(number) for number in (self.lo, self.hi, self.target_lo, self.target_hi)):
            raise ValueError("range")
        return self

    @property
    def features(self) -> int:
        """Numbers of one input, d; 0 of a spectrum."""
        return math.prod(self.shape) if self.shape else 0

    @property
    def trainable(self) -> int:
        """The most rows that may be trained on, since some have to be left for testing."""
        return self.rows - min(FEWEST_TESTS, -(-self.rows // TEST_SHARE))

    @property
    def image(self) -> bool:
        """Whether an input is an image, scaled as a whole, and no row of numbers, scaled column by column."""
        return len(self.shape) > 1

    def record(self) -> dict[str, Any]:
        """The entry as JSON values."""
        return self.model_dump(mode="json")


@dataclass(frozen=True, eq=False)
class OwnData:
    """An imported data set, or what a file was understood to hold.

    inputs: (n, d) as stored, uint8, float32 or float64; None of a spectrum. y: (n,) labels from 0 (int64), real targets (float64), or
    empty. shape: of one input, images as height, width and perhaps channels. classes: names by label. eigenvalues: (k,) falling;
    signal: (k,) the coefficients along them. source: the file's name. notes: what was decided on the way, as sentences.
    """

    kind: Kind
    inputs: NDArray[Any] | None
    y: NDArray[Any]
    shape: tuple[int, ...] = ()
    classes: tuple[str, ...] = ()
    eigenvalues: Floats | None = None
    signal: Floats | None = None
    source: str = ""
    notes: tuple[str, ...] = ()
    name: str = ""
    sha256: str = ""

    @cached_property
    def x(self) -> Floats | None:
        """The inputs in double precision, (n, d)."""
        return None if self.inputs is None else self.inputs.astype(np.float64)

    @property
    def rows(self) -> int:
        """Examples, or eigenvalues."""
        return len(self.eigenvalues) if self.eigenvalues is not None else len(self.y)
