"""Interpolation threshold: Where does a model first fit its data exactly, and why is that the worst place to stop?

The number of features d sweeps through the number of samples n. The training error of least squares reaches 0 at d = n, where
the smallest eigenvalue touches 0 and norm, condition number and test error of the solution blow up together; beyond, the
solution of least norm grows smaller and better again.

Belkin, Hsu, Ma, Mandal 2019, arXiv:1812.11118; Belkin, Hsu, Xu 2020, arXiv:1903.07571; Hastie, Montanari, Rosset, Tibshirani
2022, arXiv:1903.08560; Marchenko, Pastur 1967; Edelman 1988; Cover 1965.

Letters: n samples, d features, X (n, d), gamma = d/n; y (n,) = X b + noise, |b|^2 = r2, noise variance sigma2; w (d,) the
least-squares solution of least norm. Draws are nested: d features are the first d columns whatever d is, and y is made from
these alone, so that the problem is well-specified at every d. All test errors are exact (the covariance is known). Draws are
pooled over the seeds: draw j is draw j // K of seed j mod K.

Order: 30
"""

from engine.declare import declare
from engine.papers import papers
from engine.phenomena.interpolation_threshold.claims import CLAIMS
from engine.phenomena.interpolation_threshold.config import PRESETS, InterpolationThresholdConfig
from engine.phenomena.interpolation_threshold.figures import FIGURES, PICTURES, QUANTITIES
from engine.phenomena.interpolation_threshold.scalars import SCALARS
from engine.phenomena.interpolation_threshold.work import work

TOPICS = {
    "quick": "capacity, Cover's theorem, condition number, p = n",
}
SPEC = declare(
    __name__, __doc__, topics=TOPICS,
    config=InterpolationThresholdConfig, presets=PRESETS, figures=FIGURES, pictures=PICTURES,
    quantities=QUANTITIES, claims=CLAIMS,
    scalars=SCALARS, work=work, references=papers(
        "belkin2019", "belkin2020", "hastie2022", "marchenko1967", "edelman1988", "cover1965",
    ), instant=True,
)  # fmt: skip
