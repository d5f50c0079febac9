"""Knobs and presets of the randomisation test, Zhang et al. 2017, arXiv:1611.03530."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from engine.contract import Config, Preset, content_of, knob
from engine.data.knobs import data_knob
from engine.data.published import PUBLISHED
from engine.data.registry import source, too_many

DATA, FEWEST = ("digits5k", "digits196", "mnist1d"), 100
SHORTEST = 3  # signal that the CNN's three strides leave anything of
PROBE = 500  # test images scored while a network trains; all of them once it has finished


class RandomLabelsConfig(Config):
    """Knobs of the randomisation test."""

    dataset: str = data_knob(
        "digits5k", "digits 28x28, the same 14x14, 1-D signals; images to be fetched: genlab data fetch; your own: genlab data import",
        builtin=(*DATA, *PUBLISHED), least={"n": FEWEST},
    )  # fmt: skip
    dataset_sha256: str = content_of("dataset")
    n: int = knob(1000, "training examples", ge=FEWEST, le=60_000, log=True)
    corruption: float = knob(1.0, "probability that a random label replaces the true one", ge=0.0, le=1.0)
    levels: tuple[float, ...] = knob((0.25, 0.5, 0.75), "the same where labels are partly random", ge=0.0, le=1.0)
    noise: Literal["uniform", "incorrect"] = knob("uniform", "a replaced label is any class (uniform) or a wrong one (incorrect)")
    inputs: Literal["true", "shuffled", "random-pixels", "gaussian"] = knob("true", "what networks with replaced labels see")
    model: Literal["mlp", "both"] = knob("mlp", "an MLP, or a three-layer CNN beside it (mnist1d only)")
    width: int = knob(512, "units of a hidden layer", ge=16, le=4096, log=True)
    depth: int = knob(1, "hidden layers", ge=1, le=4)
    lr: float = knob(0.05, "learning rate", ge=1e-4, le=1.0, log=True, label="learning rate", divergence=True)
    momentum: float = knob(0.9, "momentum of SGD", ge=0.0, le=0.99)
    batch: int = knob(100, "examples of a batch, at most n", ge=1, le=60_000, log=True)
    wd: float = knob(0.0, "weight decay", ge=0.0, le=0.01, label="weight decay")
    epochs: int = knob(60, "longest training; a network stops earlier when it fits every label", ge=1, le=1000, unit="epochs", log=True)

    @model_validator(mode="after")
    def _fits_together(self) -> RandomLabelsConfig:
        refusal = too_many(self.dataset, self.n, FEWEST)
        if refusal:
            raise ValueError(refusal)
        if self.batch > self.n:
            raise ValueError(f"batch must be at most n={self.n}, got {self.batch}")
        shape = source(self.dataset).shape
        if self.model == "both" and len(shape) > 1:
            raise ValueError(f"model both needs dataset mnist1d, because the CNN is one-dimensional, got {self.dataset}")
        if self.model == "both" and shape[0] < SHORTEST:
            raise ValueError(f"model both needs rows of at least {SHORTEST} numbers for its CNN, got {self.dataset} with {shape[0]}")
        return self


PRESETS = (
    Preset(
        "quick", "one seed of every condition on 1,000 real digits", {},
        "arXiv:1611.03530, Fig. 1 and Table 1 (MLP 1x512), on MNIST digits",
    ),
    Preset(
        "standard",
        "MLP 2x512 and a CNN on MNIST-1D, six corruption levels, five seeds",
        {"dataset": "mnist1d", "n": 4000, "model": "both", "depth": 2, "levels": (0.2, 0.4, 0.6, 0.8), "epochs": 45},
        "arXiv:2011.14439 (shuffled MNIST-1D) with the conditions of arXiv:1611.03530",
        seeds=5,
    ),
    Preset(
        "zhang-3x512",
        "the paper's deepest MLP, three layers of 512, with its learning rate, on digits instead of CIFAR-10",
        {"depth": 3, "lr": 0.01, "epochs": 200},
        "arXiv:1611.03530, Table 1 (MLP 3x512)",
    ),
)  # fmt: skip
