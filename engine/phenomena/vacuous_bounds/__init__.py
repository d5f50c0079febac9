"""Vacuous bounds: What do generalization bounds say about trained networks?

The same network is trained on true and on random labels while its bounds are computed. Those of the class exceed 1 and are
equal for both; those that use weights, data and algorithm tell the labels apart, and a few are below 1.

Dziugaite, Roy 2017, arXiv:1703.11008; Nagarajan, Kolter 2019, arXiv:1902.04742; Bartlett, Foster, Telgarsky 2017,
arXiv:1706.08498; Neyshabur et al. 2018, arXiv:1707.09564; Golowich et al. 2018, arXiv:1712.06541; Perez-Ortiz et al. 2021,
arXiv:2007.12911; Lotfi et al. 2022, arXiv:2211.13609.

Letters: n training points, W weights, delta failure probability; posterior N(w, diag(s)), prior N(w0, lambda I), N draws.

Order: 20
"""

from engine.declare import declare
from engine.papers import papers
from engine.phenomena.vacuous_bounds.claims import CLAIMS
from engine.phenomena.vacuous_bounds.config import VacuousBoundsConfig
from engine.phenomena.vacuous_bounds.figures import FIGURES, PICTURES, QUANTITIES
from engine.phenomena.vacuous_bounds.presets import PRESETS
from engine.phenomena.vacuous_bounds.scalars import SCALARS
from engine.phenomena.vacuous_bounds.work import work

TOPICS = {
    "quick": "PAC-Bayes, VC dimension, Rademacher complexity, spectral norms, flatness",
    "sphere": "uniform convergence fails",
}
SPEC = declare(
    __name__,
    __doc__,
    topics=TOPICS,
    config=VacuousBoundsConfig,
    presets=PRESETS,
    figures=FIGURES,
    pictures=PICTURES,
    quantities=QUANTITIES,
    claims=CLAIMS,
    scalars=SCALARS,
    work=work,
    references=papers(
        "dziugaite2017",
        "nagarajan2019",
        "bartlett2017",
        "golowich2018",
        "neyshabur2018",
        "perezortiz2021",
        "lotfi2022",
    ),
)
