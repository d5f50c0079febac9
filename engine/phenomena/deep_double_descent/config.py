"""Knobs and presets of deep double descent, Nakkiran et al. 2020, arXiv:1912.02292."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from engine.contract import Config, Preset, knob
from engine.data.registry import source

WIDTHS = (4, 12, 24, 48, 100, 200, 500)
NOTEBOOK = {
    "h": (9, 12, 16, 27, 36, 47, 61, 104, 135, 300), "n": 4000, "tests": 12_000, "noise": 0.15, "loss": "ce", "depth": 2,
    "optimizer": "sgd", "batch": 100, "steps": 20_000, "clean": True, "samples": (0,),
}  # fmt: skip
DIGITS = {
    "dataset": "digits196", "h": (8, 12, 20, 32, 50, 70, 100, 250, 1000), "n": 1000, "tests": 2000, "lr": 0.001, "steps": 3000,
    "clean": True, "samples": (62, 125, 250, 500), "sample_h": 50,
}  # fmt: skip


class DeepDoubleDescentConfig(Config):
    """Knobs of the data, of the networks and of their training."""

    h: tuple[int, ...] = knob(WIDTHS, "hidden neurons of a layer, all trained side by side", ge=1, le=2000)
    n: int = knob(500, "training examples", ge=100, le=50_000, log=True)
    noise: float = knob(0.2, "probability that a training label is replaced", ge=0.0, le=1.0)
    convention: Literal["uniform", "incorrect"] = knob("uniform", "a replaced label is any class (uniform) or a wrong one (incorrect)")
    loss: Literal["mse", "ce"] = knob("mse", "squared loss summed over one-hot classes, or cross-entropy")
    steps: int = knob(1500, "training", ge=100, le=500_000, unit="steps", log=True)
    lr: float = knob(0.01, "learning rate", ge=1e-4, le=1.0, log=True, label="learning rate", divergence=True)
    wd: float = knob(0.0, "weight decay", ge=0.0, le=1.0, label="weight decay")
    eps: float = knob(0.1, "training error that counts as fitted", ge=0.01, le=0.3)
    clean: bool = knob(False, "train beside it on true labels")
    samples: tuple[int, ...] = knob((8, 16, 31, 62, 125, 250), "further sample sizes, trained on noisy labels; 0: none", ge=0, le=50_000)
    sample_h: int = knob(48, "widest network trained at those", ge=1, le=2000, log=True)
    dataset: Literal["mnist1d", "digits5k", "digits196"] = knob("mnist1d", "1-D signals, or real digits 28x28 or 14x14")
    tests: int = knob(1500, "test examples", ge=100, le=12_000, log=True)
    depth: int = knob(1, "hidden layers", ge=1, le=3)
    optimizer: Literal["adam", "sgd"] = knob("adam", "Adam (decay beside the gradient), or SGD with momentum")
    momentum: float = knob(0.9, "momentum of SGD", ge=0.0, le=0.99)
    batch: int = knob(0, "examples of a batch; 0: all", ge=0, le=50_000)

    @model_validator(mode="after")
    def _fits_together(self) -> DeepDoubleDescentConfig:
        size, most = source(self.dataset).size, max(self.n, *self.samples, 0)
        if size is not None and most + self.tests > size:
            raise ValueError(f"n and tests must be at most {size} together on {self.dataset}, got {most} and {self.tests}")
        return self

    @property
    def widths(self) -> list[int]:
        """The widths trained at n, rising."""
        return sorted(set(self.h))

    @property
    def swept(self) -> list[int]:
        """The widths trained at every sample size, rising; none where there is one sample size only."""
        return [h for h in self.widths if h <= self.sample_h] if set(self.samples) - {self.n, 0} else []

    @property
    def sizes(self) -> list[int]:
        """The sample sizes trained, rising."""
        return sorted({self.n, *self.samples} - {0}) if self.swept else [self.n]


PRESETS = (
    Preset("quick", "seven widths on 500 noisy signals", {}, "arXiv:1912.02292, Fig. 1, on MNIST-1D (arXiv:2011.14439)"),
    Preset("standard", "noisy and clean labels, eleven sample sizes, three seeds",
           {"clean": True, "samples": (1, 2, 4, 8, 16, 31, 62, 125, 250, 1000)}, "arXiv:1912.02292, Fig. 1 and 11", seeds=3),
    Preset("digits5k", "the 5,000 real digits at 14x14 with label noise, clean labels beside", DIGITS,
           "arXiv:1912.02292, Fig. 1, on the digits of MNIST"),
    Preset("mnist1d-notebook", "the published notebook: two hidden layers, 4000 signals, SGD for 500 epochs, 15 % noise",
           NOTEBOOK, "arXiv:2011.14439, deep double descent notebook"),
)  # fmt: skip
