"""Knobs and presets of neural collapse."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from engine.contract import Config, Preset, content_of, knob
from engine.data.knobs import data_knob
from engine.data.registry import imported, source

DATA = ("digits196", "digits5k")
SEEN = 2  # the fewest test images of a class that have a mean and a scatter about it


class NeuralCollapseConfig(Config):
    """Knobs of the data, the network, its training, and the model whose features are free."""

    dataset: str = data_knob("digits196", "real digits at 14x14 or 28x28, or your own: genlab data import", builtin=DATA)
    dataset_sha256: str = content_of("dataset")
    labels: Literal["both", "true", "random"] = knob("both", "train on true labels, on shuffled ones, or a network on each")
    per_class: int = knob(50, "training images of each class", ge=2, le=5000, log=True, label="images a class")
    tests: int = knob(100, "test images of each class, or as many as there are", ge=SEEN, le=5000, log=True, label="test images a class")
    width: int = knob(100, "units of a hidden layer, features of the last", ge=2, le=1000, log=True)
    depth: int = knob(3, "hidden layers", ge=1, le=6)
    init: float = knob(0.5, "first weights, times those of He et al. 2015", ge=0.01, le=4.0, log=True, label="initial scale")
    loss: Literal["half-squared", "cross-entropy"] = knob("half-squared", "half squared error on one-hot labels, or cross-entropy")
    lr: float = knob(0.002, "learning rate of AdamW", ge=1e-5, le=0.1, log=True, label="learning rate", divergence=True)
    wd: float = knob(1.0, "weight decay of AdamW", ge=0.0, le=10.0, label="weight decay")
    batch: int = knob(100, "examples of a batch", ge=2, le=1000, log=True)
    steps: int = knob(1000, "steps; the rate falls to a tenth after 2/3 and 5/6 of them", ge=30, le=200_000, unit="steps", log=True)
    free_features: int = knob(16, "free features of an example", ge=1, le=200, label="free: features", log=True)
    free_examples: int = knob(5, "free examples of a class", ge=1, le=100, label="free: examples a class", log=True)
    lw: float = knob(0.005, "decay of the free model's weights", ge=1e-6, le=1.0, log=True, label="free: weight decay")
    lh: float = knob(0.005, "decay of the free model's features", ge=1e-6, le=1.0, log=True, label="free: feature decay")

    @model_validator(mode="after")
    def _fits_together(self) -> NeuralCollapseConfig:
        name, has = scarcest(self.dataset)
        if self.per_class + SEEN > has:
            most = has - SEEN
            least = f"at most {most}" if most >= 2 else f"at least 2, which needs {2 + SEEN} images of each class"
            raise ValueError(
                f"per_class must be {least}: class {name} of {self.dataset} has {has:,} images, and {SEEN} are left for testing, "
                f"got {self.per_class}"
            )
        examples = self.per_class * self.classes
        if self.batch > examples:
            raise ValueError(f"batch must be at most {examples:,}, all training images, got {self.batch}")
        return self

    @property
    def classes(self) -> int:
        """How many classes the data have."""
        return source(self.dataset).classes

    @property
    def tested(self) -> int:
        """Test images of each class."""
        return min(self.tests, scarcest(self.dataset)[1] - self.per_class)


def scarcest(dataset: str) -> tuple[str, int]:
    """Return the class with the fewest images, and how many."""
    entry = imported(dataset)
    if entry is None:
        found = source(dataset)
        assert found.size is not None  # of the built-in sets that are taken
        return "0", found.size // found.classes
    place = min(range(len(entry.counts)), key=entry.counts.__getitem__)
    return entry.classes[place], entry.counts[place]


PRESETS = (
    Preset("quick", "true and shuffled labels of 500 digits, three seeds", {},
           "arXiv:2008.08186, Fig. 2 to 7, reduced: a perceptron on digits, squared error", seeds=3),
    Preset("standard", "twice the images and units, three times the steps, five seeds", {"per_class": 100, "steps": 3000, "width": 200},
           "arXiv:2008.08186, Fig. 2 to 7, reduced", seeds=5),
    Preset("cross-entropy", "cross-entropy and a hundredth of the decay: fitted as soon, hardly collapsed",
           {"loss": "cross-entropy", "wd": 0.01}, "arXiv:2008.08186 sees collapse with cross-entropy: deeper nets, 350 epochs", seeds=3),
)  # fmt: skip
