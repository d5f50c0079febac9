"""Grokking: Can a network memorise first and understand much later?

Modular arithmetic, part of its table for training. Training accuracy reaches 100 % with test accuracy at chance; many steps later
test accuracy jumps, as the weights turn into waves. Weight decay helps and is not required.

Power, Burda, Edwards, Babuschkin, Misra 2022, arXiv:2201.02177; Gromov 2023, arXiv:2301.02679; Nanda, Chan, Lieberum, Smith,
Steinhardt 2023, arXiv:2301.05217; Kumar, Bordelon, Gershman, Pehlevan 2023, arXiv:2310.06110; Liu, Michaud, Tegmark 2022,
arXiv:2210.01117; Lee et al. 2024, arXiv:2405.20233; Prieto et al. 2025, arXiv:2501.04697.

Letters: p the modulus, N neurons, P pairs of which a fraction is shown; U, W the embeddings of both inputs, V the output weights.

Order: 80
"""

from __future__ import annotations

from time import perf_counter
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from engine.contract import Axis, Config, Figure, Marker, Picture, PictureSpec, Preset, Series, Spec, Verdict, knob
from engine.errors import Diverged
from engine.phenomena.grokking.arms import WATCHED, arms_of, members_of
from engine.phenomena.grokking.claims import ANALYTIC_MODULI, ANALYTIC_WIDTH, CLAIMS, Evidence, judge
from engine.phenomena.grokking.display import bars, correctness, curves, events, sentences
from engine.phenomena.grokking.progress import WAVES, analytic_accuracy, look_up_difference, measures, spectrum
from engine.phenomena.grokking.readings import GROKKED, PROGRESS, Readings
from engine.phenomenon import geometric_grid
from engine.state import State
from engine.transition import OldPhenomenon

LINEAR = 100  # so many measurements are `every` steps apart; later ones 20 a decade, so that a long run stays small
PRIMES = tuple(q for q in range(11, 200) if all(q % divisor for divisor in range(2, 15)) or q in (11, 13))


class GrokkingConfig(Config):
    """Knobs of modular arithmetic and of what learns it."""

    p: int = knob(59, "modulus, a prime", ge=11, le=199, log=True)
    model: Literal["gromov", "mlp", "transformer"] = knob(
        "gromov", "Gromov's quadratic network, Prieto's perceptron or Nanda's one-layer transformer"
    )
    width: int = knob(200, "neurons of a hidden layer", ge=50, le=2000, log=True)
    fraction: float = knob(0.3, "share of all pairs that is shown in training", ge=0.05, le=0.95)
    optimizer: Literal["adamw", "sgd"] = knob("adamw", "AdamW, or full-batch gradient descent (decay added to the gradient)")
    momentum: float = knob(0.9, "momentum of sgd", ge=0.0, le=0.999)
    beta2: float = knob(0.98, "how slowly AdamW's mean of squared gradients changes", ge=0.5, le=0.9999)
    wd: float = knob(1.0, "weight decay", ge=0.0, le=10.0, label="weight decay")
    lr: float = knob(0.005, "learning rate", ge=1e-4, le=0.1, log=True, label="learning rate")
    op: Literal["add", "sub", "mul", "div", "x2+y2", "x2+xy+y2", "x3+xy", "s5"] = knob(
        "add", "operation mod p, or composition in S5; Gromov's network has the first four", label="operation"
    )
    act: Literal["square", "relu"] = knob("square", "activation of Gromov's network (the others have relu)", label="activation")
    steps: int = knob(1200, "training steps", ge=100, le=1_000_000, unit="steps", log=True)
    every: int = knob(20, f"steps between {LINEAR} measurements; 20 a decade beside and beyond", ge=1, le=1000, unit="steps")
    speedup: Literal["none", "grokfast", "perp-grad", "stablemax"] = knob(
        "none", "what is done to the gradient, or to the softmax; a control is trained beside"
    )
    sweep: bool = knob(False, "train fractions .2 to .6 times weight decays 0, .3, 1, 3 beside")

    @model_validator(mode="after")
    def _fits_together(self) -> GrokkingConfig:
        if self.p not in PRIMES:
            near = sorted(sorted(PRIMES, key=lambda q: abs(q - self.p))[:3])
            raise ValueError(f"p must be a prime between 11 and 199, got {self.p}; nearby: {', '.join(map(str, near))}")
        if self.model == "gromov":
            if self.op not in WAVES:
                raise ValueError(f"op must be {', '.join(WAVES)} with Gromov's network, got {self.op}; choose model transformer or mlp")
            if self.speedup == "stablemax":
                raise ValueError("speedup stablemax needs a softmax, which Gromov's network has not; choose model transformer or mlp")
        return self


PRESETS = (
    Preset("quick", "addition mod 59 with and without weight decay; half of the table mod 53 without", {}, "arXiv:2301.02679"),
    Preset(
        "standard", "data fractions .2 to .6 times weight decays 0 to 3, three seeds of each", {"sweep": True, "steps": 3000},
        "arXiv:2301.02679; arXiv:2201.02177, Fig. 1", seeds=3,
    ),
    Preset(
        "long-delay", "a smaller table, memorised within 30 steps and understood thousands of steps later; three seeds",
        {"p": 41, "width": 160, "fraction": 0.35, "steps": 4000}, "arXiv:2301.02679", seeds=3,
    ),
    Preset(
        "nanda", "the one-layer transformer of 226,816 parameters as published; tens of minutes on a CPU",
        {
            "model": "transformer", "p": 113, "width": 512, "wd": 1.0, "lr": 0.001, "steps": 40_000, "every": 100,
        },
        "arXiv:2301.05217, Sec. 3 and 5",
    ),
    Preset(
        "prieto", "a perceptron without weight decay: perp-Grad groks within 300 steps, its control does not",
        {
            "model": "mlp", "p": 113, "width": 200, "fraction": 0.4, "wd": 0.0, "lr": 0.01, "beta2": 0.99, "steps": 300, "every": 10,
            "speedup": "perp-grad",
        },
        "arXiv:2501.04697, Fig. 1",
    ),
)  # fmt: skip

STEP = Axis("step", log=True, lo=1)
SWEPT = "filled by sweep yes (preset standard)"
FIGURES = (
    Figure("accuracy", "Accuracy", STEP, Axis("accuracy", lo=0.0, hi=1.0), ("accuracy/*",)),
    Figure("loss", "Loss", STEP, Axis("loss a pair", log=True), ("loss/*",)),
    Figure("progress", "Progress measures", STEP, Axis("loss, margin, share, norm"), ("progress/*",),
           "restricted on all pairs, excluded on training pairs; key frequencies hold 80 % of the embedding's power"),
    Figure("spectrum", "Fourier spectrum of the embedding", Axis("frequency"), Axis("share of power", lo=0.0), ("spectrum",),
           "for add, sub, mul and div"),
    Figure("delay-vs-fraction", "Delay against data", Axis("fraction of pairs shown", lo=0.0, hi=1.0), Axis("grok step", log=True),
           ("delay-vs-fraction/*",), SWEPT),
    Figure("delay-vs-decay", "Delay against weight decay", Axis("weight decay", lo=0.0), Axis("grok step", log=True),
           ("delay-vs-decay/*",), SWEPT),
)  # fmt: skip
PICTURES = (PictureSpec("correctness", "Which pairs are answered rightly"),)

NOTES = """
## What to notice

- **Accuracy**: training reaches 100 % within tens of steps, with test accuracy *below* chance. Hundreds of steps later test accuracy
  jumps. The marker names the ratio of the two steps.
- *No decay*, all else equal, does not grok by the end of the run: it is shown as censored, not as infinite. Yet decay is not required:
  *p=53, half of the table* groks without any, soon after memorising (three seeds).
- **Progress**: the *held-out margin* (correct output less mean output, on pairs never shown) climbs steadily from soon after
  memorisation, long before accuracy jumps: accuracy is the last to know. The *squared norm* **rises** to more than ten times its first
  value; only late does it fall a little.
- The **single-frequency share** of the median neuron starts near .13 (random weights) and ends near 1: every neuron becomes one wave.
  This network uses nearly all frequencies (see the **spectrum**): "a few key frequencies" is the transformer's solution.
- The **grid**: training pairs light up at once, test pairs when the rule has been found, everywhere alike.
- With a `speedup` a *control* with the same seeds and the same weight decay is trained beside it, in the same ensemble.
  Compare their markers: perp-Grad groks several times sooner than its control; Grokfast, published for transformers, does not help this
  network under AdamW.
- Preset *prieto*, a perceptron without decay: with perp-Grad test accuracy follows training accuracy; its control memorises sooner and
  does not grok, while its weights grow and its test loss with them.
- `optimizer sgd`: full-batch gradient descent, decay added to the gradient, so that far less of it is wanted. With p=31, fraction .6,
  learning rate .1, momentum .95, decay .001 it memorises at 280 and groks at 520; without decay at the end of 3000 steps.

## Formulas

- `f(n, m)_q = sum_k V_qk (U_k[n] + W_k[m])^2`; squared error summed over outputs, mean over training pairs; full-batch AdamW (.9, .98).
- Analytic solution: `U_k[n] = cos(2 pi f_k n/p + a_k)`, `W_k[m] = cos(2 pi f_k m/p + b_k)`, `V_qk = cos(2 pi f_k q/p + a_k + b_k)`, with
  random frequencies and phases; useful term `cos(2 pi f_k (n+m-q)/p)/2`. It has accuracy 1 for N >= 250.
- Single-frequency share: largest over total power of a neuron's embedding column, mean removed. Random: about `(1/M) sum_{k<=M} 1/k`,
  M = (p-1)/2 (p=59: mean .137, median .130). For `mul` and `div` tokens are put in the order of powers of a primitive root.
- Restricted loss: outputs projected on waves of a+b of the key frequencies, plus the mean of the rest, on all pairs. Excluded loss: what
  is left without them, on training pairs. Key frequencies are those that hold 80 % of the embedding's power: while training, the current
  top ones; when training is over both curves are computed again, from weights kept on the way, with the *final model's*, as Nanda et al.
  do. The legend says which.
- Transformer: cross-entropy in float64. Since the query of "=" is the same for all pairs and only the last position is read, keys and
  values are tables over tokens: the same function (GR9) at a fraction of the work.
- Perceptron (Prieto et al.): 2p-N-N-p, ReLU, no biases, cross-entropy in float64, AdamW with eps 1e-25.
- StableMax: `s(x) = x+1` (x >= 0), `1/(1-x)`, in the place of exp.
- *Softmax collapse* (with a softmax): the share of training pairs whose probability would round to 1 in float32, so that they would
  teach nothing there; of the arm and of its control.
- *Gini* coefficient of the spectrum: 0 when all frequencies have equal power, near 1 when a few have all.
- perp-Grad: `g <- g - (w.g/w.w) w`, rescaled to |g|. Grokfast: `h <- .98 h + .02 g`, `g <- g + 2 h`.

## Traps

- Restricted loss needs a control: projecting on functions of a+b averages training outputs into test cells, and a pure memoriser scores
  well with all frequencies. Hence the held-out margin and the share per neuron.
- Pairs drawn with replacement leak test pairs into training; here they are drawn without.

## Where the textbook is imprecise

- (16) Grokking does not require weight decay: Power et al.'s headline run had none, nor Gromov, Kumar et al., Prieto et al.; see GR3.
- A lower norm need not come with it: here the norm rises. The time is partly predicted (about 1/decay).
- The jump is the end of the story, not the discovery: the circuit forms before it.

## References

Power et al. 2022, arXiv:2201.02177. Gromov 2023, arXiv:2301.02679. Nanda et al. 2023, arXiv:2301.05217. Liu, Michaud, Tegmark 2022,
arXiv:2210.01117. Kumar et al. 2023, arXiv:2310.06110. Lee et al. 2024, arXiv:2405.20233. Prieto et al. 2025, arXiv:2501.04697.
"""


def measured_steps(total: int, every: int) -> NDArray[np.int64]:
    """Return 20 steps a decade, and every `every` steps the first hundred times."""
    linear = np.arange(0, min(total, LINEAR * every) + 1, every)
    return np.unique(np.concatenate([geometric_grid(total), linear]))


class Grokking(OldPhenomenon):
    """The main arm, its controls and, if asked for, a sweep, trained side by side."""

    spec: ClassVar[Spec] = Spec(
        name="grokking",
        title="Grokking",
        question="Can a network memorise first and understand much later?",
        config=GrokkingConfig,
        presets=PRESETS,
        figures=FIGURES,
        pictures=PICTURES,
        claims=CLAIMS,
        notes=NOTES,
        experiment=__name__,
        references=(
            "arXiv:2201.02177", "arXiv:2301.02679", "arXiv:2301.05217", "arXiv:2210.01117", "arXiv:2310.06110", "arXiv:2405.20233",
            "arXiv:2501.04697",
        ),
    )  # fmt: skip

    def __init__(self, config: Config, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        from engine.phenomena.grokking.hindsight import Hindsight
        from engine.phenomena.grokking.training import Recipe, Training

        super().__init__(config, seeds, device, preset)
        c = self.config
        arms = arms_of(c)
        self._members = members_of(arms, seeds)
        self._training = Training(self._members, Recipe.of(c), len(seeds), device)
        self._hindsight = Hindsight(self._training, c.steps)
        self._readings = Readings(self.history, arms, self._members, self._hindsight)
        self._sweep = {place for place, member in enumerate(self._members) if member.arm.name not in WATCHED}
        self.total = c.steps
        self._grid = measured_steps(max(arm.steps for arm in arms), c.every)
        self._grid = np.unique([*self._grid[self._grid < c.steps], c.steps])
        self._analytic: list[float] = []
        self._look_up = float("nan")

    # ------------------------------------------------------------ training

    @property
    def done(self) -> bool:
        """Whether the last step has been measured."""
        return self._target is None

    @property
    def _target(self) -> int | None:
        """The next step to be measured."""
        measured = self.history.steps[-1] if self.history.steps else -1
        later = self._grid[self._grid > measured]
        return int(later[0]) if later.size else None

    def advance(self, budget: float) -> None:
        """Train for about `budget` seconds, never past the next step to be measured; first compute the analytic networks.

        At the end of training, before its last step is measured, the past is looked at again with the final key frequencies.
        """
        target, started = self._target, perf_counter()
        if target is None:
            return
        if not self._analytic:
            seed = self.seeds[0]
            self._analytic = [analytic_accuracy(p, ANALYTIC_WIDTH, seed) for p in ANALYTIC_MODULI]
            self._analytic.append(analytic_accuracy(self.config.p, self.config.width, seed))
            self._look_up = look_up_difference(seed, self.device)
        self._training.advance(target, budget - (perf_counter() - started))
        self.step = self._training.progress(target)
        if self.step == self.total:
            self._hindsight.work(self.step, budget - (perf_counter() - started))

    def due(self) -> bool:
        """Whether the present step is on the grid, reached by every member, and has not been measured."""
        target = self._target
        there = target is not None and self.step == target and bool(self._analytic) and self._training.reached(target)
        return there and (self.step != self.total or self._hindsight.complete)

    def measure(self) -> dict[str, Any]:
        """Return every member's scores and the main arm's progress measures; brief arms that have grokked rest from here on.

        Raises:
            Diverged: a loss or norm is no longer finite.
        """
        training = self._training
        everyone = self.step % self.config.every == 0 or self.step > LINEAR * self.config.every
        training.measure(() if everyone else self._sweep, rows=self._hindsight.wants(self.step))
        self._require_finite()
        record: dict[str, Any] = training.record()
        pairs = zip(training.tasks[: len(self.seeds)], training.outputs, training.embeddings, strict=True)
        found = [measures(self.config.op, task, outputs, tables, training.host_loss) for task, outputs, tables in pairs]
        record |= {name: [item[name] for item in found] for name in PROGRESS if name in found[0]}
        if training.rows:
            self._hindsight.keep(self.step, np.stack(training.rows))
        self._retire(record["test-accuracy"])
        return record

    def _retire(self, accuracy: list[float]) -> None:
        brief = {place for place in self._training.active if self._members[place].arm.brief}
        over = {place for place in brief if accuracy[place] >= GROKKED or self.step >= self._members[place].arm.steps}
        self._training.retire(over)

    def _require_finite(self) -> None:
        scores = self._training.scores
        lost = np.flatnonzero(~np.isfinite(scores).all(axis=1) | (np.abs(scores) > 1e12).any(axis=1))
        if len(lost):
            label = self._members[lost[0]].arm.label
            raise Diverged(
                f"the loss of {label} is no longer a finite number at step {self.step}", f"lower learning rate (it is {self.config.lr:g})"
            )

    # ------------------------------------------------------------ what is shown

    def series(self) -> tuple[Series, ...]:
        """Every curve: a mean over seeds with their range; the spectrum of the first seed as it is now."""
        analytic = self._analytic[-1] if self._analytic and self.config.model == "gromov" else None
        return (*curves(self._readings, analytic, self.config.width), *bars(self._spectrum()))

    def _spectrum(self) -> NDArray[np.float64] | None:
        tables = self._training.embeddings
        return spectrum(self.config.op, tables[0]) if tables and self.config.op in WAVES else None

    def pictures(self) -> tuple[Picture, ...]:
        """Which pairs the first seed of the main arm answers rightly."""
        return (correctness(self._training.tasks[0], self._training.correct[0], self.seeds[0]),)

    def markers(self) -> tuple[Marker, ...]:
        """When the main arm memorised and grokked, and chance."""
        said = {group.trainer.sentence for group in self._training.groups} - {""}
        self.notes = (*sorted(said), *self._hindsight.sentences(), *sentences(self._readings))
        return tuple(events(self._readings, self.config))

    def verdicts(self) -> tuple[Verdict, ...]:
        """Every claim, decided as soon as the arms it speaks of have finished."""
        evidence = Evidence(self._readings, self.config, tuple(self._analytic[:-1]), self._look_up)
        return tuple(ready or judge(claim, evidence) for claim, ready in self.claims())

    # ------------------------------------------------------------ storage

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first seed's problem and the main arm's network.

        pairs (P, 2), labels (P,), train (P,) which are shown, correct (P,); U, W (p, N) and V (N, p), the perceptron's A (2p, N), M (N, N)
        and V (N, p), or the transformer's
        E (p+1, d), P (3, d), Wq, Wk, Wv (h, d, e), Wo (h, e, d), W_in (d, N), b_in, W_out (N, d), b_out, W_U (d, p+1): float32.
        """
        from engine.phenomena.grokking.transformer import NAMES

        task = self._training.tasks[0]
        names = {"gromov": ("U", "W", "V"), "mlp": ("A", "M", "V"), "transformer": NAMES}
        tables = dict(zip(names[self.config.model], self._training.weights(0), strict=True))
        return {
            "pairs": task.table.pairs, "labels": task.table.labels, "train": task.train, "correct": self._training.correct[0], **tables,
        }  # fmt: skip

    def state(self) -> State:
        """Return every group's weights, moments and place; the analytic networks follow from the seed."""
        training, past = self._training.state(), self._hindsight.state()
        return State({**training.arrays, **past.arrays}, {**training.scalars, "past": past.scalars})

    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._training.restore(state)
        self._hindsight.restore(State(state.arrays, state.scalars["past"]))
