"""Knobs and presets of max-margin."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from engine.contract import Condition, Config, Preset, content_of, knob, one_of
from engine.data import own
from engine.data.knobs import data_knob
from engine.data.published import PUBLISHED
from engine.data.registry import source, too_many

BUILT_IN = ("four-point", "soudry", "gauss", "mnist1d")
DIGITS = ("digits196", "digits5k")
DESCENT, ASYMPTOTICS, MIRROR = one_of("study", "descent"), one_of("study", "asymptotics"), one_of("study", "mirror")
HOMOGENEOUS, CONVOLUTIONAL = one_of("study", "homogeneous"), one_of("study", "convolutional")
NETWORKS, STEPPED, POINTS = (one_of("study", *names) for names in (
    ("homogeneous", "convolutional"), ("mirror", "homogeneous"), ("descent", "mirror")))  # fmt: skip
DRAWN_POINTS = Condition(
    "data gauss or mnist1d, or study asymptotics or mirror",
    lambda config: config.study in ("asymptotics", "mirror") or (config.study == "descent" and config.data in ("gauss", "mnist1d")),
)
GAUSSIAN = Condition(
    "data gauss, or study mirror", lambda config: config.study == "mirror" or (config.study == "descent" and config.data == "gauss")
)
MOST_POINTS, MOST_FEATURES = 500, 50  # of descent; mirror descent takes more features
FEWEST, MOST_UNITS = 20, 2000  # training images; units of a two-layer network
LEAST_SIDE = 4  # pixels that two poolings leave anything of
MOST_ROWS, MOST_NUMBERS = 2000, 200_000  # of imported points: each step goes through all of them


class MaxMarginConfig(Config):
    """Knobs of the separable problem and of what walks on it."""

    study: Literal["descent", "asymptotics", "mirror", "homogeneous", "convolutional"] = knob(
        "descent",
        "where optimisers go on given points; noisy labels as n and d grow; mirror descent; two-layer networks; Lyu and Li's",
    )
    data: str = data_knob(
        "four-point", "points: four, 16 of equal duals, Gaussian, digits 0 and 1, or your own of two classes: genlab data import",
        builtin=BUILT_IN, scaled="points as they were given", tests=False, needs=(DESCENT,),
    )  # fmt: skip
    data_sha256: str = content_of("data")
    n: int = knob(
        40, "points of gauss, mnist1d and mirror (to 500), or of a draw of asymptotics", ge=4, le=1000, log=True, needs=(DRAWN_POINTS,)
    )
    d: int = knob(10, "features of gauss (to 50), or of mirror", ge=2, le=1000, log=True, needs=(GAUSSIAN,))
    eta: float = knob(
        0.5, "step size of gradient descent and momentum", ge=0.0, le=1.0, unit="of 8/s_max^2", label="step size", needs=(DESCENT,)
    )
    decades: int = knob(59, "how far the flow is followed: to s = 10^decades", ge=3, le=59, unit="decades", needs=(DESCENT,))
    gd_steps: int = knob(
        200_000, "true steps of gradient descent; the other optimisers make a tenth", ge=0, le=10_000_000, log=True, needs=(DESCENT,)
    )
    optimiser: Literal["gd", "momentum", "normalised", "sign", "coordinate", "adam"] = knob(
        "gd", "whose true steps lie beneath the flow and turn in the picture", live=True, needs=(DESCENT,)
    )
    adam_eps: float = knob(
        0.0, "Adam's eps: 0 leads to l_inf, more eventually to l2", ge=0.0, le=0.001, label="Adam's eps", needs=(DESCENT,)
    )
    bias: bool = knob(False, "append a constant to every point: its weight is the bias, and counts in the norm", needs=(DESCENT,))
    flips: int = knob(0, "labels turned round; too many, and nothing separates the data", ge=0, le=500, needs=(POINTS,))
    r: float = knob(4.0, "signal: a label is +1 with probability sigmoid(r x_1)", ge=0.0, le=20.0, label="signal r", needs=(ASYMPTOTICS,))
    psi: tuple[float, ...] = knob(
        (0.1, 0.5, 1.0, 2.0, 5.0), "features over points, d/n, of each draw's fits", ge=0.02, le=10.0, needs=(ASYMPTOTICS,)
    )
    draws: int = knob(40, "draws of noisy labels, pooled over the seeds", ge=1, le=1000, log=True, needs=(ASYMPTOTICS,))
    p: tuple[float, ...] = knob((1.5, 2.0, 3.0), "exponents of mirror descent's potentials", ge=1.1, le=4.0, needs=(MIRROR,))
    pace: float = knob(1.0, "times the usual step of each potential", ge=0.01, le=10.0, log=True, needs=(MIRROR,))
    steps: int = knob(4000, "steps of mirror descent, or of the two-layer networks", ge=1, le=100_000, log=True, needs=(STEPPED,))
    images: str = data_knob(
        "digits196", "digits 14x14, the same 28x28; images to be fetched: genlab data fetch", builtin=(*DIGITS, *PUBLISHED), kinds=(),
        needs=(NETWORKS,),
    )  # fmt: skip
    examples: int = knob(200, "training images of the networks", ge=FEWEST, le=60_000, log=True, needs=(NETWORKS,))
    act: Literal["both", "relu", "identity"] = knob("both", "activation of the two-layer networks; without one it is linear",
                                                    needs=(HOMOGENEOUS,))  # fmt: skip
    width: int = knob(50, "hidden units of a two-layer network", ge=1, le=MOST_UNITS, log=True, needs=(HOMOGENEOUS,))
    channels: float = knob(1.0, "times the published channels and units", ge=0.02, le=4.0, log=True, needs=(CONVOLUTIONAL,))
    first_bias: bool = knob(True, "biases in the first layer, with which the network is as homogeneous", needs=(CONVOLUTIONAL,))
    rates: Literal["both", "constant", "loss-based"] = knob(
        "both", "learning rate: constant, or over the loss, and the last epoch once more where the loss has risen", needs=(CONVOLUTIONAL,)
    )
    lr: float = knob(0.01, "the constant learning rate", ge=1e-4, le=1.0, log=True, label="learning rate", divergence=True,
                     needs=(one_of("rates", "both", "constant"), CONVOLUTIONAL))  # fmt: skip
    batch: int = knob(100, "images of a batch, at most those that are trained on", ge=1, le=60_000, log=True, needs=(CONVOLUTIONAL,))
    epochs: int = knob(10_000, "epochs of training", ge=1, le=100_000, log=True, unit="epochs", needs=(CONVOLUTIONAL,))

    @model_validator(mode="after")
    def _fits_together(self) -> MaxMarginConfig:
        if self.study in ("homogeneous", "convolutional"):
            self._fits_images()
        elif self.study != "asymptotics":
            self._enough_points()
        return self

    def _enough_points(self) -> None:
        if self.n > MOST_POINTS:
            raise ValueError(f"n must be at most {MOST_POINTS} with study {self.study}, got {self.n}")
        own_points = self.own if self.study == "descent" else None
        if self.study == "descent" and self.d > MOST_FEATURES:
            raise ValueError(f"d must be at most {MOST_FEATURES} with study descent, got {self.d}")
        if own_points is not None:
            _check(own_points)
        size = self.n if self.study == "mirror" else {"four-point": 4, "soudry": 16}.get(self.data, self.n)
        size = size if own_points is None else own_points.rows
        if self.flips > size:
            of = "study mirror" if self.study == "mirror" else self.data
            raise ValueError(f"flips must be at most the {size} points of {of}, got {self.flips}")

    def _fits_images(self) -> None:
        """Refuse more images than there are, and shapes that a network does not take."""
        refusal = too_many(self.images, self.examples, FEWEST)
        if refusal:
            raise ValueError(refusal.replace("n must be", "examples must be", 1))
        if self.study == "homogeneous":
            most = most_of_pair(self.images)
            if self.examples > most:
                raise ValueError(f"examples must be at most {most:,} of two classes of {self.images}, got {self.examples:,}")
            return
        shape = source(self.images).shape
        if self.batch > self.examples:
            raise ValueError(f"batch must be at most the {self.examples} training images, got {self.batch}")
        if len(shape) < 2 or shape[0] != shape[1] or shape[0] < LEAST_SIDE:
            raise ValueError(f"study convolutional needs square images of at least {LEAST_SIDE} pixels a side, got {self.images}")

    @property
    def own(self) -> own.Entry | None:
        """The imported points; None of built-in ones."""
        return None if self.data in BUILT_IN else own.find(self.data)


def most_of_pair(images: str) -> int:
    """Return how many images of two classes may be trained on: nine in ten of as many as two classes of equal size have."""
    found = source(images)
    return 9 * 2 * (found.size or 0) // (10 * found.classes)


def _check(points: own.Entry) -> None:
    """Refuse imported points that are not of two classes, or too many."""
    if len(points.classes) != 2:
        some = ", ".join(points.classes[:4]) + (", ..." if len(points.classes) > 4 else "")
        raise ValueError(f"a margin lies between two classes, and {points.name} has {len(points.classes)}: {some}")
    if points.rows > MOST_ROWS or points.rows * points.features > MOST_NUMBERS:
        held = f"{points.rows:,} rows of {points.features:,} features"
        raise ValueError(f"max margin takes up to {MOST_ROWS:,} rows and {MOST_NUMBERS:,} numbers in all, and {points.name} has {held}")


PRESETS = (
    Preset("quick", "the four-point set, 200,000 true steps; Soudry's set and Gaussian data beside it", {}, "arXiv:1710.10345, Theorem 5"),
    Preset(
        "standard", "Gaussian data of three seeds, 1,000,000 true steps, 100,000 of every other optimiser",
        {"data": "gauss", "gd_steps": 1_000_000}, "arXiv:1710.10345; arXiv:1802.08246", seeds=3,
    ),
    Preset(
        "soudry-fig1", "the paper's figure: equal duals, step 1/s_max^2 (momentum .9 among the optimisers)",
        {"data": "soudry", "eta": 0.125}, "arXiv:1710.10345, Fig. 1",
    ),
    Preset(
        "asymptotics", "noisy labels, n = 200, d to 5 n: where they are separable, the margin and the error by theory and in draws",
        {"study": "asymptotics", "n": 200}, "arXiv:1804.09753; arXiv:1911.01544; arXiv:1911.05822",
        question="When are noisy labels separable, and what margin and error does the SVM have then?",
    ),
    Preset(
        "mirror", "mirror descent with p = 1.5, 2, 3 on 30 points of 60 features: each widens the margin in its own norm most",
        {"study": "mirror", "n": 30, "d": 60, "steps": 10_000}, "arXiv:2205.12808; arXiv:1802.08246",
        question="In which norm does mirror descent widen the margin?",
    ),
    Preset(
        "homogeneous", "4 against 9: a two-layer ReLU network goes on for long after it has fitted them; beside it a linear one",
        {"study": "homogeneous", "examples": 100}, "arXiv:1906.05890",
        question="Does a network's margin go on growing after it has fitted its data?",
    ),
    Preset(
        "lyu-li", "the paper's network on MNIST, batches of 100, 10,000 epochs: constant against loss-based learning rates",
        {"study": "convolutional", "images": "mnist", "examples": 60_000}, "arXiv:1906.05890, Section K.1", needs="mnist and a GPU",
    ),
    Preset(
        "lyu-li-small", "the paper's network an eighth as wide, on 200 digits of half the side, 400 epochs at ten times the constant rate",
        {"study": "convolutional", "channels": 0.125, "batch": 50, "lr": 0.1, "epochs": 400}, "arXiv:1906.05890, Section K.1",
        question="Does a convolutional network's margin go on growing after it has fitted its data?",
    ),
)  # fmt: skip
