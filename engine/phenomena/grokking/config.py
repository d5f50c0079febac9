"""The knobs of grokking and its presets."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from engine.contract import Config, Preset, knob
from engine.theory.modular_arithmetic.operations import CYCLIC, is_prime

LINEAR = 100  # so many measurements are `every` steps apart; later ones 20 a decade, so that a long run stays small
PRIMES = tuple(q for q in range(11, 200) if is_prime(q))
Speedup = Literal["none", "grokfast", "perp-grad", "stablemax"]


class GrokkingConfig(Config):
    """Knobs of modular arithmetic and of what learns it."""

    p: int = knob(59, "modulus, a prime", ge=11, le=199, log=True)
    model: Literal["gromov", "mlp", "transformer"] = knob(
        "gromov", "Gromov's quadratic network, Prieto's perceptron or Nanda's one-layer transformer"
    )
    width: int = knob(200, "neurons of a hidden layer", ge=50, le=2000, log=True)
    fraction: float = knob(0.3, "share of all pairs that is shown in training", ge=0.05, le=0.95)
    optimizer: Literal["adamw", "sgd"] = knob("adamw", "AdamW, or full-batch gradient descent (decay added to the gradient)")
    momentum: float = knob(0.9, "momentum of sgd", ge=0.0, le=0.999)
    beta2: float = knob(0.98, "how slowly AdamW's mean of squared gradients changes", ge=0.5, le=0.9999)
    wd: float = knob(1.0, "weight decay", ge=0.0, le=10.0, label="weight decay")
    lr: float = knob(0.005, "learning rate", ge=1e-4, le=0.1, log=True, label="learning rate", divergence=True)
    op: Literal["add", "sub", "mul", "div", "x2+y2", "x2+xy+y2", "x3+xy", "s5"] = knob(
        "add", "operation mod p, or composition in S5; Gromov's network has the first four", label="operation"
    )
    act: Literal["square", "relu"] = knob("square", "activation of Gromov's network (the others have relu)", label="activation")
    steps: int = knob(1200, "training steps", ge=100, le=1_000_000, unit="steps", log=True)
    every: int = knob(20, f"steps between {LINEAR} measurements; 20 a decade beside and beyond", ge=1, le=1000, unit="steps")
    speedup: Speedup = knob("none", "what is done to the gradient, or to the softmax; a control is trained beside")
    sweep: bool = knob(False, "train fractions .2 to .6 times weight decays 0, .3, 1, 3 beside")

    @model_validator(mode="after")
    def _fits_together(self) -> GrokkingConfig:
        if self.p not in PRIMES:
            near = sorted(sorted(PRIMES, key=lambda q: abs(q - self.p))[:3])
            raise ValueError(f"p must be a prime between 11 and 199, got {self.p}; nearby: {', '.join(map(str, near))}")
        if self.model == "gromov":
            if self.op not in CYCLIC:
                raise ValueError(f"op must be {', '.join(CYCLIC)} with Gromov's network, got {self.op}; choose model transformer or mlp")
            if self.speedup == "stablemax":
                raise ValueError("speedup stablemax needs a softmax, which Gromov's network has not; choose model transformer or mlp")
        return self


PRESETS = (
    Preset("quick", "addition mod 59 with and without weight decay; half of the table mod 53 without", {}, "arXiv:2301.02679"),
    Preset(
        "standard", "data fractions .2 to .6 times weight decays 0 to 3, three seeds of each", {"sweep": True, "steps": 3000},
        "arXiv:2301.02679; arXiv:2201.02177, Fig. 1", seeds=3,
    ),
    Preset(
        "long-delay", "a smaller table, memorised within 30 steps and understood thousands of steps later; three seeds",
        {"p": 41, "width": 160, "fraction": 0.35, "steps": 4000}, "arXiv:2301.02679", seeds=3,
    ),
    Preset(
        "nanda", "the one-layer transformer of 226,816 parameters as published; tens of minutes on a CPU",
        {
            "model": "transformer", "p": 113, "width": 512, "wd": 1.0, "lr": 0.001, "steps": 40_000, "every": 100,
        },
        "arXiv:2301.05217, Sec. 3 and 5",
    ),
    Preset(
        "prieto", "a perceptron without weight decay: perp-Grad groks within 300 steps, its control does not",
        {
            "model": "mlp", "p": 113, "width": 200, "fraction": 0.4, "wd": 0.0, "lr": 0.01, "beta2": 0.99, "steps": 300, "every": 10,
            "speedup": "perp-grad",
        },
        "arXiv:2501.04697, Fig. 1",
    ),
)  # fmt: skip
