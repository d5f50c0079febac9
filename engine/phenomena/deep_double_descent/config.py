"""Knobs of deep double descent, Nakkiran et al. 2020, arXiv:1912.02292."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from engine.contract import Config, content_of, knob, one_of
from engine.data.knobs import data_knob
from engine.data.published import PUBLISHED
from engine.data.registry import source, too_few

WIDTHS = (2, 3, 5, 8, 12, 20, 32, 50, 80, 200, 600)
MODULES = ("resnet", "cnn")
LEAST_SIDE = 4  # pixels that the convolutional networks leave anything of
FEWEST = 2  # examples of a batch whose moments a normalisation can take
CONVOLUTIONAL, PERCEPTRON = one_of("model", *MODULES), one_of("model", "mlp")


class DeepDoubleDescentConfig(Config):
    """Knobs of the data, of the networks and of their training."""

    h: tuple[int, ...] = knob(
        WIDTHS, "hidden neurons of a layer (channels k of a convolutional network's first), all trained side by side", ge=1, le=2000
    )
    n: int = knob(700, "training examples", ge=100, le=60_000, log=True)
    noise: float = knob(0.2, "probability that a training label is replaced", ge=0.0, le=1.0)
    convention: Literal["uniform", "incorrect"] = knob("incorrect", "a replaced label is any class (uniform) or a wrong one (incorrect)")
    loss: Literal["mse", "ce"] = knob("mse", "squared loss summed over one-hot classes, or cross-entropy")
    steps: int = knob(550, "training", ge=100, le=2_000_000, unit="steps", log=True)
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
    model: Literal["mlp", "resnet", "cnn"] = knob("mlp", "a perceptron; the pre-activation ResNet18 or the five-layer CNN of width k = h")
    depth: int = knob(1, "hidden layers", ge=1, le=3, needs=(PERCEPTRON,))
    optimizer: Literal["adam", "sgd"] = knob("adam", "Adam (decay beside the gradient), or SGD with momentum")
    momentum: float = knob(0.9, "momentum of SGD", ge=0.0, le=0.99, needs=(one_of("optimizer", "sgd"),))
    batch: int = knob(0, "examples of a batch; 0: all", ge=0, le=60_000)
    schedule: Literal["constant", "inverse-root", "linear"] = knob(
        "constant", "learning rate: as it is, over sqrt(1 + floor(step/512)), or down to 0 in a line", needs=(CONVOLUTIONAL,)
    )
    augment: bool = knob(False, "train on images cut out at random of a margin of 4 pixels, half of them mirrored", needs=(CONVOLUTIONAL,))

    @model_validator(mode="after")
    def _fits_together(self) -> DeepDoubleDescentConfig:
        of, most = source(self.dataset), max(self.n, *self.samples, 0)
        if too_few(self.dataset, most, self.tests, of):
            allowed = f"{of.size} together" if of.tests is None else f"{of.size} and {of.tests}"
            raise ValueError(f"n (or samples) and tests must be at most {allowed} on {self.dataset}, got {most} and {self.tests}")
        if self.model in MODULES:
            self._fits_images(source(self.dataset).shape)
        return self

    def _fits_images(self, shape: tuple[int, ...]) -> None:
        """Refuse what convolutional networks cannot see, and batches without moments."""
        if len(shape) not in (2, 3):
            raise ValueError(f"model {self.model} needs images, such as dataset cifar10 or digits196, got {self.dataset}")
        if min(shape[:2]) < LEAST_SIDE:
            raise ValueError(f"model {self.model} needs images of at least {LEAST_SIDE} pixels a side, got {shape[0]}x{shape[1]}")
        if min(self.batch or self.n, *self.sizes) < FEWEST:
            raise ValueError(f"model {self.model} normalises batches: batch and samples must be 0 or at least {FEWEST}")

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
