"""Lazy training: When does a network learn features, and when is it merely linear around its start?

One network learns one teacher at eight output scales alpha. The larger alpha, the less the weights need to move: like 1/alpha.
Its tangent kernel freezes, its predictions become those of the model linearised at the start, and its test error rises to theirs.

Study convolutional does the same with VGG-11 and ResNet18 on images, beside the model linearised at the first weights.

Chizat, Oyallon, Bach 2019, arXiv:1812.07956; Jacot, Gabriel, Hongler 2018, arXiv:1806.07572.

Letters: n examples of d features on the unit sphere, m hidden neurons W (m, d), a (m,); `h(x) = relu(x W^T) a / sqrt(m)`;
K the tangent kernel, K0 before training.

Order: 100
"""

from engine.declare import declare
from engine.papers import papers
from engine.phenomena.lazy_training.claims import CLAIMS
from engine.phenomena.lazy_training.config import PRESETS, LazyTrainingConfig
from engine.phenomena.lazy_training.figures import FIGURES, PICTURES, QUANTITIES
from engine.phenomena.lazy_training.scalars import SCALARS
from engine.phenomena.lazy_training.work import work

TOPICS = {
    "quick": "neural tangent kernel (NTK), linearised network, feature learning, rich regime, output scale",
    "chizat-cnn-small": "VGG, linearised network",
}
SPEC = declare(
    __name__, __doc__, topics=TOPICS,
    config=LazyTrainingConfig, presets=PRESETS, figures=FIGURES, pictures=PICTURES, quantities=QUANTITIES,
    claims=CLAIMS, scalars=SCALARS, ensemble=("alpha", "teacher", "symmetrise", "tol", "rule", "lr"), work=work,
    references=papers("chizat2019", "jacot2018"),
)  # fmt: skip
