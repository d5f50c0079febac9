"""Random labels: Can a network that does well on real labels also fit labels that carry no information?

The same network, with the same settings, is trained on true labels, on labels that are partly or wholly random, and on
true labels with shuffled, scrambled or invented pixels. It fits them all. What it learns from true labels carries over
to new images; what it learns from random labels carries over to nothing.

Zhang, Bengio, Hardt, Recht, Vinyals 2017, arXiv:1611.03530; Greydanus, Kobak 2024, arXiv:2011.14439 (MNIST-1D).

Letters: n examples of d pixels in K classes, n_test test images; q the probability that a label is replaced.

Order: 10
"""

from engine.declare import declare
from engine.papers import papers
from engine.phenomena.random_labels.claims import CLAIMS
from engine.phenomena.random_labels.config import RandomLabelsConfig
from engine.phenomena.random_labels.figures import FIGURES, PICTURES, QUANTITIES
from engine.phenomena.random_labels.presets import PRESETS
from engine.phenomena.random_labels.scalars import SCALARS
from engine.phenomena.random_labels.work import work

TOPICS = {
    "quick": "memorisation, shattering, Rademacher complexity, corrupted labels",
}
SPEC = declare(
    __name__,
    __doc__,
    topics=TOPICS,
    config=RandomLabelsConfig,
    presets=PRESETS,
    figures=FIGURES,
    pictures=PICTURES,
    quantities=QUANTITIES,
    claims=CLAIMS,
    scalars=SCALARS,
    work=work,
    references=papers("zhang2017", "greydanus2024"),
    ensemble=("corruption", "levels", "noise", "inputs", "lr", "wd"),
)
