"""Vacuous bounds: What do generalization bounds say about networks that do generalise?

The same network is trained on true and on random labels while its bounds are computed. Those of the class exceed 1 and are
equal for both; those that use weights, data and algorithm tell the arms apart, and a few are below 1.

Dziugaite, Roy 2017, arXiv:1703.11008; Nagarajan, Kolter 2019, arXiv:1902.04742; Bartlett, Foster, Telgarsky 2017,
arXiv:1706.08498; Neyshabur et al. 2018, arXiv:1707.09564; Golowich et al. 2018, arXiv:1712.06541; Perez-Ortiz et al. 2021,
arXiv:2007.12911; Lotfi et al. 2022, arXiv:2211.13609.

Letters: n training points, W weights, delta failure probability; posterior N(w, diag(s)), prior N(w0, lambda I), N draws.

Order: 20
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from engine.contract import Axis, Config, Figure, Marker, Picture, PictureSpec, Preset, Series, Spec, Verdict, knob
from engine.data.registry import largest, source
from engine.errors import Diverged
from engine.phenomena.vacuous_bounds.claims import CLAIMS, Evidence, judge
from engine.phenomena.vacuous_bounds.table import NAMES, RANDOM, TRUE
from engine.phenomenon import geometric_grid
from engine.state import State
from engine.transition import OldPhenomenon

if TYPE_CHECKING:
    from engine.phenomena.vacuous_bounds.experiment import Experiment

CHANCE = 0.5


class VacuousBoundsConfig(Config):
    """Knobs of the two arms, of the posterior, of the linear example, and of the networks over n."""

    dataset: Literal["digits196", "digits5k"] = knob("digits196", "real digits, 0-4 against 5-9: 14x14 pixels or 28x28")
    n: int = knob(4000, "training points of both arms", ge=100, le=50000, log=True)
    width: int = knob(50, "units of a hidden layer", ge=10, le=2000, log=True)
    depth: int = knob(1, "hidden layers", ge=1, le=6)
    arm: Literal["both", "true", "random"] = knob("both", "labels that are learnt")
    lr: float = knob(0.01, "learning rate of SGD", ge=1e-4, le=1.0, log=True, label="learning rate")
    epochs: int = knob(30, "SGD on true labels", ge=1, le=1000, unit="epochs", log=True)
    random_epochs: int = knob(180, "SGD on random labels", ge=1, le=1000, unit="epochs", log=True)
    objective: Literal["dziugaite-roy", "classic", "quadratic", "lambda"] = knob(
        "dziugaite-roy", "what the posterior minimises; all but dziugaite-roy keep the prior's variance fixed"
    )
    surrogate: Literal["logistic", "bounded"] = knob(
        "logistic", "the loss it sees: logistic/ln 2, or cross-entropy of probabilities above 1e-5 over ln(1e5)"
    )
    steps: int = knob(1500, "steps of the posterior; 8/15 of them on random labels", ge=10, le=1_000_000, unit="steps", log=True)
    mc: int = knob(500, "draws of the posterior behind the certificate", ge=100, le=150_000, log=True)
    delta: float = knob(0.025, "failure probability of each bound", ge=1e-4, le=0.2)
    prior: Literal["init", "half-data"] = knob("init", "prior around the first weights, or around weights learnt on half of the data")
    margin: float = knob(5.0, "margin m of the spectral bounds, and at which training over n stops", ge=0.1, le=20.0)
    m: int = knob(50, "points of the linear example", ge=10, le=500)
    D_over_m: int = knob(1024, "its noise dimensions, as a multiple of m", ge=16, le=4096, log=True)
    follow: Literal["few", "digits", "deep", "sphere", "sphere-250", "wide-sphere", "nothing"] = knob(
        "few", "network whose bounds are followed over n; few: 196-64-64-10 from n=64 to 512"
    )

    @model_validator(mode="after")
    def _fits_together(self) -> VacuousBoundsConfig:
        most = largest(self.dataset)
        if most is not None and self.n > most:
            raise ValueError(f"n must be at most {most} on {self.dataset}, which has to leave images for testing, got {self.n}")
        return self

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms by name."""
        return (TRUE, RANDOM) if self.arm == "both" else (self.arm,)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Pixels, hidden layers, one output."""
        return (int(np.prod(source(self.dataset).shape)), *[self.width] * self.depth, 1)


PRESETS = (
    Preset("quick", "both arms, a PAC-Bayes certificate and the linear example on 4,000 digits; a small network over n", {},
           "arXiv:1703.11008, Table 1, reduced"),
    Preset(
        "standard", "three seeds, 3,000 steps, 1,000 draws, and a network followed from n=64 to 4096",
        {"steps": 3000, "mc": 1000, "follow": "digits"}, "arXiv:1703.11008, Table 1; arXiv:1902.04742, Fig. 1", seeds=3,
    ),
    Preset(
        "perez-ortiz", "their quadratic objective and bounded loss around weights learnt on half of the data",
        {"objective": "quadratic", "surrogate": "bounded", "prior": "half-data", "steps": 3000, "mc": 1000, "follow": "nothing"},
        "arXiv:2007.12911, reduced",
    ),
    Preset(
        "dziugaite-T600-5k", "784-600-1 on 4,000 of the 5,000 digits that are here, not MNIST's 55,000; posterior in 3,000 steps",
        {"dataset": "digits5k", "width": 600, "epochs": 20, "random_epochs": 120, "steps": 3000, "follow": "nothing"},
        "arXiv:1703.11008, Table 1, T-600 and R-600, reduced",
    ),
    Preset("sphere", "two spheres for a CPU: 100 dimensions for 500, width 300 for 10,000, n to 4096, margin 3 for 8",
           {"follow": "sphere", "margin": 3.0}, "arXiv:1902.04742, Section 3.2, reduced"),
    Preset("sphere-250", "the same in 250 dimensions, where the network errs on S' up to n = 4096",
           {"follow": "sphere-250", "margin": 3.0}, "arXiv:1902.04742, Section 3.2, reduced"),
    Preset("nagarajan-mnist", "five hidden layers of 1024, on the 5,000 digits that are here: n to 4096, not 32,768",
           {"follow": "deep", "margin": 10.0}, "arXiv:1902.04742, Section 2 and Fig. 1", needs="GPU"),
    Preset("nagarajan-sphere", "the published spheres: 500 dimensions, width 10,000, n to 8192", {"follow": "wide-sphere", "margin": 8.0},
           "arXiv:1902.04742, Section 3.2", needs="GPU"),
)  # fmt: skip

FIGURES = (
    Figure("bounds", "Bounds on the error", Axis("bound", lo=-0.6, hi=len(NAMES) - 0.4, ticks=tuple(enumerate(NAMES))),
           Axis("bound", log=True, lo=0.01), ("bounds/*",)),
    Figure("bound-vs-n", "Norms, bounds and error over n", Axis("n", log=True), Axis("value", log=True), ("bound-vs-n/*",),
           "slopes over n at one margin; dist: |w-w0|, prod: of spectral norms, BFT and Ney: bounds",
           "fills last, after the certificates, unless the knob follow is nothing"),
    Figure("margins", "Margins", Axis("margin", unit="true arm's median"), Axis("density", lo=0.0), ("margins/*",),
           "raw, and divided by |X|_F R_A/n"),
    Figure("two-sided", "Two-sided convergence fails", Axis("D/m", log=True), Axis("error", lo=0.0, hi=1.0), ("two-sided/*",),
           "S' is S with x2 negated"),
)  # fmt: skip
PICTURES = (PictureSpec("two-sided-plane", "S and S' before the boundary"),)

NOTES = """
## What to notice

- **VC, parameter count and Rademacher** exceed 1 and say the same of true and random labels: they know the class, not the labels.
- **Spectral, Golowich, Neyshabur** use the trained weights: larger on random labels, yet far above 1. The first and last are drawn
  *without constants and logs*: they are no bounds as they stand.
- **PAC-Bayes** trains a distribution over weights on the bound itself: below 1, below chance on true labels, near 1 on random ones.
- A **held-out** set, with the same kl inversion and no theory of learning, is tighter than all of them.
- **Linear example**: test error 0, training error 0, yet the classifier errs on *all* of S', a sample of the same law. Any two-sided
  uniform convergence bound that covers what the algorithm may learn is then at least 1 - test error.
- On the **spheres** (presets `sphere-250`, `nagarajan-sphere`) the same happens to a network trained by SGD: it errs on S', every
  training point moved to the other sphere, while its test error falls. That takes many dimensions: in the 100 of preset `sphere` the
  error on S' does not stay near 1, it falls to .53 at n = 4096.
- While the posterior trains, its bar rests on 20 draws and stands higher than it will: few draws cost much.

## The bars

VC; parameters: parameter count, 32 bits each; Rademacher: of the class; Golowich: its margin form; spectral:
Bartlett-Foster-Telgarsky; Neyshabur: depth and width; two-layer: Neyshabur et al. 2019, with one hidden layer only; Occam:
quantised weights; PAC-Bayes: the certificate; classic, quadratic, lambda: Perez-Ortiz's bounds of the same posterior, all above
the certificate because they relax the kl inverse; held out: a test set. Over each bar stands what it says: informative, useless,
vacuous. The panel above, `genlab show` and an exported run print each with its formula and every constant.

## Formulas

- VC: `R + sqrt((8/n) (min(V ln(2en/V), 2n ln 2) + ln(4/delta)))`, V the scale `W L log2 W` of ReLU networks.
- `KL = (sum(s)/lambda - P + |w-w0|^2/lambda + P ln(lambda) - sum(ln s))/2`, `lambda = .1 exp(-j/100)`,
  `Bnd = (KL + ln(pi^2 n/(6 delta)) + 2 ln j)/(n-1)`; minimised is `logistic/ln 2 + sqrt(Bnd/2)`.
- Certificate: `kl_inv(kl_inv(q, ln(2/delta')/N), Bnd)`, q the error over N draws, delta' = .01, confidence `1 - delta - delta'`.
- `objective` classic, quadratic, lambda: with `k = (KL + ln(2 sqrt(n)/delta))/(2n)` the posterior minimises `R + sqrt(k)`,
  `(sqrt(R+k) + sqrt(k))^2`, or `R/(1-l/2) + 2k/(l(1-l/2))` with l trained as well. The prior's deviation stays at exp(-3), so that no
  grid is paid for: `Bnd = 2k` in the certificate. `surrogate` bounded is Perez-Ortiz's loss, eleven times smaller than logistic/ln 2
  where it is not cut off: around first weights 4,000 digits then do not pay for leaving the prior, around learnt ones they do.
- A margin or radius read off the trained weights is rounded to a power of two, and delta shared over the powers.
- Example: `x1 = 2 y u`, `|u|^2 = 1/m`, `x2 ~ N(0, (32/D) I)`, one step from 0; test error given w2 `Q(4/(|w2| sqrt(32/D)))`.

SGD and posterior see batches of 100. Pixels are shifted and scaled by the two numbers usual for MNIST, .1307 and .3081: a prior may not
depend on the training points.

## Where the textbook is imprecise

- "VC gives O(sqrt(log n))": at V = n it is a constant, 3.68 (3.33 with the growth function capped); vacuous all the same.
- Vacuous means a risk bound of 1 or more; at chance it is useless already.
- CIFAR-10 networks had 1.2-1.7 million parameters, not billions; margin bounds never forbade overparameterisation.
- Random labels refute class-wide bounds only. The refutation of two-sided uniform convergence is Nagarajan and Kolter's, on
  constructed problems.
- Growth of the whole bound with n needs depth and width; at lab size norms grow and the bound still falls.

## References

Dziugaite, Roy 2017, arXiv:1703.11008. Nagarajan, Kolter 2019, arXiv:1902.04742. Bartlett, Foster, Telgarsky 2017, arXiv:1706.08498.
Golowich et al. 2018, arXiv:1712.06541. Neyshabur et al. 2018, arXiv:1707.09564; 2019, arXiv:1805.12076. Perez-Ortiz et al. 2021,
arXiv:2007.12911. Lotfi et al. 2022, arXiv:2211.13609. Bartlett et al. 2019, arXiv:1703.02930.
"""


class VacuousBounds(OldPhenomenon):
    """Two arms, their bounds and certificates; the linear example; networks over n."""

    spec: ClassVar[Spec] = Spec(
        name="vacuous-bounds",
        title="Vacuous bounds",
        question="What do generalization bounds say about networks that do generalise?",
        config=VacuousBoundsConfig,
        presets=PRESETS,
        figures=FIGURES,
        pictures=PICTURES,
        claims=CLAIMS,
        notes=NOTES,
        experiment=__name__,
        references=("arXiv:1703.11008", "arXiv:1902.04742", "arXiv:1706.08498", "arXiv:1712.06541", "arXiv:1707.09564", "arXiv:2007.12911"),
    )

    def __init__(self, config: Config, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        from engine.phenomena.vacuous_bounds.experiment import Experiment
        from engine.phenomena.vacuous_bounds.two_sided import Ladder

        super().__init__(config, seeds, device, preset)
        self._experiment: Experiment = Experiment(self.config, seeds, device)
        self._ladder = Ladder.draw(self.config.m, self.config.D_over_m, seeds)
        self.total = self._experiment.total
        self._grid = self._experiment.grid(geometric_grid)

    # ------------------------------------------------------------ training

    @property
    def done(self) -> bool:
        """Whether the last step has been measured."""
        return len(self.history) > 0 and self.history.steps[-1] >= (self.total or 0)

    def advance(self, budget: float) -> None:
        """Train, draw or follow for about `budget` seconds, never past the next step to be measured."""
        later = self._grid[self._grid > self.step]
        if later.size:
            self._experiment.advance(int(later[0]), perf_counter() + budget)
            self.step = self._experiment.taken

    def due(self) -> bool:
        """Whether the present step is on the grid and has not been measured."""
        measured = self.history.steps[-1] if self.history.steps else -1
        return self.step > measured and self.step in self._grid

    def measure(self) -> dict[str, Any]:
        """Return every member's errors and bounds.

        Raises:
            Diverged: weights are no longer finite.
        """
        lost = self._experiment.lost()
        if lost:
            raise Diverged(
                f"the weights of {lost} are no longer finite at step {self.step}", f"lower learning rate (it is {self.config.lr:g})"
            )
        self._experiment.measure()
        standing = self._experiment.standing
        self._say()
        record: dict[str, Any] = {}
        for member in standing.members:
            suffix = f"{member.arm} s{member.seed}" if len(self.seeds) > 1 else member.arm
            record[f"train error {suffix}"], record[f"test error {suffix}"] = member.train_error, member.test_error
            record |= {f"{name} {suffix}": bound.value for name, bound in member.bounds.items()}
            if member.certified:
                record[f"stochastic test error {suffix}"] = member.certified.test_error
                record[f"stochastic train error {suffix}"] = member.bounds["PAC-Bayes"].constants["q"]
        return record

    def _say(self) -> None:
        """Print what the bounds are made of, and what became of the spheres."""
        from engine.phenomena.vacuous_bounds.display import on_spheres, sentences

        experiment = self._experiment
        self.notes = (*experiment.notes, *sentences(experiment.standing), *on_spheres(self._evidence()))

    # ------------------------------------------------------------ what is shown

    def series(self) -> tuple[Series, ...]:
        """Bars, curves over n, margins and the linear example."""
        from engine.phenomena.vacuous_bounds.display import bars, margin_series, over_n

        standing, arms = self._experiment.standing, self.config.arms
        followed = over_n(self._evidence(), len(self.seeds))
        return (*bars(standing, arms), *followed, *margin_series(standing, arms), *self._ladder.series())

    def pictures(self) -> tuple[Picture, ...]:
        """S and S' of the linear example."""
        return (self._ladder.picture(),)

    def markers(self) -> tuple[Marker, ...]:
        """1, chance, the measured error and gap; the chosen D/m."""
        from engine.phenomena.vacuous_bounds.display import bound_markers

        chosen = Marker("two-sided", "x", float(self.config.D_over_m), f"D/m = {self.config.D_over_m}, pictured")
        return (*bound_markers(self._experiment.standing, CHANCE), chosen)

    def verdicts(self) -> tuple[Verdict, ...]:
        """Every claim, decided as soon as what it speaks of is finished."""
        evidence = self._evidence()
        return tuple(ready or judge(claim, evidence) for claim, ready in self.claims())

    def _evidence(self) -> Evidence:
        experiment, standing = self._experiment, self._experiment.standing
        certificates = standing.certificates()
        wanted = self.config.follow != "nothing"
        return Evidence(standing.class_bounds(), certificates, experiment.rows, experiment.followed, wanted, self._ladder.errors)

    # ------------------------------------------------------------ storage

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first seed's problem and networks.

        X (n, d), y_true, y_random (n,) signs, X_test, y_test; per arm W1, b1, ... trained weights (fan_in, fan_out), margins
        (n,) and bounds (in the order of `bounds`); posterior means w, variances s, prior means w0; two-sided errors; over n.
        """
        return {**self._experiment.arrays(), "bounds": np.array(NAMES), "D_over_m": np.array(list(self._ladder.errors)),
                "two_sided": np.stack(list(self._ladder.errors.values()))}  # fmt: skip

    def state(self) -> State:
        """Return the state of every stage and what was last measured."""
        return self._experiment.state()

    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._experiment.restore(state)
        self.step = self._experiment.taken
        self._say()
