"""Writes distributions that declare phenomena, as installing them would leave them in a folder of packages."""

import threading
from pathlib import Path

RELEASE = threading.Event()  # what a package that hangs waits for
DECLARATION = '''"""Coin: is it fair?

A phenomenon of another package.
"""
from engine.contract import Axis, Claim, Config, Figure, Preset, knob
from engine.declare import declare

class CoinConfig(Config):
    tosses: int = knob(40, "Tosses.", ge=1, le=10**9)

SPEC = declare(
    __name__, __doc__, config=CoinConfig, presets=(Preset("quick", "few"), Preset("standard", "more", {"tosses": 100})),
    figures=(Figure("heads", "Share of heads", Axis("toss"), Axis("share"), ("heads/*",)),),
    claims=(Claim("C1", "The coin is fair", "nobody 1901", "1/2", "0.2"),), references=("nobody 1901",), instant=True,
)
'''
EXPERIMENT = '''"""Tosses a coin."""
import time
from typing import ClassVar
import numpy as np
from engine.contract import Series
from engine.judging import PENDING, decided
from engine.phenomenon import Training, geometric_grid
from engine.seeds import streams
from engine.state import State
from PACKAGE import SPEC

def _fair(run):
    return decided(bool(abs(run.share[0] - 0.5) <= 0.2), run.share[0], predicted=0.5) if run.done else PENDING

class Coin(Training):
    spec = SPEC
    judges: ClassVar = {"C1": _fair}

    def __init__(self, config, seeds, device="cpu", preset="quick"):
        super().__init__(config, seeds, device, preset)
        self.total = config.tosses
        self.grid = geometric_grid(self.total)
        self.streams = [streams(seed) for seed in seeds]
        self.heads = np.zeros(len(seeds))

    @property
    def share(self):
        return (self.heads / max(1, self.step)).tolist()

    def train(self, target, budget):
        self.heads = self.heads + [float(stream.data.integers(2)) for stream in self.streams]
        return self.step + 1

    def measure(self):
        return {"heads": self.share}

    def series(self):
        steps, shares = self.history.column("heads")
        return tuple(Series(f"heads/{s}", f"seed {s}", steps, shares[:, i]) for i, s in enumerate(self.seeds) if len(steps))

    def state(self):
        state = super().state()
        return State({"heads": self.heads}, {**state.scalars, "streams": [stream.state() for stream in self.streams]})

    def restore(self, state):
        super().restore(State({}, state.scalars))
        self.heads = state.arrays["heads"]
        for stream, saved in zip(self.streams, state.scalars["streams"], strict=True):
            stream.restore(saved)
'''


def install(folder: Path, distribution: str, entry_points: dict[str, str], **modules: str) -> Path:
    """Write a distribution with its entry points {phenomenon: package} and modules {dotted name with __ for dots: source}."""
    for name, source in modules.items():
        path = folder / Path(*name.split("__"))
        package = any(other.startswith(f"{name}__") for other in modules) or name in entry_points.values()
        path = path / "__init__.py" if package else path.with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    info = folder / f"{distribution}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    points = "".join(f"{name} = {package}\n" for name, package in entry_points.items())
    (info / "entry_points.txt").write_text(f"[genlab.phenomena]\n{points}")
    return folder
