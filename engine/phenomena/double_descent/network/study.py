"""What a run of study network trains: width after width, below the threshold each from the one before.

Belkin et al. 2019, arXiv:1812.11118, Fig. 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.contract import Marker, Series
from engine.data.corruption import draw_label_noise
from engine.data.registry import load
from engine.data.split import Split
from engine.headline import Known
from engine.phenomena.double_descent.config import DoubleDescentConfig
from engine.phenomena.double_descent.model import Whole
from engine.phenomena.double_descent.network import figures, headline
from engine.phenomena.double_descent.network.first_weights import glorot, normal, widened
from engine.phenomena.double_descent.network.problem import below, memory, parameters, tests, threshold, widths
from engine.phenomena.double_descent.network.training import SCORES, Fit, Images
from engine.phenomena.double_descent.study import Study
from engine.seeds import streams
from engine.state import Draws, State, Stateful
from engine.theory.inputs import Floats
from engine.training.initialise import Draw
from engine.training.memory import require_memory


class Chain:
    """The fit that is being trained, and every seed's weights of the one before it; each width has random streams of its own."""

    def __init__(self, study: TrainedNetworks) -> None:
        self._study = study
        self.fit: Fit | None = None
        self.fitted: list[Draw] = []

    def begin(self, width: int) -> Fit:
        """Draw first weights of a width; with re-use the narrowest begins with Glorot and Bengio's."""
        study, c = self._study, self._study.config
        own, under = [streams(seed, width) for seed in study.seeds], below(c, width)
        _, d, K = study.images.sizes
        if c.reuse and under:
            units = [(normal if self.fitted else glorot)(stream.init, d, width, K) for stream in own]
            first = [widened(fitted, drawn) for fitted, drawn in zip(self.fitted, units, strict=True)] if self.fitted else units
        else:
            first = [(normal if c.fresh == "normal" else glorot)(stream.init, d, width, K) for stream in own]
        self.fit = Fit(c, study.images, first, [stream.order for stream in own], under)
        return self.fit

    def end(self) -> None:
        """Keep what was fitted."""
        assert self.fit is not None
        self.fitted, self.fit = self.fit.weights(), None

    def state(self) -> State:
        """Return the weights fitted last, and the fit that is being trained."""
        fitted = {f"fitted/{place}/{layer}": values for place, drawn in enumerate(self.fitted) for layer, values in enumerate(drawn)}
        inner = State.of({"fit": self.fit.state()} if self.fit else {})
        return State(
            {**fitted, **inner.arrays}, {**inner.scalars, "seeds": len(self.fitted), "layers": len(self.fitted[0]) if self.fitted else 0}
        )

    def restore(self, state: State) -> None:
        """Take them up again; the widths that are done are known by then."""
        count, layers = state.scalars["seeds"], state.scalars["layers"]
        self.fitted = [[state.arrays[f"fitted/{place}/{layer}"].copy() for layer in range(layers)] for place in range(count)]
        self.fit = None
        if "fit" in state.scalars:
            self.begin(self._study.widths[self._study.scores.done]).restore(state.part("fit"))


class TrainedNetworks(Study):
    """The networks of every width and seed; a step is an epoch, and a width that is done before its last one skips the others.

    Attributes:
        widths: (k,) hidden units, rising. parameters: (k,) of each. scores: a row a width that is done, (seeds,) each.
    """

    unit = "epoch"

    def __init__(self, config: DoubleDescentConfig, seeds: tuple[int, ...], device: str) -> None:
        self.config, self.seeds = config, seeds
        self.widths = widths(config)
        self.parameters: Whole = np.array([parameters(config, width) for width in self.widths])
        self.threshold, self.tests = threshold(config), tests(config)
        held = f"networks of {self.widths[-1]:,} hidden units on {config.examples:,} images"
        require_memory(memory(config, len(seeds)), held, device, "lower widths, examples or the number of seeds")
        self.splits = [load(config.images, config.examples, self.tests, streams(seed), config.images_sha256) for seed in seeds]
        self.labels = [
            draw_label_noise(split.y, split.classes, "uniform", streams(seed).noise).at(config.noise)
            for split, seed in zip(self.splits, seeds, strict=True)
        ]
        self.images = placed(self.splits, self.labels, device)
        self.scores = Draws(len(self.widths), dict.fromkeys(SCORES, (len(seeds),)))
        self.chain = Chain(self)
        begins = "with the fitted smaller network and new small units" if config.reuse else "with first weights of their own"
        self.notes = (
            f"{config.examples:,} images of {config.images} train, {self.tests:,} others test; squared loss is summed over the classes",
            f"below nK = {self.threshold:,} parameters networks begin {begins}, and end once an epoch misreads no image",
        )

    # ------------------------------------------------------------ the work

    @property
    def total(self) -> int:
        """Epochs of all widths."""
        return self.config.epochs * len(self.widths)

    @property
    def step(self) -> int:
        """Epochs of the widths that are done, and of the present one; its last counts once it is scored."""
        fit = self.chain.fit
        return self.scores.done * self.config.epochs + (min(fit.epoch, self.config.epochs - 1) if fit else 0)

    @property
    def grid(self) -> Whole:
        """The beginning, and the end of every width."""
        return self.config.epochs * np.arange(len(self.widths) + 1)

    def pieces(self) -> Iterator[None]:
        """Train and score width after width."""
        while not self.scores.complete:
            fit = self.chain.fit or self.chain.begin(self.widths[self.scores.done])
            for _ in fit.steps():
                yield
            found = yield from fit.score()
            self.chain.end()
            self.scores.add(found)
            yield

    # ------------------------------------------------------------ what was trained

    @property
    def reached(self) -> Whole:
        """Parameters of the widths that are done, (k,)."""
        return self.parameters[: self.scores.done]

    @property
    def under(self) -> NDArray[np.bool_]:
        """Which of those have fewer parameters than targets, (k,)."""
        return np.asarray(self.reached < self.threshold)

    def curve(self, name: str) -> Floats:
        """Return one of `SCORES` of the widths that are done, (k, seeds)."""
        return np.asarray(self.scores[name])

    def measured(self) -> dict[str, Any]:
        """Return how many widths are done, and what the last one came to, a number a seed."""
        record: dict[str, Any] = {"network-widths": float(self.scores.done)}
        if self.scores.done:
            record["network-parameters"] = float(self.reached[-1])
            record |= {f"network-{name.replace('_', '-')}": self.curve(name)[-1].tolist() for name in SCORES}
        return record

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Of the first seed X (n, d), y (n,) as trained on, X_test, y_test, and W1 (d, H), b1, W2 (H, K), b2 of the width done last; over
        the widths done H and parameters (k,) and `SCORES` (k, seeds).
        """
        split, k = self.splits[0], self.scores.done
        found: dict[str, NDArray[Any]] = {"X": split.x, "y": self.labels[0], "X_test": split.x_test, "y_test": split.y_test}
        found |= {"H": np.array(self.widths[:k]), "parameters": self.reached.copy(), **{name: self.curve(name).copy() for name in SCORES}}
        if self.chain.fitted:
            found |= dict(zip(("W1", "b1", "W2", "b2"), self.chain.fitted[0], strict=True))
        return found

    # ------------------------------------------------------------ what is shown and kept

    def series(self) -> Iterable[Series]:
        """Losses, errors and norms over parameters."""
        return figures.series(self)

    def markers(self) -> Iterable[Marker]:
        """The threshold."""
        return figures.markers(self)

    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen, for the headline."""
        return headline.clauses(self, known)

    def parts(self) -> Mapping[str, Stateful]:
        """Scores of the widths that are done, and the networks."""
        return {"scores": self.scores, "chain": self.chain}


def placed(splits: list[Split], labels: list[NDArray[np.int64]], device: str) -> Images:
    """Return the images of every seed on the device."""
    x, x_test = (torch.from_numpy(np.stack(part)).to(device) for part in ([one.x for one in splits], [one.x_test for one in splits]))
    known = (labels, [one.y_test for one in splits])
    one_hot = [torch.nn.functional.one_hot(torch.from_numpy(np.stack(part)), splits[0].classes).float().to(device) for part in known]
    return Images(x, one_hot[0], x_test, one_hot[1])
