"""The knobs and presets of double descent: the nested least-squares problem with its two companions, and the studies beside it.

Each is a paper's setting (see `PRESETS`); belkin-rff and belkin-net are those of Belkin et al. 2019, arXiv:1812.11118, at their own size.
"""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from engine.contract import Condition, Config, Preset, content_of, knob, one_of
from engine.data import own
from engine.data.knobs import data_knob
from engine.data.published import PUBLISHED
from engine.data.registry import largest
from engine.data.regression import DRAWN, NONE, OWN, Order, columns, entry_of, refusal, rows_knob
from engine.data.spectrum import NO_OWN_SIGNAL

Profile = Literal["flat", "head", "well-specified"]
Study = Literal["nested", "multiple-descent", "early-stopping", "fourier-features", "network"]

SPECTRA, FEWEST = ("isotropic", "power", "blocks"), 20
MOST_FEATURES = 10  # D over n
MOST_DIRECTIONS = 600  # of multiple descent, whose rows are three times as many
FEWEST_DIGITS = 50
IMAGES, PAST_N, MOST_PER_IMAGE = ("digits5k", "digits196"), 2, 50  # shipped; features over images
WIDTHS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 17, 18, 19, 20, 22, 25, 30, 40, 60, 100, 200)  # 400 images of 196 pixels: from 20 on 10 n
NESTED, MULTIPLE, STOPPING, FOURIER, NETWORK = (
    one_of("study", name) for name in ("nested", "multiple-descent", "early-stopping", "fourier-features", "network")
)
ON_IMAGES = one_of("study", "fourier-features", "network")
IN_DRAWS = one_of("study", "nested", "multiple-descent", "early-stopping", "fourier-features")
FIXED_N = Condition(
    "study nested or early-stopping: multiple descent draws every n", lambda config: config.study in ("nested", "early-stopping")
)
DRAWN_NOISE = one_of("study", "nested", "multiple-descent", "early-stopping")
COUNTED = Condition(
    "study nested, or multiple-descent without blocks",
    lambda config: config.study == "nested" or (config.study == "multiple-descent" and config.spectrum != "blocks"),
)
BLOCKS = (MULTIPLE, one_of("spectrum", "blocks"))
FALLING = Condition(
    "spectrum power, or study early-stopping without your own",
    lambda config: (
        DRAWN_NOISE.test(config) and config.spectrum in (("isotropic", "power") if config.study == "early-stopping" else ("power",))
    ),
)
DRAWN_SIGNAL = (NESTED, DRAWN, one_of("features", "identity"), NO_OWN_SIGNAL)
ANY_DIGITS = Condition(
    "study fourier-features or network, or nested with digits above 0 or features fourier",
    lambda config: (
        config.study in ("fourier-features", "network")
        or (config.study == "nested" and (config.digits > 0 or config.features == "fourier"))
    ),
)
ON_DIGITS = Condition("digits above 0", lambda config: config.digits > 0)


class DoubleDescentConfig(Config):
    """Knobs of the nested least-squares problem, of its two companions, and of the studies beside it."""

    study: Study = knob(
        "nested", "more features; more samples in blocks; early stopping against ridge; Fourier features of images; networks on images"
    )
    n: int = knob(200, "training samples", ge=FEWEST, le=1000, log=True, needs=(FIXED_N,))
    D: int = knob(1000, "features, from n to 10n; of your own data at most so many", ge=20, le=10000, log=True, label="D", needs=(COUNTED,))
    sigma: float = knob(0.5, "standard deviation of the label noise", ge=0.0, le=2.0, needs=(DRAWN_NOISE,))
    r2: float = knob(
        1.0, "signal |b|^2; where weights are drawn, the variance that they give a label", ge=0.0, le=10.0, label="r2", needs=(DRAWN_NOISE,)
    )
    features: Literal["identity", "relu", "fourier"] = knob(
        "identity", "Gaussian inputs, random ReLU features, or random Fourier features of digits", needs=(NESTED,)
    )
    profile: Profile = knob("head", "signal on all features alike, partly on the first, or all on those fitted", needs=DRAWN_SIGNAL)
    head_k: int = knob(
        10, "first features that share the head's part of the signal, at most n/2", ge=1, le=500, log=True, needs=DRAWN_SIGNAL
    )
    head_share: float = knob(0.15, "part of the signal on the head", ge=0.0, le=1.0, needs=DRAWN_SIGNAL)
    spectrum: str = data_knob(
        "isotropic", "variances of Gaussian features: alike, falling like k^-decay, in blocks, or your own: genlab data import",
        builtin=SPECTRA, kinds=("spectrum",), least={"n": FEWEST}, needs=(DRAWN_NOISE,),
    )  # fmt: skip
    spectrum_sha256: str = content_of("spectrum")
    blocks: tuple[int, ...] = knob((20, 60, 170), "directions of each block of equal variances", ge=1, le=MOST_DIRECTIONS, needs=BLOCKS)
    lam: tuple[float, ...] = knob(
        (1.0, 1e-3, 1e-6), "variance of each block; only their ratios count", ge=1e-9, le=1e3, label="lam", needs=BLOCKS
    )
    sizes: tuple[int, ...] = knob((50, 100, 200), "features d of the problems of early stopping", ge=2, le=1000, needs=(STOPPING,))
    weight_draws: int = knob(
        0, "draws of weights and noise that early stopping's formula is held against", ge=0, le=100_000, log=True, needs=(STOPPING,)
    )
    dataset: str = rows_knob(n=FEWEST, needs=(NESTED,))
    dataset_sha256: str = content_of("dataset")
    order: Order = knob("given", "features of your own rows in their own order, or in one drawn anew every draw", needs=(NESTED, OWN))
    decay: float = knob(1.0, "exponent of the power-law spectrum", ge=0.0, le=2.0, needs=(FALLING,))
    ridge: float = knob(0.0, "penalty lam of |Xw-y|^2 + lam |w|^2; 0 is minimum norm", ge=0.0, le=1e4, log=True, needs=(NESTED,))
    tuned: bool = knob(False, "take the best ridge at every p instead", needs=(NESTED,))
    draws: int = knob(20, "draws of the problem", ge=1, le=500, log=True, unit="per seed", needs=(IN_DRAWS,))
    d: int = knob(
        60, "dimensions of the inputs of ReLU features", ge=5, le=1000, log=True, label="d", needs=(NESTED, one_of("features", "relu"))
    )
    noise: float = knob(0.0, "probability that a digit's label is replaced by a random one", ge=0.0, le=1.0, needs=(ANY_DIGITS,))
    relu_draws: int = knob(
        5, "draws of the random-feature companion (n=180, d=60); 0 leaves it out", ge=0, le=100, log=True, needs=(NESTED,)
    )
    digits: int = knob(500, "training images of the digit companion; 0 leaves it out", ge=0, le=2500, log=True, needs=(NESTED,))
    digit_features: int = knob(
        6000, "most random Fourier features of the digit companion", ge=100, le=12000, log=True, needs=(NESTED, ON_DIGITS)
    )
    images: str = data_knob(
        "digits5k", "digits 28x28, the same 14x14; images to be fetched: genlab data fetch", builtin=(*IMAGES, *PUBLISHED), kinds=(),
        needs=(ON_IMAGES,),
    )  # fmt: skip
    images_sha256: str = content_of("images")
    examples: int = knob(
        1000, "training images of studies fourier-features and network", ge=FEWEST_DIGITS, le=20_000, log=True, needs=(ON_IMAGES,)
    )
    most_features: int = knob(
        6000, "most random Fourier features of these images, from 2 to 50 for each", ge=100, le=120_000, log=True, needs=(FOURIER,)
    )
    bandwidth: float = knob(5.0, "width of the Gaussian kernel that these features approach", ge=1.0, le=10.0, log=True, needs=(FOURIER,))
    widths: tuple[int, ...] = knob(WIDTHS, "hidden units H of the networks, trained one after the other", ge=1, le=5000, needs=(NETWORK,))
    reuse: bool = knob(
        True, "below the threshold begin with the fitted smaller network and new small units, not with first weights", needs=(NETWORK,)
    )
    fresh: Literal["normal", "glorot"] = knob(
        "normal", "first weights of networks that begin anew: of variance .01 as new units have, or Glorot and Bengio's", needs=(NETWORK,)
    )
    epochs: int = knob(600, "training of each network", ge=1, le=20_000, log=True, unit="epochs", needs=(NETWORK,))
    batch: int = knob(40, "images of a batch", ge=1, le=20_000, log=True, needs=(NETWORK,))
    lr: float = knob(
        0.005, "learning rate of the squared loss, summed over classes", ge=1e-5, le=0.1, log=True, label="learning rate",
        divergence=True, needs=(NETWORK,),
    )  # fmt: skip
    momentum: float = knob(0.95, "momentum of SGD", ge=0.0, le=0.99, needs=(NETWORK,))

    @model_validator(mode="after")
    def _has_something_to_fit(self) -> DoubleDescentConfig:
        if self.sigma == 0 and self.r2 == 0 and self.study not in ("fourier-features", "network"):
            raise ValueError("sigma and r2 are both 0: without noise and signal there is nothing to fit; raise one of them")
        if self.spectrum == "blocks" and self.study != "multiple-descent":
            raise ValueError(f"spectrum blocks belongs to study multiple-descent, got study {self.study}")
        return self

    @model_validator(mode="after")
    def _has_directions(self) -> DoubleDescentConfig:
        if self.study != "multiple-descent":
            return self
        if self.spectrum != "blocks":
            if self.directions > MOST_DIRECTIONS:
                raise ValueError(f"D must be at most {MOST_DIRECTIONS} with study multiple-descent, got {self.D}")
            return self
        if len(self.lam) != len(self.blocks):
            raise ValueError(f"lam must name a variance for each of the {len(self.blocks)} blocks, got {len(self.lam)}")
        if not 2 <= sum(self.blocks) <= MOST_DIRECTIONS:
            raise ValueError(f"blocks must have 2 to {MOST_DIRECTIONS} directions in all, got {sum(self.blocks)}")
        return self

    @model_validator(mode="after")
    def _has_images(self) -> DoubleDescentConfig:
        if self.study not in ("fourier-features", "network"):
            return self
        most = largest(self.images)
        if most is not None and self.examples > most:
            raise ValueError(f"examples must be at most the {most:,} training images of {self.images}, got {self.examples:,}")
        if self.study == "network":
            if self.batch > self.examples:
                raise ValueError(f"batch must be at most examples={self.examples:,}, got {self.batch:,}")
            return self
        low, high = PAST_N * self.examples, MOST_PER_IMAGE * self.examples
        if not low <= self.most_features <= high:
            allowed = f"{PAST_N} and {MOST_PER_IMAGE} times examples={self.examples:,}"
            raise ValueError(f"most features must be between {allowed}, {low:,} and {high:,}, got {self.most_features:,}")
        return self

    @model_validator(mode="after")
    def _has_a_solution(self) -> DoubleDescentConfig:
        if self.study != "nested":
            return self
        limited = self.own_rows or self.own_spectrum
        if not limited and not self.n <= self.D <= MOST_FEATURES * self.n:
            raise ValueError(f"D must be between n={self.n} and {MOST_FEATURES}n={MOST_FEATURES * self.n}, got {self.D}")
        if self.head_k > self.n // 2:
            raise ValueError(f"head k must be at most n/2={self.n // 2}, got {self.head_k}")
        if 0 < self.digits < FEWEST_DIGITS:
            raise ValueError(f"digits must be 0 or at least {FEWEST_DIGITS}, got {self.digits}")
        if self.digits and self.digit_features <= self.digits:
            raise ValueError(f"digit features must exceed digits={self.digits} to pass the threshold, got {self.digit_features}")
        return self

    @model_validator(mode="after")
    def _reaches_the_threshold(self) -> DoubleDescentConfig:
        if self.study != "nested":
            return self
        named = self.dataset if self.own_rows else self.spectrum
        if (self.own_rows or self.own_spectrum) and self.features != "identity":
            raise ValueError(f"{named} has features of its own: leave features at identity, got {self.features}")
        if self.own_rows and self.spectrum != "isotropic":
            raise ValueError(f"dataset {self.dataset} has features of its own: leave spectrum at isotropic, got {self.spectrum}")
        rows = entry_of(self.dataset)
        why = "" if rows is None else refusal(rows, self.n, FEWEST)
        if why:
            raise ValueError(why)
        if (self.own_rows or self.own_spectrum) and self.n > self.most:
            held = columns(rows) if rows is not None else own.find(self.spectrum).rows
            raise ValueError(f"n must be at most {self.most:,}, the smaller of D={self.D:,} and what {named} has, {held:,}, got {self.n}")
        return self

    @property
    def own_rows(self) -> bool:
        """Whether imported rows are fitted."""
        return self.study == "nested" and self.dataset != NONE

    @property
    def own_spectrum(self) -> bool:
        """Whether eigenvalues were imported."""
        return self.spectrum not in SPECTRA

    @property
    def most(self) -> int:
        """Features: D, or what imported rows (with their constant) or eigenvalues have, at most 10 n of them."""
        rows, limit = entry_of(self.dataset), MOST_FEATURES * self.n
        if rows is not None:
            return min(self.D, columns(rows), limit)
        return min(self.D, own.find(self.spectrum).rows, limit) if self.own_spectrum else self.D

    @property
    def directions(self) -> int:
        """Directions of multiple descent."""
        if self.spectrum == "blocks":
            return sum(self.blocks)
        return min(self.D, own.find(self.spectrum).rows) if self.own_spectrum else self.D


ALONE = {"relu_draws": 0, "digits": 0}
MULTIPLE_DESCENT = {"study": "multiple-descent", "spectrum": "blocks", "sigma": 0.3162, "D": 250}
EARLY_STOPPING = {"study": "early-stopping", "n": 100, "draws": 10}
RFF = {"study": "fourier-features", "draws": 1}
NETWORKS = {"study": "network", "images": "digits196", "examples": 400}
PAPER_WIDTHS = (
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 35, 40, 43, 45, 47, 48, 49, 50,
    51, 52, 54, 57, 60, 70, 80, 100, 150, 200, 300, 500, 1000,
)  # fmt: skip
PRESETS = (
    Preset(
        "quick", "a second valley below the first: misspecified Gaussian features, 20 draws, and one curve on 500 real digits",
        {}, "arXiv:1903.07571, with a head; arXiv:1812.11118 on 5,000 MNIST digits",
    ),
    Preset(
        "standard", "three seeds of 100 draws, Mei-Montanari, 1,000 real digits",
        {"draws": 100, "relu_draws": 10, "digits": 1000, "digit_features": 5000},
        "arXiv:1903.07571, arXiv:1908.05355, arXiv:1812.11118", seeds=3,
    ),
    Preset(
        "bhx-random-selection", "the paper's own size: no first valley, because no feature matters more than another",
        {"n": 40, "D": 100, "sigma": 0.2, "profile": "flat", "draws": 100, **ALONE}, "arXiv:1903.07571, Fig. 1 (unverified figure)",
    ),
    Preset(
        "hastie-isotropic", "well-specified, SNR 5: beyond the threshold a minimum, then the risk climbs to r2",
        {"D": 2000, "sigma": 1.0, "r2": 5.0, "profile": "well-specified", **ALONE}, "arXiv:1903.08560, Fig. 2 (unverified figure)",
    ),
    Preset(
        "mei-montanari", "random ReLU features without noise, n/d = 3",
        {"features": "relu", "n": 300, "d": 100, "D": 3000, "sigma": 0.0, "draws": 10, **ALONE},
        "arXiv:1908.05355, Fig. 1 (unverified figure)",
    ),
    Preset(
        "anisotropic", "variances that fall like 1/k: the deterministic equivalent over simulation",
        {"spectrum": "power", **ALONE}, "arXiv:1903.08560, Section 5",
    ),
    Preset(
        "noisy-digits", "random Fourier features of digits with a fifth of the labels replaced, min-norm beside the best ridge",
        {"features": "fourier", "n": 500, "D": 3000, "noise": 0.2, "draws": 5, **ALONE}, "arXiv:1812.11118, with label noise",
    ),
    Preset(
        "multiple-descent", "error over the number of samples: a peak at the end of each block of the spectrum; the best ridge has none",
        {**MULTIPLE_DESCENT, "draws": 4}, "arXiv:2008.01036; arXiv:2003.01897",
        question="Can test error rise and fall more than once as data are added?",
    ),
    Preset(
        "multiple-descent-standard", "the same with 24 draws, whose means are held against theory at every n",
        {**MULTIPLE_DESCENT, "draws": 24}, "arXiv:2008.01036; arXiv:2003.01897",
    ),
    Preset(
        "early-stopping", "gradient flow stopped at t beside ridge 1/t: at most 1.686 times its risk, best against best 1.215",
        EARLY_STOPPING, "arXiv:1810.10082",
        question="Is gradient flow that stops early as good as ridge?",
    ),
    Preset(
        "early-stopping-standard", "the same, the formula held against 2,000 draws of weights and noise",
        {**EARLY_STOPPING, "weight_draws": 2000}, "arXiv:1810.10082",
    ),
    Preset(
        "belkin-rff", "random Fourier features of 10,000 MNIST images: loss, error, norm up to N = 60,000; bandwidth unverified",
        {**RFF, "images": "mnist", "examples": 10_000, "most_features": 60_000}, "arXiv:1812.11118, Fig. 2", needs="mnist and 5 GB",
    ),
    Preset(
        "belkin-rff-small", "the same with 1,000 of the digits that are here, to N = 6,000: peak at N = n, the norm falls to the kernel's",
        RFF, "arXiv:1812.11118, Fig. 2",
    ),
    Preset(
        "belkin-net", "networks of 1 to 1,000 hidden units on 4,000 MNIST images, 6,000 epochs; re-used weights below 40,000 parameters",
        {**NETWORKS, "images": "mnist", "examples": 4000, "widths": PAPER_WIDTHS, "epochs": 6000, "batch": 128, "lr": 0.001},
        "arXiv:1812.11118, Fig. 4; learning rate and batch unverified", needs="mnist and hours",
    ),
    Preset(
        "belkin-net-small", "the same with 400 of the digits that are here at 14x14: peak at 4,000 parameters, beyond it the lower valley",
        NETWORKS, "arXiv:1812.11118, Fig. 4, on digits", seeds=3,
    ),
)  # fmt: skip
