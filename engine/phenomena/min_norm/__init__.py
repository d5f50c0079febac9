"""Minimum norm: Among infinitely many weights that fit, which does gradient descent reach?

From zero, the one of smallest Euclidean norm: descent never leaves the rows of X. Other starts keep their part outside of them; other
parameterisations and optimisers reach other, computable, points. Curves of gradient descent come from one singular value
decomposition at once; the true iterations then run on top of them, six optimisers, five diagonal networks and three products of
matrices step for step. Fresh noise on every label takes a diagonal network to a weighted l1 minimum; mirror descent with potential
|w|_p^p/p takes linear weights to the least l_p norm.

Gunasekar, Lee, Soudry, Srebro 2018, arXiv:1802.08246; Wilson et al. 2017, arXiv:1705.08292; Woodworth et al. 2020, arXiv:2002.09277;
Arora, Cohen, Hu, Luo 2019, arXiv:1905.13655; Ali, Kolter, Tibshirani 2019, arXiv:1810.10082; HaoChen, Wei, Lee, Ma 2021,
arXiv:2006.08680; Blanc, Gupta, Valiant, Valiant 2020, arXiv:1904.09080; Pesme, Pillaud-Vivien, Flammarion 2021, arXiv:2106.09524.

Letters: n samples, d >= n features, X (n, d) of standard normal entries, y (n,) = X w_star + noise, |w_star|^2 = r2; w_t (d,) weights
after t steps on .5 |X w - y|^2, w_hat their limit. Every seed draws problems of its own; curves are medians with the range of the
seeds. The draws behind the mean norm are pooled: draw j is draw j // K of seed j mod K.

Order: 40
"""

from engine.declare import declare
from engine.papers import papers
from engine.phenomena.min_norm.claims import CLAIMS
from engine.phenomena.min_norm.config import PRESETS, MinNormConfig
from engine.phenomena.min_norm.figures import FIGURES, PICTURES, QUANTITIES
from engine.phenomena.min_norm.scalars import SCALARS
from engine.phenomena.min_norm.work import work

TOPICS = {
    "quick": "implicit bias, implicit regularisation, pseudo-inverse, ridgeless least squares, optimisers",
    "woodworth": "implicit bias, kernel and rich regime, sparsity, lasso",
    "label-noise": "implicit bias of SGD, implicit regularisation, sparsity, lasso, basis pursuit",
    "mirror": "implicit bias, Bregman divergence, potentials, l_p norms",
    "arora-dmf-2000": "implicit bias, matrix factorisation, nuclear norm, low rank",
}
SPEC = declare(
    __name__, __doc__, topics=TOPICS,
    config=MinNormConfig, presets=PRESETS, figures=FIGURES, pictures=PICTURES, quantities=QUANTITIES, claims=CLAIMS,
    scalars=SCALARS,
    work=work, instant=True,
    references=papers("gunasekar2018", "wilson2017", "woodworth2020", "arora2019", "ali2019", "haochen2021", "blanc2020", "pesme2021"),
)  # fmt: skip
