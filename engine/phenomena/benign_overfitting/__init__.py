"""Benign overfitting: When is interpolating noise harmless?

The same ridgeless rule fits noisy labels exactly. Its excess risk vanishes, levels off or explodes with n, depending on the
eigenvalues of the covariance alone: a short head and a long flat tail hide the noise, a power law keeps a share of it, an
exponential decay amplifies it. Task classification interpolates labels of two classes instead: far above n log n features every
point is a support vector, and signs can be learnt where values are not.

Bartlett, Long, Lugosi, Tsigler 2020, arXiv:1906.11300; Mallinar et al. 2022, arXiv:2207.06569; Tsigler, Bartlett 2023,
arXiv:2009.14286; Muthukumar, Vodrahalli, Subramanian, Sahai 2020, arXiv:1903.09139; Muthukumar et al. 2021,
arXiv:2005.08054; Hsu, Muthukumar, Xu 2021, arXiv:2009.10670; Ardeshir, Sanford, Hsu 2021, arXiv:2105.14084.

Letters: n samples, p features with covariance eigenvalues lam_1 >= lam_2 >= ...; r_k, R_k effective ranks, k* the first k with
r_k >= b n; E0 the test MSE of interpolated noise of unit variance. Draw j is draw j // K of seed j mod K, K seeds; the noise
of the labels is averaged exactly within a draw. Of classification: d features, E expected negative duals, SU and CN what is learnt of
the feature that tells the class and the deviation of the others.

Order: 90
"""

from engine.declare import declare
from engine.papers import papers
from engine.phenomena.benign_overfitting.claims import CLAIMS
from engine.phenomena.benign_overfitting.config import PRESETS, BenignOverfittingConfig
from engine.phenomena.benign_overfitting.figures import FIGURES, PICTURES, QUANTITIES
from engine.phenomena.benign_overfitting.scalars import SCALARS
from engine.phenomena.benign_overfitting.work import work

TOPICS = {
    "quick": "harmless interpolation, tempered, catastrophic, effective rank, ridgeless regression",
    "classification": "support vector proliferation, SVM, minimum-norm interpolation of labels",
}
SPEC = declare(
    __name__, __doc__, topics=TOPICS,
    config=BenignOverfittingConfig, presets=PRESETS, figures=FIGURES, pictures=PICTURES, quantities=QUANTITIES,
    claims=CLAIMS,
    scalars=SCALARS, work=work, instant=True,
    references=papers("bartlett2020", "mallinar2022", "tsigler2023", "muthukumar2020", "muthukumar2021", "hsu2021", "ardeshir2021"),
)  # fmt: skip
