"""Noise floor: Does stochastic gradient descent with a constant step ever arrive?

On a quadratic with noisy gradients it does not: it settles into a cloud whose size is proportional to the step.

Robbins, Monro 1951; Mandt, Hoffman, Blei 2017, arXiv:1704.04289.

Letters: eta the step size, lam (d,) curvatures, sigma2 the variance of the gradient's noise, w (d,) the weights, 0 the optimum.

Order: 200
"""

from engine.contract import Axis, Config, Figure, Preset, Quantity, Summary, knob
from engine.contract.references import Reference
from engine.declare import declare
from genlab_noise_floor.claims import CLAIMS


class NoiseFloorConfig(Config):
    """Knobs: what they are called, what they may be, what they mean."""

    etas: tuple[float, ...] = knob((0.4, 0.2, 0.1), "step sizes", ge=0.001, le=1.9)
    d: int = knob(10, "dimensions; curvatures are 1, 1/2, ..., 1/d", ge=1, le=200, log=True)
    sigma: float = knob(1.0, "deviation of the gradient's noise", ge=0.0, le=10.0)
    walks: int = knob(200, "independent walks whose risks are averaged", ge=2, le=5000, log=True)
    steps: int = knob(1000, "steps", ge=10, le=100_000, unit="steps", log=True)


SPEC = declare(
    __name__, __doc__,
    name="noise-floor",
    config=NoiseFloorConfig,
    presets=(
        Preset("quick", "three step sizes, ten dimensions, three seeds", {}, seeds=3),
        Preset("standard", "more walks for longer", {"walks": 1000, "steps": 4000}, seeds=5),
    ),
    quantities=(Quantity("risk", "excess risk", summary=Summary.MEAN_RANGE, figure="risk", finite=True),),
    figures=(Figure("risk", "Excess risk", Axis("step", log=True, lo=1), Axis("w.diag(lam).w/2", log=True), ("risk/*",)),),
    claims=CLAIMS,
    references=(
        Reference(
            "mandt2017", "Stochastic Gradient Descent as Approximate Bayesian Inference",
            ("Stephan Mandt", "Matthew D. Hoffman", "David M. Blei"), 2017,
            journal="Journal of Machine Learning Research", volume="18", arxiv="1704.04289",
        ),
    ),
)  # fmt: skip
