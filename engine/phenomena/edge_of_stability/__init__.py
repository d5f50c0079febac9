"""Edge of stability: What becomes of gradient descent whose step is too long for the curvature?

Full-batch gradient descent with step eta drives the sharpness S, the largest eigenvalue of the training loss's Hessian, up to
2/eta, where a quadratic model would begin to diverge. It does not diverge: S stays there, the loss jitters, and yet it falls.

Cohen, Kaur, Li, Kolter, Talwalkar 2021, arXiv:2103.00065; Damian, Nichani, Lee 2023, arXiv:2209.15594.

Letters: S sharpness, eta the step size, lam an eigenvalue of the Hessian; n examples x (n, d) with targets +1 or -1.

Order: 85
"""

from engine.declare import declare
from engine.papers import papers
from engine.phenomena.edge_of_stability.claims import CLAIMS
from engine.phenomena.edge_of_stability.config import PRESETS, EdgeOfStabilityConfig
from engine.phenomena.edge_of_stability.figures import FIGURES, QUANTITIES
from engine.phenomena.edge_of_stability.scalars import SCALARS
from engine.phenomena.edge_of_stability.work import work

TOPICS = {
    "quick": "progressive sharpening, catapult, excursions, self-stabilisation, Hessian, top eigenvalue, Lanczos",
}
SPEC = declare(
    __name__, __doc__, topics=TOPICS,
    config=EdgeOfStabilityConfig, presets=PRESETS, figures=FIGURES, quantities=QUANTITIES, claims=CLAIMS,
    scalars=SCALARS,
    ensemble=("edges", "control", "tol"), work=work, references=papers("cohen2021", "damian2023"),
)  # fmt: skip
