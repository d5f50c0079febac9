"""Knobs of vacuous bounds: networks and their labels, the posterior, the linear example, and networks over n."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import model_validator

from engine.contract import Config, content_of, knob, one_of
from engine.data.knobs import data_knob
from engine.data.published import PUBLISHED
from engine.data.registry import source, too_many

Objective = Literal["dziugaite-roy", "classic", "quadratic", "lambda"]
Surrogate = Literal["logistic", "bounded"]
Training = Literal["short", "published"]
DATA, FEWEST = ("digits196", "digits5k"), 100
RANDOM_SHARE = 8 / 15  # of the posterior's steps that are taken on random labels, unless it is trained as published
FIRST_BIAS = 0.1  # of the published first layer


@dataclass(frozen=True)
class Labels:
    """Which labels a network learns: the images' own, or labels drawn at random."""

    name: str
    label: str


TRUE, RANDOM = Labels("true", "true labels"), Labels("random", "random labels")


class VacuousBoundsConfig(Config):
    """Knobs of the networks on true and on random labels, of the posterior, of the linear example, and of the networks over n."""

    dataset: str = data_knob(
        "digits196", "digits, 0-4 against 5-9, 14x14 or 28x28 pixels; images to be fetched or your own, half of the classes each way",
        builtin=(*DATA, *PUBLISHED), least={"n": FEWEST},
    )  # fmt: skip
    dataset_sha256: str = content_of("dataset")
    n: int = knob(4000, "training points, the same for true and random labels", ge=FEWEST, le=60_000, log=True)
    width: int = knob(50, "units of a hidden layer", ge=10, le=2000, log=True)
    depth: int = knob(1, "hidden layers", ge=1, le=6)
    labels: Literal["both", "true", "random"] = knob("both", "labels that are learnt")
    lr: float = knob(0.03, "learning rate of SGD", ge=1e-4, le=1.0, log=True, label="learning rate", divergence=True)
    epochs: int = knob(10, "SGD on true labels", ge=1, le=1000, unit="epochs", log=True, needs=(one_of("labels", "both", "true"),))
    random_epochs: int = knob(
        300, "longest SGD on random labels; it stops once 99 % are fitted", ge=1, le=1000, unit="epochs", log=True,
        needs=(one_of("labels", "both", "random"),),
    )  # fmt: skip
    objective: Objective = knob("dziugaite-roy", "what the posterior minimises; all but dziugaite-roy keep the prior's variance fixed")
    surrogate: Surrogate = knob("logistic", "the loss it sees: logistic/ln 2, or cross-entropy of probabilities above 1e-5 over ln(1e5)")
    training: Training = knob(
        "short", "published: pixels in [0, 1], first biases .1, RMSprop at .001 from variances |w|, .0001 after a quarter of the steps"
    )
    steps: int = knob(
        1200, "steps of the posterior; 8/15 of them on random labels, or all as published", ge=10, le=1_000_000, unit="steps", log=True
    )
    mc: int = knob(500, "draws of the posterior behind the certificate", ge=100, le=150_000, log=True)
    delta: float = knob(0.025, "failure probability of each bound", ge=1e-4, le=0.2)
    prior: Literal["init", "half-data"] = knob("init", "prior around the first weights, or around weights learnt on half of the data")
    margin: float = knob(5.0, "margin m of the spectral bounds and terms, and at which training over n stops", ge=0.1, le=20.0)
    m: int = knob(50, "points of the linear example", ge=10, le=500)
    D_over_m: int = knob(1024, "its noise dimensions, as a multiple of m", ge=16, le=4096, log=True)
    follow: Literal["few", "digits", "deep", "narrow-deep", "mnist", "sphere", "sphere-250", "small-sphere", "wide-sphere", "nothing"] = (
        knob("few", "network whose bounds are followed over n; few: 196-64-64-10 from n=64 to 512")
    )

    @model_validator(mode="after")
    def _fits_together(self) -> VacuousBoundsConfig:
        refusal = too_many(self.dataset, self.n, FEWEST)
        if refusal:
            raise ValueError(refusal)
        return self

    @property
    def conditions(self) -> tuple[Labels, ...]:
        """Whose labels are learnt."""
        return tuple(condition for condition in (TRUE, RANDOM) if self.labels in ("both", condition.name))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Pixels, hidden layers, one output."""
        return (int(np.prod(source(self.dataset).shape)), *[self.width] * self.depth, 1)

    def epochs_in(self, condition: Labels) -> int:
        """Return how long SGD trains."""
        return self.epochs if condition == TRUE else self.random_epochs

    def steps_in(self, condition: Labels) -> int:
        """Return how many steps the posterior takes."""
        return self.steps if condition == TRUE or self.training == "published" else max(1, int(RANDOM_SHARE * self.steps))

    @property
    def first_bias(self) -> float:
        """Where the biases of the first layer begin."""
        return FIRST_BIAS if self.training == "published" else 0.0
