"""What is known of every member at the latest measurement, in a form that is saved and read back exactly."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.vacuous_bounds.claims import Certified
from engine.phenomena.vacuous_bounds.table import CLASS_BOUNDS
from engine.theory.bounds.risk_bounds import Bound

Floats = NDArray[np.float64]


@dataclass
class Member:
    """One network: its errors, bounds by name, training margins (n,), the scale `|X|_F R_A/n` and its certificate."""

    arm: str
    seed: int
    train_error: float
    test_error: float
    margins: Floats
    scale: float
    bounds: dict[str, Bound] = field(default_factory=dict)
    certified: Certified | None = None


@dataclass
class Standing:
    """Every member, and whether training and drawing are over."""

    members: list[Member] = field(default_factory=list)
    learned: bool = False
    drawn: bool = False

    def class_bounds(self) -> dict[str, Floats]:
        """Return values and complexities of the class-wide bounds by arm, (seeds, 3, 2); nothing until training is over."""
        found: dict[str, list[list[list[float]]]] = {}
        for member in self.members if self.learned else []:
            rows = [[member.bounds[name].value, member.bounds[name].complexity] for name in CLASS_BOUNDS]
            found.setdefault(member.arm, []).append(rows)
        return {arm: np.array(rows) for arm, rows in found.items()}

    def certificates(self) -> list[Certified]:
        """Return the final certificates; nothing until every draw is made."""
        return [member.certified for member in self.members if member.certified] if self.drawn else []

    def plain(self) -> dict[str, Any]:
        """Return everything but the margins as plain JSON."""
        rows = [{name: value for name, value in asdict(member).items() if name != "margins"} for member in self.members]
        return {"members": rows, "learned": self.learned, "drawn": self.drawn}

    @staticmethod
    def read(plain: dict[str, Any], margins: Floats) -> Standing:
        """Return what `plain` wrote; margins: (members, n)."""
        members = []
        for row, each in zip(plain["members"], margins, strict=True):
            bounds = {name: Bound(**bound) for name, bound in row["bounds"].items()}
            certified = Certified(**row["certified"]) if row["certified"] else None
            members.append(Member(**{**row, "bounds": bounds, "certified": certified, "margins": each}))
        return Standing(members, plain["learned"], plain["drawn"])
