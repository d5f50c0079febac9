"""Neural collapse: After fitting, do the features of a class become one point, and the points a simplex, even for random labels?

Training goes on after every label is fitted. In that terminal phase the last hidden layer's features shrink to their class means (NC1),
the means spread to equal lengths and equal, largest angles (NC2), the classifier turns into the means (NC3), and its answer is the nearest
mean (NC4). On test images nothing of the kind happens. A model whose features are free has the simplex as its exact minimum.

Papyan, Han, Donoho 2020, arXiv:2008.08186; Zhu et al. 2021, arXiv:2105.02375; Hui, Belkin, Nakkiran 2022, arXiv:2202.08384.

Letters: K classes of n examples; M (K, h) class means of the features less their mean; W (K, h) the last layer's weights.

Order: 95
"""

from engine.declare import declare
from engine.papers import papers
from engine.phenomena.neural_collapse.claims import CLAIMS
from engine.phenomena.neural_collapse.config import PRESETS, NeuralCollapseConfig
from engine.phenomena.neural_collapse.figures import FIGURES, PICTURES, QUANTITIES
from engine.phenomena.neural_collapse.scalars import SCALARS
from engine.phenomena.neural_collapse.work import work

TOPICS = {
    "quick": "terminal phase, simplex equiangular tight frame (ETF), NC1, NC2, NC3, NC4, unconstrained features",
    "cross-entropy": "terminal phase, cross-entropy, simplex ETF",
}
SPEC = declare(
    __name__, __doc__, topics=TOPICS,
    config=NeuralCollapseConfig, presets=PRESETS, figures=FIGURES, pictures=PICTURES, quantities=QUANTITIES,
    claims=CLAIMS, scalars=SCALARS, ensemble=("lr", "wd"), work=work, references=papers("papyan2020", "zhu2021", "hui2022"),
)  # fmt: skip
