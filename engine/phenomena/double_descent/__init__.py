"""Double descent: Does test error fall again beyond the interpolation threshold?

Least squares on the first p of D features, from p = 0 through p = n, where training error reaches zero, to p = D. Test error
falls, rises to a peak at p = n, and falls again. Whether the second valley is the lower one depends on the model, and the
best ridge removes the peak. Exact formulas stand over draws that are fitted for every p at once.

Belkin, Hsu, Ma, Mandal 2019, arXiv:1812.11118; Belkin, Hsu, Xu 2020, arXiv:1903.07571; Hastie, Montanari, Rosset, Tibshirani
2022, arXiv:1903.08560; Mei, Montanari 2022, arXiv:1908.05355; Simon, Karkada, Ghosh, Belkin 2024, arXiv:2311.14646; Nakkiran, Venkat,
Kakade, Ma 2021, arXiv:2003.01897.

Study multiple-descent adds samples instead of features: test error peaks at the end of each block of the spectrum, with the best ridge
nowhere. Study early-stopping follows gradient flow beside ridge with penalty 1/t, of whose risk it has at most 1.686 times.

Study fourier-features is Belkin et al.'s own experiment: random Fourier features of images at chosen numbers of features, up to 60,000 of
10,000 images, beside the kernel of infinitely many.

Study network is their other one: networks with one hidden layer, trained on images, from fewer parameters than targets to many more, and
below that threshold each from the fitted smaller one.

Chen, Min, Belkin, Karbasi 2021, arXiv:2008.01036; Ali, Kolter, Tibshirani 2019, arXiv:1810.10082.

Letters: n samples, D features in a fixed order, p of them fitted (N where they are random features), b the true weights,
b_T and b_C those of the fitted and of the omitted features, r2 = |b|^2, sigma^2 the variance of the label noise. A step is one draw
of one seed; draws of several seeds are pooled (draw j of every seed before draw j+1 of any). One curve a seed on real digits, a
tenth of it a step, and draws of random ReLU features follow, at sizes of their own. Of networks H is the number of hidden units, K of
classes, nK the threshold, and a step is an epoch.

Order: 60
"""

from engine.declare import declare
from engine.papers import papers
from engine.phenomena.double_descent.claims import CLAIMS
from engine.phenomena.double_descent.config import PRESETS, DoubleDescentConfig
from engine.phenomena.double_descent.figures import FIGURES, PICTURES, QUANTITIES
from engine.phenomena.double_descent.scalars import SCALARS
from engine.phenomena.double_descent.work import work

TOPICS = {
    "quick": "ridgeless least squares, bias and variance, peak at p = n",
    "multiple-descent": "triple descent, block spectra, sample-wise double descent, optimal ridge",
    "early-stopping": "gradient flow against ridge, implicit regularisation",
    "belkin-rff-small": "random Fourier features, kernel machine",
    "belkin-net-small": "one-hidden-layer network, weight re-use",
    "mei-montanari": "random features, ReLU",
}
SPEC = declare(
    __name__, __doc__, topics=TOPICS,
    config=DoubleDescentConfig, presets=PRESETS, figures=FIGURES, pictures=PICTURES, quantities=QUANTITIES,
    claims=CLAIMS,
    scalars=SCALARS, instant=True, trained=lambda config: config.study == "network",
    work=work, references=papers(
        "belkin2019", "belkin2020", "hastie2022", "mei2022", "simon2024", "nakkiran2021", "holzmuller2021", "mourtada2022", "curth2023",
        "chen2021", "dascoli2020", "ali2019",
    ),
)  # fmt: skip
