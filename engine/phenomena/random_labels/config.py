"""Knobs of the randomisation test, Zhang et al. 2017, arXiv:1611.03530."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from engine.contract import Condition, Config, content_of, knob, one_of
from engine.data.knobs import data_knob
from engine.data.published import PUBLISHED
from engine.data.registry import source, too_many

DATA, FEWEST = ("digits5k", "digits196", "mnist1d"), 100
SHORTEST = 3  # signal that the CNN's three strides leave anything of
PROBE = 500  # test images scored while a network trains; all of them once it has finished
SCORED = 5_000  # training examples up to which a perceptron is scored on all of them at every measurement
LOW = 0.1  # training loss at which Fig. 1's conditions are compared
LEAST_SIDE = 4  # pixels that the convolutional networks leave anything of
MODULES = ("inception", "alexnet", "wrn")
COLOURED, SQUARE = 3, 2  # dimensions of an image with colours, and of one without


PERCEPTRON, CONVOLUTIONAL = one_of("model", "mlp", "both"), one_of("model", *MODULES)
CROPPED = Condition(
    "crop above 0, scaling image, inputs true and a convolutional model",
    lambda config: config.crop > 0 and config.scaling == "image" and config.inputs == "true" and config.model in MODULES,
)


class RandomLabelsConfig(Config):
    """Knobs of the randomisation test."""

    dataset: str = data_knob(
        "digits5k", "digits 28x28, the same 14x14, 1-D signals; images to be fetched: genlab data fetch; your own: genlab data import",
        builtin=(*DATA, *PUBLISHED), least={"n": FEWEST},
    )  # fmt: skip
    dataset_sha256: str = content_of("dataset")
    n: int = knob(1000, "training examples", ge=FEWEST, le=60_000, log=True)
    corruption: float = knob(1.0, "probability that a random label replaces the true one", ge=0.0, le=1.0)
    levels: tuple[float, ...] = knob((0.25, 0.5, 0.75), "the same where labels are partly random; 1 for none between", ge=0.0, le=1.0)
    noise: Literal["uniform", "incorrect"] = knob("uniform", "a replaced label is any class (uniform) or a wrong one (incorrect)")
    inputs: Literal["true", "shuffled", "random-pixels", "gaussian"] = knob("true", "what networks with replaced labels see")
    corrupted_pixels: bool = knob(True, "whether networks are also trained on shuffled, random and Gaussian pixels")
    scaling: Literal["global", "channel", "image"] = knob("global", "mean and deviation of all numbers, of each colour, or of every image")
    crop: int = knob(0, "pixels of a side that are kept of an image's centre; 0: all", ge=0, le=256, unit="pixels")
    random_crops: bool = knob(False, "true pixels: train on crops at random places, test on the centre", needs=(CROPPED,))
    model: Literal["mlp", "both", "inception", "alexnet", "wrn"] = knob(
        "mlp", "an MLP; a three-layer CNN beside it (mnist1d only); the small Inception or AlexNet; a wide residual network"
    )
    width: int = knob(512, "units of a hidden layer", ge=16, le=4096, log=True, needs=(PERCEPTRON,))
    depth: int = knob(1, "hidden layers", ge=1, le=4, needs=(PERCEPTRON,))
    width_multiplier: float = knob(1.0, "times the published channels", ge=0.02, le=4.0, log=True, needs=(CONVOLUTIONAL,))
    batch_norm: bool = knob(True, "whether the Inception normalises batches", needs=(one_of("model", "inception"),))
    wrn_depth: int = knob(28, "layers of the wide residual network, 6k + 4", ge=10, le=40, needs=(one_of("model", "wrn"),))
    lr: float = knob(0.05, "learning rate", ge=1e-4, le=1.0, log=True, label="learning rate", divergence=True)
    schedule: Literal["constant", "epochwise", "drops"] = knob(
        "constant", "learning rate: as it is, times .95 after every epoch, or a tenth after 1/2 and 3/4 of the epochs"
    )
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
        self._fits_images(shape)
        if self.model == "both" and len(shape) > 1:
            raise ValueError(f"model both needs dataset mnist1d, because the CNN is one-dimensional, got {self.dataset}")
        if self.model == "both" and shape[0] < SHORTEST:
            raise ValueError(f"model both needs rows of at least {SHORTEST} numbers for its CNN, got {self.dataset} with {shape[0]}")
        return self

    def _fits_images(self, shape: tuple[int, ...]) -> None:
        """Refuse what needs images, or larger ones."""
        image = len(shape) in (SQUARE, COLOURED)
        if self.model in MODULES and not image:
            raise ValueError(f"model {self.model} needs images, such as dataset cifar10 or digits5k, got {self.dataset}")
        if self.crop and not image:
            raise ValueError(f"crop needs images, got dataset {self.dataset}")
        if image and self.crop > min(shape[:2]):
            raise ValueError(f"crop must be at most the {min(shape[:2])} pixels of a side of {self.dataset}, got {self.crop}")
        if self.model in MODULES and min(seen_shape(shape, self.crop)[:2]) < LEAST_SIDE:
            raise ValueError(f"model {self.model} needs images of at least {LEAST_SIDE} pixels a side")
        if self.model == "alexnet" and len({*seen_shape(shape, self.crop)[:2]}) > 1:
            raise ValueError(f"model alexnet needs square images, got {shape[0]}x{shape[1]}: set crop")
        if self.model == "wrn" and (self.wrn_depth - 4) % 6:
            raise ValueError(f"wrn depth must be 6k + 4 (10, 16, 22, 28, ...), got {self.wrn_depth}")
        if self.random_crops and not CROPPED.test(self):
            raise ValueError(f"random crops need {CROPPED.words}")

    @property
    def between(self) -> tuple[float, ...]:
        """The levels at which networks are trained beside true labels and those of `corruption`."""
        return tuple(q for q in dict.fromkeys(self.levels) if q not in (0.0, self.corruption))

    @property
    def counted(self) -> bool:
        """Whether training accuracy is a running count of the networks' own predictions, and not scored anew at every measurement."""
        return self.model in MODULES or self.n > SCORED or self.schedule != "constant"


BETWEEN = Condition("levels of corruption between", lambda config: bool(config.between))


def seen_shape(shape: tuple[int, ...], crop: int) -> tuple[int, ...]:
    """Return the shape of an image as networks see it."""
    return (crop, crop, *shape[2:]) if crop else shape
