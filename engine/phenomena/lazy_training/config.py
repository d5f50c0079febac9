"""The knobs and presets of lazy training, and the networks that they ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import model_validator

from engine.contract import Config, Preset, content_of, knob, one_of
from engine.data import own
from engine.data.knobs import data_knob
from engine.data.published import PUBLISHED
from engine.data.registry import source, too_many

TEACHER = "teacher"
SCALES = (0.01, 0.1, 0.5, 1.0, 5.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6, 1e7)  # of the paper's code
TWO_LAYER, CONVOLUTIONAL = one_of("study", "two-layer"), one_of("study", "convolutional")
DIGITS = ("digits196", "digits5k")
FEWEST, LEAST_SIDE = 20, 4  # training images; pixels of a side
RESIDUAL = 1e-2  # relative training residual from which networks are compared
WIDTH_SCALE = 1.0  # the widths' output scale: h itself, whose 1/sqrt(m) alone makes wide networks lazy


@dataclass(frozen=True)
class ScaleAndWidth:
    """What one network is: its output scale and its hidden neurons."""

    alpha: float
    m: int

    @property
    def name(self) -> str:
        """`alpha 0.01, m=100`."""
        return f"alpha {self.alpha:.12g}, m={self.m}"

    @property
    def label(self) -> str:
        """`0.01`."""
        return f"{self.alpha:g}"


@dataclass(frozen=True)
class Given:
    """Data that are learnt in place of the teacher task. trainable: rows that may be trained on; repeated: with the inputs of another."""

    features: int
    trainable: int
    repeated: int = 0


class LazyTrainingConfig(Config):
    """Knobs of the teacher task and of its students, and of convolutional networks on images."""

    study: Literal["two-layer", "convolutional"] = knob(
        "two-layer", "two-layer networks beside their kernels, or VGG-11 and ResNet18 on images beside their linearisation"
    )
    alpha: tuple[float, ...] = knob(
        (0.01, 0.03, 0.1, 0.3, 1.0, 10.0, 100.0, 1000.0), "output scales, all trained side by side", ge=1e-4, le=1e4,
        needs=(TWO_LAYER,),
    )  # fmt: skip
    dataset: str = data_knob(
        TEACHER, "the teacher task; published images, or your own data with classes or real targets: genlab data import",
        builtin=(TEACHER, *PUBLISHED), kinds=("classes", "targets"), least={"n": 20},
        scaled="every column (images: all pixels together) scaled by the training rows, a constant beside them, on the unit sphere",
        needs=(TWO_LAYER,),
    )  # fmt: skip
    dataset_sha256: str = content_of("dataset")
    d: int = knob(20, "features of the teacher task; other data have theirs", ge=2, le=200, needs=(TWO_LAYER, one_of("dataset", TEACHER)))
    n: int = knob(200, "training examples", ge=20, le=2000, log=True, needs=(TWO_LAYER,))
    m: int = knob(100, "hidden neurons", ge=4, le=2000, log=True, needs=(TWO_LAYER,))
    widths: tuple[int, ...] = knob((30, 300), "further numbers of neurons, trained at alpha 1", ge=4, le=2000, needs=(TWO_LAYER,))
    teacher: int = knob(3, "neurons of the teacher", ge=1, le=10, needs=(TWO_LAYER, one_of("dataset", TEACHER)))
    steps: int = knob(20_000, "longest training", ge=100, le=100_000, unit="steps", log=True, needs=(TWO_LAYER,), label="most steps")
    symmetrise: bool = knob(True, "start from zero by pairs of opposite neurons", needs=(TWO_LAYER,))
    tol: float = knob(RESIDUAL, "relative training residual at which a network rests", ge=1e-6, le=0.1, log=True, label="tolerance",
                      needs=(TWO_LAYER,))  # fmt: skip
    rule: Literal["kernel", "published"] = knob(
        "kernel", "step size in units of min(1,alpha)/lambda_max(K0), or of the paper's min(10,.1/tau^2) with tau^2 = alpha/sqrt(m)",
        needs=(TWO_LAYER,),
    )  # fmt: skip
    lr: float = knob(0.8, "step size in the rule's unit", ge=0.001, le=1.9, log=True, label="learning rate", divergence=True,
                     needs=(TWO_LAYER,))  # fmt: skip
    images: str = data_knob(
        "digits196", "digits 14x14, the same 28x28; images to be fetched: genlab data fetch", builtin=(*DIGITS, *PUBLISHED), kinds=(),
        needs=(CONVOLUTIONAL,),
    )  # fmt: skip
    examples: int = knob(500, "training images", ge=FEWEST, le=60_000, log=True, needs=(CONVOLUTIONAL,))
    network: Literal["vgg11", "resnet18", "both"] = knob("vgg11", "the network, without normalisation", needs=(CONVOLUTIONAL,))
    channels: float = knob(1.0, "times the published channels", ge=0.02, le=4.0, log=True, needs=(CONVOLUTIONAL,))
    output_scales: tuple[float, ...] = knob(
        SCALES, "output scales alpha of the convolutional networks", ge=1e-3, le=1e8, needs=(CONVOLUTIONAL,)
    )
    linearised: bool = knob(True, "train the model linearised at the first weights too", needs=(CONVOLUTIONAL,))
    rates: tuple[float, ...] = knob(
        (1.0, 0.1, 0.01, 0.001), "learning rates, each tried at every scale", ge=1e-4, le=2.0, needs=(CONVOLUTIONAL,)
    )
    gain: float = knob(1.0, "times Glorot's deviation, of first weights", ge=0.5, le=2.0, needs=(CONVOLUTIONAL,))
    crops: bool = knob(False, "cut images out anew, padded by 4 pixels, and mirror half of them", needs=(CONVOLUTIONAL,))
    batch: int = knob(128, "images of a batch, at most those that are trained on", ge=1, le=1000, log=True, needs=(CONVOLUTIONAL,))
    epochs: int = knob(100, "epochs of training", ge=1, le=1000, log=True, unit="epochs", needs=(CONVOLUTIONAL,))

    @model_validator(mode="after")
    def _fits_images(self) -> LazyTrainingConfig:
        """Refuse more images than there are, and shapes that a network does not take."""
        if self.study != "convolutional":
            return self
        refusal = too_many(self.images, self.examples, FEWEST)
        if refusal:
            raise ValueError(refusal.replace("n must be", "examples must be", 1))
        if self.batch > self.examples:
            raise ValueError(f"batch must be at most the {self.examples} training images, got {self.batch}")
        shape = source(self.images).shape
        if len(shape) < 2 or shape[0] != shape[1] or shape[0] < LEAST_SIDE:
            raise ValueError(f"study convolutional needs square images of at least {LEAST_SIDE} pixels a side, got {self.images}")
        return self

    @model_validator(mode="after")
    def _leaves_tests(self) -> LazyTrainingConfig:
        if self.study != "two-layer":
            return self
        most = self.n if self.own is None else self.own.trainable
        if self.n > most:
            raise ValueError(f"n must be at most {most} on {self.dataset}, which has to leave rows for testing, got {self.n}")
        return self

    @property
    def own(self) -> Given | None:
        """The published or imported data that are learnt; None of the teacher task."""
        if self.dataset == TEACHER:
            return None
        if self.dataset in PUBLISHED:
            return Given(PUBLISHED[self.dataset].features, PUBLISHED[self.dataset].train)
        entry = own.find(self.dataset)
        return Given(entry.features, entry.trainable, entry.repeated)

    @property
    def features(self) -> int:
        """Numbers of an input: of published or imported data, with the constant beside them."""
        return self.d if self.own is None else self.own.features + 1

    @model_validator(mode="after")
    def _pairs(self) -> LazyTrainingConfig:
        odd = [m for m in (self.m, *self.widths) if m % 2]
        if self.symmetrise and odd:
            raise ValueError(f"m and widths must be even, because symmetrised neurons come in pairs, got {odd[0]}")
        return self

    def scales(self) -> list[ScaleAndWidth]:
        """Every output scale at the width m, rising."""
        return [ScaleAndWidth(alpha, self.m) for alpha in sorted(set(self.alpha))]

    def across_widths(self) -> list[ScaleAndWidth]:
        """Every width at the scale 1, rising; none without another width than m to compare."""
        widths = sorted({*self.widths, self.m})
        return [ScaleAndWidth(WIDTH_SCALE, m) for m in widths] if len(widths) > 1 else []

    def rate(self, setting: ScaleAndWidth, largest: float) -> float:
        """Return the step size on `|alpha h - y|^2/(2 alpha^2)` of a network whose kernel has this largest eigenvalue.

        `published` is the step `min(10, .1/tau^2)` on the mean half-squared loss of weights drawn with deviation tau and no
        1/sqrt(m): there alpha = tau^2 sqrt(m), and its step is s alpha sqrt(m)/n of ours.
        """
        if self.rule == "published":
            root = float(np.sqrt(setting.m))
            return float(self.lr * min(10.0, 0.1 * root / setting.alpha) * setting.alpha * root / self.n)
        return float(self.lr * min(1.0, setting.alpha) / largest)


PAPERS = tuple(float(f"{10.0**exponent * 50**0.5:.4g}") for exponent in np.linspace(-4.4, 2.0, 17))  # tau^2 sqrt(m), tau = 10^-2.2..10
PRESETS = (
    Preset("quick", "eight output scales on a teacher of three neurons", {}, "arXiv:1812.07956, Fig. 1-2, at n=200, d=20"),
    Preset("standard", "the same with widths from 10 to 1000 and three seeds", {"widths": (10, 30, 100, 300, 1000)},
           "arXiv:1812.07956; arXiv:1806.07572 (width)", seeds=3),
    Preset("chizat-shallow",
           "the paper's two-layer network: d=100, n=1000, ten trials, scale tau as alpha = tau^2 sqrt(m); an hour on one core, 2 GB",
           {"alpha": PAPERS, "d": 100, "n": 1000, "m": 50, "widths": (50,), "steps": 10_000, "tol": 1e-3, "rule": "published",
            "lr": 1.0},
           "arXiv:1812.07956, Fig. 2", seeds=10),
    Preset("chizat-cnn", "VGG-11 and ResNet18 on CIFAR-10, twelve output scales at four learning rates, and the linearised models",
           {"study": "convolutional", "images": "cifar10", "examples": 50_000, "network": "both", "crops": True},
           "arXiv:1812.07956, Fig. 3 and edouardoyallon/lazy-training-CNN", needs="cifar10 and a GPU"),
    Preset("chizat-cnn-small", "VGG-11 an eighth as wide on 500 digits of 14x14 pixels, and the linearised model",
           {"study": "convolutional", "channels": 0.125, "output_scales": (0.5, 1.0, 10.0, 1e3, 1e7), "rates": (0.5, 0.1), "gain": 1.414,
            "batch": 25, "epochs": 30},
           "arXiv:1812.07956, Fig. 3"),
)  # fmt: skip
