"""Knobs and presets of the edge of stability."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from engine.contract import Config, Preset, knob


class EdgeOfStabilityConfig(Config):
    """Knobs of the step sizes, the network and the measurement of its sharpness."""

    edges: tuple[float, ...] = knob((10.0, 16.0, 24.0), "2/eta of the runs that are to reach their edge", ge=2.0, le=1000.0)
    control: float = knob(100.0, "2/eta of a run with so small a step that it stays below", ge=2.0, le=10_000.0, log=True)
    n: int = knob(200, "training examples: MNIST-1D, even digits +1, odd ones -1", ge=20, le=4000, log=True)
    width: int = knob(32, "units of a hidden layer", ge=2, le=512, log=True)
    depth: int = knob(2, "hidden layers", ge=1, le=4)
    activation: Literal["tanh", "relu", "gelu"] = knob("tanh", "activation of the hidden layers")
    steps: int = knob(1200, "steps of gradient descent", ge=50, le=100_000, unit="steps", log=True)
    every: int = knob(25, "steps from one measurement of the sharpness to the next", ge=1, le=1000, unit="steps")
    tol: float = knob(1e-4, "relative residual of the eigenvalue", ge=1e-10, le=0.1, log=True, label="tolerance")

    @model_validator(mode="after")
    def _apart(self) -> EdgeOfStabilityConfig:
        values = (*self.edges, self.control)
        if len(set(values)) < len(values):
            raise ValueError(f"edges and control must all differ, got {', '.join(f'{value:g}' for value in values)}")
        return self


PRESETS = (
    Preset("quick", "three step sizes and a control on 200 signals, four seeds", {}, "arXiv:2103.00065, Fig. 1 and 5, reduced", seeds=4),
    Preset("standard", "five step sizes on 400 signals, for longer",
           {"edges": (8.0, 12.0, 16.0, 24.0, 32.0), "control": 128.0, "n": 400, "steps": 2500},
           "arXiv:2103.00065, Fig. 5, reduced", seeds=4),
)  # fmt: skip
