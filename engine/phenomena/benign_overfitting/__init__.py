"""Benign overfitting: When is interpolating noise harmless?

The same ridgeless rule fits noisy labels exactly. Its excess risk vanishes, levels off or explodes with n, depending on the
eigenvalues of the covariance alone: a short head and a long flat tail hide the noise, a power law keeps a share of it, an
exponential decay amplifies it.

Bartlett, Long, Lugosi, Tsigler 2020, arXiv:1906.11300; Mallinar et al. 2022, arXiv:2207.06569; Tsigler, Bartlett 2023,
arXiv:2009.14286; Muthukumar, Vodrahalli, Subramanian, Sahai 2020, arXiv:1903.09139.

Letters: n samples, p features with covariance eigenvalues lam_1 >= lam_2 >= ...; r_k, R_k effective ranks, k* the first k with
r_k >= b n; E0 the test MSE of interpolated noise of unit variance. Draw j is draw j // K of seed j mod K, K seeds; the noise
of the labels is averaged exactly within a draw.

Order: 90
"""

from engine.declare import declare
from engine.papers import papers
from engine.phenomena.benign_overfitting.claims import CLAIMS
from engine.phenomena.benign_overfitting.config import PRESETS, BenignOverfittingConfig
from engine.phenomena.benign_overfitting.figures import FIGURES, PICTURES, QUANTITIES
from engine.phenomena.benign_overfitting.scalars import SCALARS
from engine.phenomena.benign_overfitting.work import work

SPEC = declare(
    __name__, __doc__, config=BenignOverfittingConfig, presets=PRESETS, figures=FIGURES, pictures=PICTURES, quantities=QUANTITIES,
    claims=CLAIMS,
    scalars=SCALARS, work=work, references=papers("bartlett2020", "mallinar2022", "tsigler2023", "muthukumar2020"), instant=True,
)  # fmt: skip
