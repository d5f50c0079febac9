"""Knobs and presets of deep double descent, Nakkiran et al. 2020, arXiv:1912.02292."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from engine.contract import Config, Preset, content_of, knob, one_of
from engine.data.knobs import data_knob
from engine.data.published import PUBLISHED
from engine.data.registry import source, too_few

WIDTHS = (2, 3, 5, 8, 12, 20, 32, 50, 80, 200, 600)
SIGNALS = {
    "dataset": "mnist1d", "h": (2, 4, 8, 12, 20, 36, 64, 100, 150, 200, 300, 500, 1500), "n": 1000, "tests": 2000, "lr": 0.01,
    "steps": 1000, "convention": "uniform", "samples": (0,),
}  # fmt: skip
NOTEBOOK = {
    "dataset": "mnist1d", "h": (9, 12, 16, 27, 36, 47, 61, 104, 135, 300), "n": 4000, "tests": 12_000, "noise": 0.15,
    "convention": "uniform", "loss": "ce", "depth": 2, "lr": 0.01, "optimizer": "sgd", "batch": 100, "steps": 20_000, "clean": True,
    "samples": (0,),
}  # fmt: skip
STANDARD = {"clean": True, "samples": (1, 2, 4, 8, 16, 31, 62, 125, 250, 400, 1200), "sample_h": 50}


class DeepDoubleDescentConfig(Config):
    """Knobs of the data, of the networks and of their training."""

    h: tuple[int, ...] = knob(WIDTHS, "hidden neurons of a layer, all trained side by side", ge=1, le=2000)
    n: int = knob(700, "training examples", ge=100, le=60_000, log=True)
    noise: float = knob(0.2, "probability that a training label is replaced", ge=0.0, le=1.0)
    convention: Literal["uniform", "incorrect"] = knob("incorrect", "a replaced label is any class (uniform) or a wrong one (incorrect)")
    loss: Literal["mse", "ce"] = knob("mse", "squared loss summed over one-hot classes, or cross-entropy")
    steps: int = knob(550, "training", ge=100, le=500_000, unit="steps", log=True)
    lr: float = knob(0.003, "learning rate", ge=1e-4, le=1.0, log=True, label="learning rate", divergence=True)
    wd: float = knob(0.0, "weight decay", ge=0.0, le=1.0, label="weight decay")
    eps: float = knob(0.1, "training error that counts as fitted", ge=0.01, le=0.3)
    clean: bool = knob(False, "train beside it on true labels")
    samples: tuple[int, ...] = knob((50, 100, 200, 400), "further sample sizes, trained on noisy labels; 0: none", ge=0, le=60_000)
    sample_h: int = knob(20, "widest network trained at those", ge=1, le=2000, log=True)
    dataset: str = data_knob(
        "digits196",
        "digits at 14x14 or 28x28, 1-D signals; images to be fetched: genlab data fetch; your own: genlab data import",
        builtin=("mnist1d", "digits5k", "digits196", *PUBLISHED), least={"n": 100, "tests": 20, "samples": (0,)},
    )  # fmt: skip
    dataset_sha256: str = content_of("dataset")
    tests: int = knob(3000, "test examples", ge=20, le=12_000, log=True)
    depth: int = knob(1, "hidden layers", ge=1, le=3)
    optimizer: Literal["adam", "sgd"] = knob("adam", "Adam (decay beside the gradient), or SGD with momentum")
    momentum: float = knob(0.9, "momentum of SGD", ge=0.0, le=0.99, needs=(one_of("optimizer", "sgd"),))
    batch: int = knob(0, "examples of a batch; 0: all", ge=0, le=60_000)

    @model_validator(mode="after")
    def _fits_together(self) -> DeepDoubleDescentConfig:
        of, most = source(self.dataset), max(self.n, *self.samples, 0)
        if too_few(self.dataset, most, self.tests, of):
            allowed = f"{of.size} together" if of.tests is None else f"{of.size} and {of.tests}"
            raise ValueError(f"n (or samples) and tests must be at most {allowed} on {self.dataset}, got {most} and {self.tests}")
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
    Preset("quick", "eleven widths on 700 digits, a fifth of the labels wrong", {},
           "arXiv:1912.02292, Fig. 1, with the network of arXiv:1812.11118, Fig. 4"),
    Preset("standard", "noisy and true labels, twelve sample sizes, three seeds", STANDARD, "arXiv:1912.02292, Fig. 1 and 11", seeds=3),
    Preset("mnist1d", "thirteen widths on 1000 noisy signals", SIGNALS, "arXiv:1912.02292, Fig. 1, on MNIST-1D (arXiv:2011.14439)"),
    Preset("mnist1d-notebook", "the published notebook: two hidden layers, 4000 signals, SGD for 500 epochs, 15 % noise",
           NOTEBOOK, "arXiv:2011.14439, deep double descent notebook"),
)  # fmt: skip
