"""Max margin: On separable data the weights of logistic regression diverge; where does their direction go?

To the hard-margin SVM, without anybody asking for it, at a rate of 1/ln t; meanwhile validation loss rises and validation
error stays. The gradient flow is followed over 59 decades of time, far beyond any descent, and true steps lie beneath it as far
as they were run. Other optimisers go to the largest margin in another norm; Adam comes near one and
need not stay.

Soudry, Hoffer, Nacson, Gunasekar, Srebro 2018, arXiv:1710.10345; Gunasekar, Lee, Soudry, Srebro 2018, arXiv:1802.08246; Nacson et
al. 2019, arXiv:1803.01905; Ji, Telgarsky 2021, arXiv:1906.04540; Lyu, Li 2020, arXiv:1906.05890; Zhang et al. 2024,
arXiv:2406.10650.

Studies mirror, homogeneous and convolutional ask the same of other potentials and of networks: each widens the margin of its own.

Sun, Ahn, Thrampoulidis, Azizan 2022, arXiv:2205.12808.

Study asymptotics asks from which d/n noisy labels are separable, and what margin and error the max margin then has.

Candes, Sur 2020, arXiv:1804.09753; Sur, Candes 2019, arXiv:1803.06964; Montanari, Ruan, Sohn, Yan 2019, arXiv:1911.01544; Deng,
Kammoun, Thrampoulidis 2019, arXiv:1911.05822.

Letters: n points, d features; rows z_i = y_i x_i; w_hat the SVM, alpha its dual weights, gamma = 1/|w_hat| its margin; eta the step
size, t steps, s = eta t the flow's time, L = ln s; w_tilde what remains of w - w_hat L. Losses are sums over points. Each seed
draws its own problem; lines are medians over seeds with their range.

Order: 50
"""

from engine.declare import declare
from engine.papers import papers
from engine.phenomena.max_margin.claims import CLAIMS
from engine.phenomena.max_margin.config import PRESETS, MaxMarginConfig
from engine.phenomena.max_margin.figures import FIGURES, PICTURES, QUANTITIES
from engine.phenomena.max_margin.scalars import SCALARS
from engine.phenomena.max_margin.work import work

TOPICS = {
    "quick": "implicit bias, support vector machine (SVM), logistic regression, separable data",
    "mirror": "implicit bias, Bregman divergence, potentials, l_p margins",
    "homogeneous": "implicit bias, ReLU network, KKT point, margin maximisation",
    "asymptotics": "proportional limit, phase transition, existence of the MLE, support vector machine (SVM)",
}
SPEC = declare(
    __name__, __doc__, topics=TOPICS,
    config=MaxMarginConfig, presets=PRESETS, figures=FIGURES, pictures=PICTURES, quantities=QUANTITIES, claims=CLAIMS,
    scalars=SCALARS,
    work=work, references=papers("soudry2018", "gunasekar2018", "nacson2019", "ji2021", "lyu2020", "zhang2024", "candes2020", "sur2019",
                           "montanari2019", "deng2019", "sun2022"),
    instant=True, trained=lambda config: config.study == "convolutional",
)  # fmt: skip
