"""Knobs and presets of the edge of stability."""

from __future__ import annotations

import math
from typing import Any, Literal

from pydantic import model_validator

from engine.contract import Config, Preset, content_of, knob
from engine.data.knobs import data_knob
from engine.data.published import PUBLISHED
from engine.data.registry import source, too_many

SIGNALS, FEWEST = "mnist1d", 20
BEYOND = 2.1  # eta S from which networks are followed beside the quadratic model


class EdgeOfStabilityConfig(Config):
    """Knobs of the step sizes, the data, the network and the measurement of its sharpness."""

    edges: tuple[float, ...] = knob((10.0, 16.0, 24.0), "2/eta of the runs that are to reach their edge", ge=2.0, le=1000.0)
    control: float = knob(100.0, "2/eta of a run with so small a step that it stays below", ge=2.0, le=10_000.0, log=True)
    dataset: str = data_knob(
        SIGNALS, "1-D signals, real digits, images to be fetched, or your own data with classes: genlab data import",
        builtin=(SIGNALS, "digits196", "digits5k", *PUBLISHED), least={"n": FEWEST}, tests=False,
    )  # fmt: skip
    dataset_sha256: str = content_of("dataset")
    n: int = knob(200, "training examples", ge=FEWEST, le=5000, log=True)
    targets: Literal["parity", "one-hot"] = knob("parity", "one output, +1 for even classes and -1 for odd ones, or one a class")
    scaling: Literal["all", "columns"] = knob("all", "centred columns; root mean square 1 of all entries, or of every column")
    width: int = knob(32, "units of a hidden layer", ge=2, le=512, log=True)
    depth: int = knob(2, "hidden layers", ge=1, le=4)
    activation: Literal["tanh", "relu", "gelu"] = knob("tanh", "activation of the hidden layers")
    init: Literal["normal", "uniform"] = knob("normal", "N(0,1/fan-in), zero biases; or uniform within 1/sqrt(fan-in), biases too")
    precision: Literal["float64", "float32"] = knob("float64", "numbers that are computed with")
    steps: int = knob(1200, "steps of gradient descent", ge=50, le=100_000, unit="steps", log=True)
    goal: float = knob(0.0, "training accuracy of every network at which a run ends; 0: never", ge=0.0, le=1.0)
    every: int = knob(25, "steps from one measurement of the sharpness to the next", ge=1, le=1000, unit="steps")
    tol: float = knob(1e-4, "relative residual of the eigenvalue", ge=1e-10, le=0.1, log=True, label="tolerance")

    @model_validator(mode="after")
    def _apart(self) -> EdgeOfStabilityConfig:
        values = (*self.edges, self.control)
        if len(set(values)) < len(values):
            raise ValueError(f"edges and control must all differ, got {', '.join(f'{value:g}' for value in values)}")
        if self.precision == "float32" and self.tol < 1e-5:
            raise ValueError(f"tol must be at least 1e-05 with precision float32, got {self.tol:g}")
        refusal = too_many(self.dataset, self.n, FEWEST)
        if refusal:
            raise ValueError(refusal)
        return self

    @property
    def inputs(self) -> int:
        """Numbers of an example."""
        return math.prod(source(self.dataset).shape)

    @property
    def outputs(self) -> int:
        """Of a network."""
        return 1 if self.targets == "parity" else source(self.dataset).classes


COHEN: dict[str, Any] = {"targets": "one-hot", "scaling": "columns", "width": 200, "init": "uniform", "goal": 0.99}
FIVE_THOUSAND = "arXiv:2103.00065, tanh 200-200 on 5,000 images"
PRESETS = (
    Preset("quick", "three step sizes and a control on 200 signals, four seeds", {}, "arXiv:2103.00065, Fig. 1 and 5, reduced", seeds=4),
    Preset("standard", "five step sizes on 400 signals, for longer",
           {"edges": (8.0, 12.0, 16.0, 24.0, 32.0), "control": 128.0, "n": 400, "steps": 2500},
           "arXiv:2103.00065, Fig. 5, reduced", seeds=4),
    Preset("cohen", "the paper's tanh network on 5,000 images of CIFAR-10, to 99 % of them right",
           {**COHEN, "dataset": "cifar10", "n": 5000, "edges": (50.0, 100.0, 200.0), "control": 1000.0, "steps": 50_000, "every": 50,
            "precision": "float32"},
           FIVE_THOUSAND, needs="cifar10 and a GPU"),
    Preset("cohen-small", "the same network a third as wide, on 500 digits instead of CIFAR-10",
           {**COHEN, "dataset": "digits196", "n": 500, "width": 64, "goal": 0.0, "edges": (5.0, 6.0, 8.0), "control": 50.0,
            "steps": 2000},
           FIVE_THOUSAND),
)  # fmt: skip
