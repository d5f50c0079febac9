"""Knobs and presets of minimum norm."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from engine.contract import Condition, Config, Preset, content_of, knob, one_of
from engine.data.regression import DRAWN, NONE, OWN, Order, columns, entry_of, refusal, rows_knob

FEWEST = 2  # rows of imported data
NOISE, MIRROR = "label-noise", "mirror"
WITH_NOISE, MIRRORED = one_of("param", NOISE), one_of("param", MIRROR)
BESIDE = Condition(f"param other than {NOISE} and {MIRROR}", lambda config: config.param not in (NOISE, MIRROR))
"""Of figures and claims about other models than that of the two studies, which keep to their own."""
WITHOUT_MIRROR = Condition(f"param other than {MIRROR}", lambda config: config.param != MIRROR)
WITHOUT_NOISE = Condition(f"param other than {NOISE}", lambda config: config.param != NOISE)


class MinNormConfig(Config):
    """Knobs of the problem, the optimisers and the parameterisations."""

    n: int = knob(6, "samples", ge=1, le=500, log=True)
    d: int = knob(40, "features, at least n", ge=2, le=2000, log=True)
    dataset: str = rows_knob(
        "your own rows with real targets or two classes, learnt by the linear optimisers: genlab data import", n=FEWEST, d=FEWEST
    )
    dataset_sha256: str = content_of("dataset")
    order: Order = knob("given", "features of your own rows in their own order, or in one drawn by every seed", needs=(OWN,))
    eta: float = knob(
        0.5,
        "step size; beyond 1 gradient descent diverges",
        ge=0.0,
        le=2.0,
        unit="of 2/s_max^2",
        label="step size eta",
        divergence=True,
        needs=(WITHOUT_NOISE,),
    )
    w0: float = knob(0.0, "length of the start", ge=0.0, le=5.0, label="start |w0|", needs=(BESIDE,))
    angle: float = knob(
        160.0,
        "direction of the start in the picture (at w0 = 0: of a second one)",
        ge=0.0,
        le=360.0,
        unit="degrees",
        live=True,
        needs=(BESIDE,),
    )
    optimiser: Literal["gd", "sgd", "momentum", "nesterov", "adam", "sign"] = knob(
        "gd", "whose norms, directions and path are shown", live=True, needs=(BESIDE,)
    )
    beta: float = knob(0.9, "momentum of momentum and nesterov", ge=0.0, le=0.99, needs=(BESIDE,))
    param: Literal["linear", "diagonal", "deep-matrix", "label-noise", "mirror"] = knob(
        "linear", "which parameterisation the training figures follow"
    )
    alpha: float = knob(1.0, "scale of the diagonal network's start", ge=1e-4, le=10.0, log=True, needs=(WITHOUT_MIRROR,))
    noise_step: float = knob(
        0.02, "step of the network under noise, on the mean of half squared errors", ge=1e-4, le=1.0, log=True, needs=(WITH_NOISE,)
    )
    delta: float = knob(4.0, "size of the noise on every label, + or -", ge=0.0, le=100.0, needs=(WITH_NOISE,))
    noisy: float = knob(0.625, "share of the steps that are noisy, the first ones", ge=0.0, le=1.0, needs=(WITH_NOISE,))
    p: float = knob(1.5, "exponent of mirror descent's potential |w|_p^p/p", ge=1.25, le=3.0, needs=(MIRRORED,))
    steps: int = knob(4000, "steps of the chosen parameterisation", ge=1, le=1_000_000, unit="steps", log=True)
    r2: float = knob(1.0, "squared length of the true weights", ge=0.0, le=10.0, needs=(DRAWN, BESIDE))
    sigma: float = knob(0.5, "deviation of the label noise", ge=0.0, le=3.0, needs=(DRAWN, BESIDE))
    draws: int = knob(200, "draws of the mean norm, pooled over the seeds", ge=1, le=5000, log=True, needs=(DRAWN, BESIDE))
    nonzeros: int = knob(2, "unit entries of the diagonal network's target", ge=1, le=30)
    side: int = knob(20, "side of the matrix to complete", ge=4, le=200, log=True, needs=(BESIDE,))
    rank: int = knob(2, "rank of the matrix to complete", ge=1, le=20, needs=(BESIDE,))
    share: float = knob(0.4, "share of its entries that is seen", ge=0.05, le=1.0, needs=(BESIDE,))
    scale: float = knob(1e-3, "size of the first product of its factors", ge=1e-6, le=1.0, log=True, needs=(BESIDE,))
    depth: int = knob(3, "factors of the product whose norms are shown", ge=2, le=4, live=True, needs=(BESIDE,))

    @model_validator(mode="after")
    def _has_solutions(self) -> MinNormConfig:
        rows = entry_of(self.dataset)
        if rows is not None:
            why = refusal(rows, self.n, FEWEST)
            if why:
                raise ValueError(why)
            if self.d > columns(rows):
                raise ValueError(
                    f"d must be at most {columns(rows):,}, the {rows.features:,} features of {rows.name} and a constant, got {self.d}"
                )
            if self.param != "linear":
                raise ValueError(f"dataset {self.dataset} is learnt by the linear optimisers: leave param at linear, got {self.param}")
        if self.d < self.n:
            raise ValueError(f"d must be at least n={self.n}: fewer features than samples fit no targets exactly, got {self.d}")
        if self.sigma == 0 and self.r2 == 0:
            raise ValueError("sigma and r2 must not both be 0: without signal and noise every target is 0")
        if self.rank > self.side:
            raise ValueError(f"rank must be at most side={self.side}, got {self.rank}")
        if self.param in ("diagonal", NOISE, MIRROR) and self.nonzeros > self.d:
            raise ValueError(f"nonzeros must be at most d={self.d}, got {self.nonzeros}")
        return self

    @property
    def alone(self) -> bool:
        """Whether a study is followed that keeps to a model of its own, so that the others are not trained."""
        return self.param in (NOISE, MIRROR)

    @property
    def own_rows(self) -> bool:
        """Whether rows were imported."""
        return self.dataset != NONE

    @property
    def noisy_steps(self) -> int:
        """How many steps are noisy, from the first."""
        return round(self.noisy * self.steps)

    @property
    def most_columns(self) -> int:
        """Columns that the norm is followed to: four times n, those that there are of imported rows."""
        rows, most = entry_of(self.dataset), max(self.d, 4 * self.n, self.n + 30)
        return most if rows is None else min(most, columns(rows))


PRESETS = (
    Preset("quick", "n=6, d=40 and six optimisers; networks of 8 x 30; a 20 x 20 matrix", {}, "arXiv:1802.08246; arXiv:2002.09277"),
    Preset(
        "standard", "n=100, d=400, three seeds; a 40 x 40 matrix", {"n": 100, "d": 400, "side": 40, "share": 0.25},
        "arXiv:1802.08246; arXiv:1905.13655", seeds=3,
    ),
    Preset(
        "woodworth", "diagonal networks, d=1000, n=100, 5 non-zeros",
        {"param": "diagonal", "n": 100, "d": 1000, "nonzeros": 5, "eta": 0.2, "alpha": 0.1, "steps": 20_000, "draws": 50},
        "arXiv:2002.09277",
    ),
    Preset(
        "label-noise", "noise on labels, d=100, n=40, 5 non-zeros: 40,000 noisy steps, 24,000 clean",
        {"param": NOISE, "n": 40, "d": 100, "nonzeros": 5, "alpha": 0.5, "steps": 64_000, "draws": 20}, "arXiv:2006.08680",
        question="Which of all fits does noise on the labels choose?",
    ),
    Preset(
        "mirror", "mirror descent with p = 1.25 to 3, d=40, n=10, 3 non-zeros",
        {"param": MIRROR, "n": 10, "nonzeros": 3, "eta": 0.2, "steps": 40_000, "draws": 50}, "arXiv:1802.08246",
        question="Which of all fits does mirror descent reach?",
    ),
    *(
        Preset(
            f"arora-dmf-{seen}", f"100 x 100 matrix of rank 5, {seen} entries seen",
            {"param": "deep-matrix", "side": 100, "rank": 5, "share": seen / 1e4, "eta": 0.25, "steps": 50_000},
            "arXiv:1905.13655, Fig. 1, 2",
        )
        for seen in (2000, 5000)
    ),
)  # fmt: skip
