"""Deep double descent: Does the curve appear in trained networks along width, training time and sample size?

With label noise, the test error of trained networks goes down, up and down again in their width. The peak lies where the network
can just fit its training set; more steps move it, more samples move it: the axis is effective complexity, not parameter count.

Nakkiran et al. 2020, arXiv:1912.02292; Greydanus, Kobak 2024, arXiv:2011.14439 (MNIST-1D); Heckel, Yilmaz 2021, arXiv:2007.10099.

Letters: n examples of d features in K classes, h hidden neurons a layer, or the channels k of a convolutional network's first layer;
eps the training error that counts as fitted.

Order: 70
"""

from engine.declare import declare
from engine.papers import papers
from engine.phenomena.deep_double_descent.claims import CLAIMS
from engine.phenomena.deep_double_descent.config import DeepDoubleDescentConfig
from engine.phenomena.deep_double_descent.figures import FIGURES, PICTURES, QUANTITIES
from engine.phenomena.deep_double_descent.presets import PRESETS
from engine.phenomena.deep_double_descent.scalars import SCALARS
from engine.phenomena.deep_double_descent.work import work

TOPICS = {
    "quick": "model-wise and epoch-wise double descent, label noise",
    "nakkiran-resnet-small": "ResNet18, CIFAR-10, model-wise double descent",
    "nakkiran-cnn-small": "convolutional network, CIFAR-10, sample-wise double descent",
}
SPEC = declare(
    __name__,
    __doc__,
    topics=TOPICS,
    config=DeepDoubleDescentConfig,
    presets=PRESETS,
    figures=FIGURES,
    pictures=PICTURES,
    quantities=QUANTITIES,
    claims=CLAIMS,
    scalars=SCALARS,
    work=work,
    references=papers("nakkiran2020", "greydanus2024", "heckel2021", "nakkiran2019"),
    ensemble=("noise", "convention", "lr", "wd", "eps", "clean"),
)
