"""The knobs of grokking: of modular arithmetic, and of images that are learned from large first weights."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from engine.contract import Condition, Config, content_of, knob, one_of
from engine.data.knobs import data_knob
from engine.data.published import PUBLISHED
from engine.data.registry import too_many
from engine.theory.modular_arithmetic.operations import CYCLIC, PERMUTATIONS, is_prime

LINEAR = 100  # so many measurements are `every` steps apart; later ones 20 a decade, so that a long run stays small
ELEMENTS = 120  # of the symmetric group S5
PRIMES = tuple(q for q in range(11, 200) if is_prime(q))
Speedup = Literal["none", "grokfast", "perp-grad", "stablemax"]
PAIRS, IMAGES = one_of("task", "pairs"), one_of("task", "images")
IN_BATCHES = Condition("model decoder, or task images", lambda config: config.model == "decoder" or config.task == "images")
DATA, FEWEST = ("digits196", "digits5k"), 20
HEADS, PER_HEAD = 4, 2  # the decoder's; sines and cosines come in twos


class GrokkingConfig(Config):
    """Knobs of modular arithmetic, or of images, and of what learns it."""

    task: Literal["pairs", "images"] = knob("pairs", "learn the table of an operation, or images from large first weights")
    p: int = knob(59, "modulus, a prime", ge=11, le=199, log=True, needs=(PAIRS,))
    model: Literal["gromov", "mlp", "transformer", "decoder"] = knob(
        "gromov", "Gromov's quadratic network, Prieto's perceptron, Nanda's one-layer transformer or Power's two-layer decoder",
        needs=(PAIRS,),
    )  # fmt: skip
    dataset: str = data_knob(
        "digits196", "digits 14x14, the same 28x28; images to be fetched: genlab data fetch; your own: genlab data import",
        builtin=(*DATA, *PUBLISHED), least={"n": FEWEST}, needs=(IMAGES,),
    )  # fmt: skip
    dataset_sha256: str = content_of("dataset")
    n: int = knob(200, "training images", ge=FEWEST, le=60_000, log=True, needs=(IMAGES,))
    alpha: float = knob(8.0, "factor of all first weights and biases", ge=1.0, le=12.0, needs=(IMAGES,))
    depth: int = knob(1, "hidden layers", ge=1, le=4, needs=(IMAGES,))
    precision: Literal["single", "double"] = knob("single", "of the images' networks", needs=(IMAGES,))
    width: int = knob(200, "neurons of a hidden layer; of the decoder the width of its blocks", ge=50, le=2000, log=True)
    fraction: float = knob(0.3, "share of all pairs that is shown in training", ge=0.05, le=0.95, needs=(PAIRS,))
    batch: int = knob(
        0, "pairs or images of a batch, of pairs at most half of those shown; 0: all of them", ge=0, le=60_000, needs=(IN_BATCHES,)
    )
    optimizer: Literal["adamw", "sgd"] = knob("adamw", "AdamW, or full-batch gradient descent (decay added to the gradient)")
    momentum: float = knob(0.9, "momentum of sgd", ge=0.0, le=0.999)
    beta2: float = knob(0.98, "how slowly AdamW's mean of squared gradients changes", ge=0.5, le=0.9999)
    wd: float = knob(1.0, "weight decay", ge=0.0, le=10.0, label="weight decay")
    lr: float = knob(0.005, "learning rate", ge=1e-4, le=0.1, log=True, label="learning rate", divergence=True)
    op: Literal[
        "add", "sub", "mul", "div", "div-or-sub", "x2+y2", "x2+xy+y2", "x2+xy+y2+x", "x3+xy", "x3+xy2+y", "s5", "s5-xyx^-1", "s5-xyx"
    ] = knob(
        "add", "operation mod p (div-or-sub: x/y for odd y, else x-y), or in the permutations S5; Gromov's network has the first four",
        label="operation", needs=(PAIRS,),
    )  # fmt: skip
    act: Literal["square", "relu"] = knob(
        "square", "activation of Gromov's network (the others have relu)", label="activation", needs=(PAIRS,)
    )
    steps: int = knob(
        1200, "training steps, and up to as many more until 2.5 times the grok step", ge=100, le=1_000_000, unit="steps", log=True
    )
    every: int = knob(20, f"steps between {LINEAR} measurements; 20 a decade beside and beyond", ge=1, le=1000, unit="steps")
    speedup: Speedup = knob("none", "what is done to the gradient, or to the softmax; a control is trained beside", needs=(PAIRS,))
    sweep: bool = knob(False, "train fractions .2 to .6 times weight decays 0, .3, 1, 3 beside; with images 2/3 and 2 times the decay")

    @model_validator(mode="after")
    def _fits_together(self) -> GrokkingConfig:
        if self.task == "images":
            return self._images_fit()
        if self.p not in PRIMES:
            near = sorted(sorted(PRIMES, key=lambda q: abs(q - self.p))[:3])
            raise ValueError(f"p must be a prime between 11 and 199, got {self.p}; nearby: {', '.join(map(str, near))}")
        if self.model == "gromov":
            if self.op not in CYCLIC:
                raise ValueError(f"op must be {', '.join(CYCLIC)} with Gromov's network, got {self.op}; choose model transformer or mlp")
            if self.speedup == "stablemax":
                raise ValueError("speedup stablemax needs a softmax, which Gromov's network has not; choose model transformer or mlp")
        if self.model == "decoder" and self.width % (HEADS * PER_HEAD):
            raise ValueError(f"width must be a multiple of {HEADS * PER_HEAD} with model decoder, got {self.width}")
        return self

    def _images_fit(self) -> GrokkingConfig:
        """Refuse more images than there are, and a batch of more than are trained on."""
        refusal = too_many(self.dataset, self.n, FEWEST)
        if refusal:
            raise ValueError(refusal)
        if self.batch > self.n:
            raise ValueError(f"batch must be at most n={self.n}, got {self.batch}")
        return self

    @property
    def batched(self) -> bool:
        """Whether pairs are learned in mini-batches."""
        return self.batch > 0 and self.model == "decoder"

    @property
    def tokens(self) -> int:
        """The elements of the operation, each an answer."""
        return ELEMENTS if self.op in PERMUTATIONS else self.p
