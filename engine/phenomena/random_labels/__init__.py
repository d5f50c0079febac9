"""Random labels: Can a network that generalises on real labels also fit labels that carry no information?

The same network, with the same settings, is trained on true labels, on labels that are partly or wholly random, and on
true labels with shuffled, scrambled or invented pixels. It fits them all. What it learns from true labels carries over
to new images; what it learns from random labels carries over to nothing.

Zhang, Bengio, Hardt, Recht, Vinyals 2017, arXiv:1611.03530; Greydanus, Kobak 2024, arXiv:2011.14439 (MNIST-1D).

Letters: n examples of d pixels in K classes, n_test test images; q the probability that a label is replaced.

Order: 10
"""

from __future__ import annotations

from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from engine.contract import Axis, Config, Figure, Marker, Picture, PictureSpec, Preset, Series, Spec, Verdict, knob
from engine.data.registry import largest, source, test_count
from engine.errors import Diverged
from engine.phenomena.random_labels.claims import CLAIMS, CONSTRUCTED, PAIRED_STEPS, Evidence, judge
from engine.phenomena.random_labels.conditions import draw_conditions
from engine.phenomena.random_labels.curves import Curves
from engine.phenomena.random_labels.memorisation import chance_band, memorise
from engine.phenomena.random_labels.tiles import LEGEND, memorisation_map, side_by_side
from engine.phenomenon import geometric_grid
from engine.seeds import streams
from engine.state import State
from engine.transition import OldPhenomenon

if TYPE_CHECKING:
    from engine.data.corruption import InputKind
    from engine.phenomena.random_labels.randomisation import Arm

Floats = NDArray[np.float64]

TWIN = "twin-"
DIVERGED = 1000  # times the loss of guessing, ln K: far beyond what training comes back from
PROBE = 500  # test images scored while an arm trains; all of them once it has finished


class RandomLabelsConfig(Config):
    """Knobs of the randomisation test."""

    dataset: Literal["digits5k", "digits196", "mnist1d"] = knob("digits5k", "images: real digits 28x28, the same 14x14, or 1-D signals")
    n: int = knob(1000, "training examples", ge=100, le=50000, log=True)
    corruption: float = knob(1.0, "probability that a label of the random arm is replaced", ge=0.0, le=1.0)
    levels: tuple[float, ...] = knob((0.25, 0.5, 0.75), "the same for the partly corrupted arms", ge=0.0, le=1.0)
    noise: Literal["uniform", "incorrect"] = knob("uniform", "a replaced label is any class (uniform) or a wrong one (incorrect)")
    inputs: Literal["true", "shuffled", "random-pixels", "gaussian"] = knob("true", "what the arms with corrupted labels see")
    model: Literal["mlp", "both"] = knob("mlp", "an MLP, or a three-layer CNN beside it (mnist1d only)")
    width: int = knob(512, "units of a hidden layer", ge=16, le=4096, log=True)
    depth: int = knob(1, "hidden layers", ge=1, le=4)
    lr: float = knob(0.05, "learning rate", ge=1e-4, le=1.0, log=True, label="learning rate")
    momentum: float = knob(0.9, "momentum of SGD", ge=0.0, le=0.99)
    batch: int = knob(100, "examples of a batch, at most n", ge=1, le=50000, log=True)
    wd: float = knob(0.0, "weight decay", ge=0.0, le=0.01, label="weight decay")
    epochs: int = knob(60, "longest training; an arm stops earlier when it fits every label", ge=1, le=1000, unit="epochs", log=True)

    @model_validator(mode="after")
    def _fits_together(self) -> RandomLabelsConfig:
        most = largest(self.dataset)
        if most is not None and self.n > most:
            raise ValueError(f"n must be at most {most} on {self.dataset}, which has to leave images for testing, got {self.n}")
        if self.batch > self.n:
            raise ValueError(f"batch must be at most n={self.n}, got {self.batch}")
        if self.model == "both" and len(source(self.dataset).shape) > 1:
            raise ValueError(f"model both needs dataset mnist1d, because the CNN is one-dimensional, got {self.dataset}")
        return self


PRESETS = (
    Preset("quick", "one seed of every arm on 1,000 real digits", {}, "arXiv:1611.03530, Fig. 1 and Table 1 (MLP 1x512), on MNIST digits"),
    Preset(
        "standard",
        "MLP 2x512 and a CNN on MNIST-1D, six corruption levels, five seeds",
        {
            "dataset": "mnist1d", "n": 4000, "model": "both", "depth": 2, "levels": (0.2, 0.4, 0.6, 0.8), "epochs": 45,
        },
        "arXiv:2011.14439 (shuffled MNIST-1D) with the arms of arXiv:1611.03530",
        seeds=5,
    ),
    Preset(
        "zhang-3x512",
        "the paper's deepest MLP, three layers of 512, with its learning rate, on digits instead of CIFAR-10",
        {"depth": 3, "lr": 0.01, "epochs": 200},
        "arXiv:1611.03530, Table 1 (MLP 3x512)",
    ),
)  # fmt: skip

STEP, LINEAR_STEP = Axis("step", log=True, lo=1), Axis("step")
CORRUPTION = Axis("corruption q", lo=0.0, hi=1.0)
FIGURES = (
    Figure("train-accuracy", "Training accuracy", STEP, Axis("accuracy", lo=0.0, hi=1.0), ("train-accuracy/*",)),
    Figure(
        "test-error", "Test error", STEP, Axis("error", lo=0.0, hi=1.0), ("test-error/*",),
        f"on {PROBE} clean test images while an arm trains, on all once it has finished",
    ),
    Figure("train-loss", "Training loss", LINEAR_STEP, Axis("mean cross-entropy", lo=0.0, unit="nats"), ("train-loss/*",)),
    Figure("time-to-fit", "Time to fit", CORRUPTION, Axis("steps to 99 %, relative to q=0", lo=0.0), ("time-to-fit",)),
    Figure("error-vs-corruption", "Test error against corruption", CORRUPTION, Axis("clean test error", lo=0.0, hi=1.0),
           ("error-vs-corruption", "chance")),
)  # fmt: skip
MAPPED = ("true", "random", "partly", "shuffled", "random-pixels", "gaussian")
PICTURES = (
    *(PictureSpec(f"memorised/{name}", f"Which training examples are fitted: {name.replace('-', ' ')}") for name in MAPPED),
    PictureSpec("conditions", "One image under every input condition"),
)

NOTES = """
## What to notice

- Every curve of **training accuracy** reaches 100 %, also that of *random labels*, which say nothing about the images. The
  network, its first weights, the order of the examples and the learning rate are the same in all arms; only the data differ.
- **Test error** tells them apart: about a tenth on true labels, nine tenths (chance, `1-1/K`) on random ones.
- Random labels take a few times longer, not thousands of times: see **time to fit**.
- With partly random labels the test error climbs steadily: the network finds what is left of the pattern, and memorises the rest.
- *Shuffled pixels* look like noise to you and are the same to an MLP: permute the columns of its first layer alike and every
  loss is equal. A CNN, which looks at neighbours, does suffer.
- On 1,000 digits *gaussian* and *random pixels* are fitted **before** true images: a thousand noise vectors in 784
  dimensions are nearly orthogonal. The order of Zhang's Fig. 1 is that of CIFAR-10 and Inception.

## Formulas

- Theorem 1: with a random direction `a`, sorted projections `z_i = <a, x_i>` and biases `b_1 < z_1 < b_2 < z_2 < ...`, the matrix
  `A_ij = max(z_i - b_j, 0)` is lower triangular; solving `A w = y` fits any n labels with `2n + d` weights.
- Chance band: `1 - 1/K -+ 3 sqrt((1/K)(1 - 1/K) / n_test)`. It is exact only for test labels that are independent of the
  network. A network trained on random labels still labels whole clusters alike, so its error on *clean* labels scatters
  about twice as much (12 seeds): hence fresh random test labels in RL2, and a mean over seeds in RL3.

## Where the textbook is imprecise

- "It memorises every single label": on CIFAR-10 between 99.34 and 100 %; on ImageNet 95.20 % (top-1); AlexNet with weight decay
  failed; no ResNet was tried.
- "So its VC dimension is at least n": one fitted labelling shatters nothing. It shows an empirical Rademacher complexity near 1;
  shattering needs Theorem 1, or half of all labellings (then VC >= (n-1)/2).

## References

Zhang, Bengio, Hardt, Recht, Vinyals 2017, arXiv:1611.03530. Greydanus, Kobak 2024, arXiv:2011.14439. LeCun et al. 1998 (MNIST).
"""


def arms_of(config: RandomLabelsConfig) -> tuple[Arm, ...]:
    """Return the arms that a config asks for."""
    from engine.phenomena.random_labels.randomisation import Arm

    random = "random labels" if config.corruption == 1 else f"{config.corruption:.0%} random labels"
    arms = [Arm("true", "true labels", inputs=config.inputs), Arm("random", random, config.corruption, config.inputs)]
    arms += [Arm(f"partly-{q:g}", f"{q:.0%} corrupted", q, config.inputs) for q in dict.fromkeys(config.levels)]
    arms += [Arm("shuffled", "shuffled pixels", inputs="shuffled"), Arm("random-pixels", "random pixels", inputs="random-pixels")]
    arms += [Arm("gaussian", "gaussian", inputs="gaussian")]
    if config.model == "both":
        arms += [
            Arm("cnn-true", "CNN, true labels", model="cnn"),
            Arm("cnn-shuffled", "CNN, shuffled pixels", inputs="shuffled", model="cnn"),
        ]
    return tuple(arms)


def measured_steps(total: int, epoch: int) -> NDArray[np.int64]:
    """Return 20 steps a decade, half as many during the first three epochs, when little is fitted, and the end of RL8."""
    coarse, fine = geometric_grid(total, 10), geometric_grid(total)
    early = 3 * epoch
    return np.unique(np.concatenate([coarse[coarse <= early], fine[fine > early], [min(PAIRED_STEPS, total), total]]))


class RandomLabels(OldPhenomenon):
    """All arms and seeds of one randomisation test, trained side by side."""

    spec: ClassVar[Spec] = Spec(
        name="random-labels",
        title="Random labels",
        question="Can a network that generalises on real labels also fit labels that carry no information?",
        config=RandomLabelsConfig,
        presets=PRESETS,
        figures=FIGURES,
        pictures=PICTURES,
        claims=CLAIMS,
        notes=NOTES,
        experiment=__name__,
        references=("arXiv:1611.03530", "arXiv:2011.14439"),
    )

    def __init__(self, config: Config, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        from engine.phenomena.random_labels.randomisation import Recipe, build_arms
        from engine.phenomena.random_labels.twin import PixelTwins

        super().__init__(config, seeds, device, preset)
        c = self.config
        self._shown = arms_of(c)
        n_test = test_count(c.dataset, c.n)
        self._cases = [draw_conditions(c.dataset, c.n, n_test, c.noise, streams(seed)) for seed in seeds]
        self._split = self._cases[0].split
        self.total = c.epochs * (c.n // c.batch)
        self._grid = measured_steps(self.total, c.n // c.batch)
        recipe = Recipe(c.width, c.depth, c.lr, c.momentum, c.wd, c.batch)
        self._twins = PixelTwins(self._cases[0], seeds[0], recipe, min(PAIRED_STEPS, self.total), device)
        self._arms = build_arms(self._shown, self._cases, seeds, recipe, device, int(np.diff(self._grid).max()))
        self._curves = Curves(self.history, [arm.name for arm in self._shown], len(seeds))
        self._construct()
        self.notes = self._split.notes

    def _construct(self) -> None:
        """Fit random labels of the first seed with Theorem 1's network."""
        fitted = min(self.config.n, CONSTRUCTED)
        x, labels = self._split.x[:fitted], self._cases[0].labels.at(1.0)[:fitted]
        self._constructed = memorise(x, labels, np.random.default_rng(self.seeds[0]))
        levels = sorted(
            (arm for arm in self._shown if arm.name in ("true", "random") or arm.name.startswith("partly")), key=lambda arm: arm.corruption
        )
        self._levels = {arm.name: arm.corruption for arm in levels}
        self._evidence = Evidence(
            self._curves,
            self._over,
            self._levels,
            classes=self._split.classes,
            n_test=len(self._split.y_test),
            last=int(self._grid[-1]),
            weights=self._constructed.weight_count,
            fitted=fitted,
            pixels=x.shape[1],
            residual=self._constructed.largest_residual(x, labels),
        )

    def _over(self, arm: str) -> bool:
        return len(self.history) > 0 and not self._arms.active[self._curves.members(arm)].any()

    # ------------------------------------------------------------ training

    @property
    def done(self) -> bool:
        """Whether the last step has been measured."""
        return len(self.history) > 0 and self._target is None

    def advance(self, budget: float) -> None:
        """Train for about `budget` seconds, never past the next step to be measured."""
        target = self._target
        if target is not None:
            started = perf_counter()
            self._twins.advance(target, budget)
            self._arms.advance(target, budget - (perf_counter() - started), PROBE, target == self.total)
            self.step = self._arms.progress(target)

    def due(self) -> bool:
        """Whether the present step is on the grid, scored, and has not been measured."""
        return self._arms.ready and self._twins.reached(self.step)

    def measure(self) -> dict[str, Any]:
        """Return every arm's scores; those that fit all their labels rest from here on.

        Raises:
            Diverged: a loss is no longer finite, or a thousand times that of guessing.
        """
        training = self._arms.active.copy()
        self._require_finite(self._arms.collect(self.step), training)
        if self._twins.done and not self._arms.active.any():
            self.total = self.step
        return {
            "train-loss": self._arms.loss.tolist(),
            "train-accuracy": self._arms.correct.tolist(),
            "test-error": np.round(1.0 - self._arms.test_correct, 12).tolist(),
            "fresh-accuracy": self._arms.fresh_correct.tolist(),
            **({"twin-gap": self._twins.gap()} if self.step == self._twins.steps else {}),
        }

    @property
    def _target(self) -> int | None:
        """The next step to be measured."""
        measured = self.history.steps[-1] if self.history.steps else -1
        later = self._grid[self._grid > measured]
        return int(later[0]) if later.size and measured < (self.total or 0) else None

    def _require_finite(self, losses: Floats, training: NDArray[np.bool_]) -> None:
        """losses: (steps since the last measurement, members), of those that were training."""
        table = np.vstack([losses, self._arms.loss])  # the last row is the present step
        lost = np.argwhere(~np.isfinite(table) & training)
        if len(lost):
            step = self.step - len(losses) + int(lost[0, 0])
            seen = "" if step == self.step else f" (seen at step {self.step})"
            raise Diverged(f"the loss of {self._label(lost[0, 1])} is no longer a finite number at step {step}{seen}", self._lower)
        worst = int(np.argmax(self._arms.loss))
        if self._arms.loss[worst] > DIVERGED * np.log(self._split.classes):
            grown = f"the loss of {self._label(worst)} has grown to {self._arms.loss[worst]:.1e} at step {self.step}"
            raise Diverged(f"{grown}, over {DIVERGED} times that of guessing", self._lower)

    def _label(self, member: int) -> str:
        return self._shown[member // len(self.seeds)].label

    @property
    def _lower(self) -> str:
        return f"lower learning rate (it is {self.config.lr:g})"

    # ------------------------------------------------------------ what is shown

    def series(self) -> tuple[Series, ...]:
        """Every curve: a mean over seeds with their range."""
        curves = [self._curves.curve("train-accuracy", arm.name, arm.label, 1) for arm in self._shown]
        curves += [self._curves.curve("test-error", arm.name, arm.label, 1) for arm in self._shown]
        curves += [self._curves.curve("train-loss", arm.name, arm.label) for arm in self._shown]
        last = float(max(self.step, 1))
        label = f"Theorem 1's network, {self._constructed.weight_count:,} weights"
        curves.append(Series("train-accuracy/theorem-1", label, np.array([1.0, last]), np.ones(2), kind="theory", basis="exact"))
        return (*curves, *self._against_corruption())

    def _against_corruption(self) -> list[Series]:
        evidence, q = self._evidence, np.array(list(self._levels.values()))
        slowdown = np.stack([evidence.fitted_at(arm) for arm in self._levels]) / evidence.fitted_at("true")
        seen = np.isfinite(slowdown).all(axis=1)
        errors = np.stack([evidence.error(arm) for arm in self._levels])
        low, high = chance_band(self._split.classes, len(self._split.y_test))
        ends, chance = np.array([0.0, 1.0]), np.full(2, self._split.chance_error)
        band = np.full(2, low), np.full(2, high), "3 binomial deviations"
        return [
            self._curves.banded("time-to-fit", "steps to 99 %", q[seen], slowdown[seen], "corruption"),
            self._curves.banded("error-vs-corruption", "clean test error", q, errors, "corruption"),
            Series("chance", "chance", ends, chance, *band, kind="theory", basis="exact", group="chance"),
        ]

    def pictures(self) -> tuple[Picture, ...]:
        """Which training examples of the first seed are fitted, arm by arm; one image under every condition."""
        names = [arm.name for arm in self._shown]
        partly = [arm.name for arm in self._shown if arm.name.startswith("partly")]
        shown = {name: name if name != "partly" else partly[len(partly) // 2] for name in MAPPED}
        return (*(self._memorised(name, names.index(arm)) for name, arm in shown.items()), self._conditions)

    def _memorised(self, name: str, arm: int) -> Picture:
        labels = self._cases[0].labels.at(self._shown[arm].corruption)
        cells = memorisation_map(self._arms.fitted[arm * len(self.seeds)], labels, self._split.classes)
        count = int(self._arms.fitted[arm * len(self.seeds)].sum())
        title, note = f"Fitted: {self._shown[arm].label}", f"{count:,} of {len(labels):,}, seed {self.seeds[0]}"
        return Picture(f"memorised/{name}", title, cells, palette="classes", legend=LEGEND, y="class as labelled", note=note)

    @cached_property
    def _conditions(self) -> Picture:
        kinds: tuple[InputKind, ...] = ("true", "shuffled", "random-pixels", "gaussian")
        tiles = side_by_side([self._cases[0].inputs(kind)[0][0] for kind in kinds], self._split.shape)
        labels = self._cases[0].labels
        note = f"{', '.join(kinds)}; true label {labels.true[0]}, random label {labels.at(1.0)[0]}"
        return Picture("conditions", "The first training image under every input condition", tiles, palette="grey", note=note)

    def markers(self) -> tuple[Marker, ...]:
        """When true and random labels were memorised (median over seeds), when all arms were fitted, and chance."""
        chance = self._split.chance_error
        found = [Marker("test-error", "y", chance, "chance"), Marker("train-accuracy", "y", 1.0 - chance, "chance")]
        for arm in self._shown[:2]:
            at = self._memorised_at(arm.name)
            if at is not None:
                found.append(Marker("train-*", "x", at, f"{arm.label} memorised at {at:,.0f}", arm.name))
        if len(self.history) and np.all(self._arms.correct == 1.0):
            found.append(Marker("train-*", "x", float(self.step), f"all fitted at {self.step:,}"))
        return tuple(found)

    def _memorised_at(self, arm: str) -> float | None:
        steps = self._evidence.fitted_at(arm)
        return float(np.median(steps)) if np.isfinite(steps).all() else None

    # ------------------------------------------------------------ claims and storage

    def verdicts(self) -> tuple[Verdict, ...]:
        """Every claim, decided as soon as the arms it speaks of have finished."""
        return tuple(ready or judge(claim, self._evidence) for claim, ready in self.claims())

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first seed's problem and networks.

        X (n, d), y (n,) true and y_random (n,) corrupted labels, X_test, y_test; fitted (arms, n) in the order of arms;
        a, b, w: Theorem 1's network on the first rows of X; W1, b1, ... of the arms true and random, one array per layer.
        """
        split, network = self._split, self._constructed
        trained = {f"{name}_{layer}": values for name in ("true", "random") for layer, values in self._layers(name).items()}
        return {
            "X": split.x, "y": split.y, "y_random": self._cases[0].labels.at(self.config.corruption), "X_test": split.x_test,
            "y_test": split.y_test, "pixel_order": self._cases[0].pixel_order, "arms": np.array([arm.name for arm in self._shown]),
            "fitted": self._arms.fitted[:: len(self.seeds)], "a": network.direction, "b": network.biases, "w": network.weights, **trained,
        }  # fmt: skip

    def _layers(self, arm: str) -> dict[str, NDArray[Any]]:
        blocks = self._arms.layers(self._curves.members(arm)[0])
        return {f"{'Wb'[index % 2]}{index // 2 + 1}": block for index, block in enumerate(blocks)}

    def state(self) -> State:
        """Return every group's weights, velocity and place in its epoch."""
        arms, twins = self._arms.state(), self._twins.state()
        arrays = {**arms.arrays, **{f"{TWIN}{name}": values for name, values in twins.arrays.items()}}
        return State(arrays, {"arms": arms.scalars, "twins": twins.scalars, "total": self.total})

    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._twins.restore(State(state.under(TWIN), state.scalars["twins"]))
        self._arms.restore(State(state.arrays, state.scalars["arms"]))
        self.total = state.scalars["total"]
