"""Grokking: Can a network memorise first and understand much later?

Modular arithmetic, part of its table for training. Training accuracy reaches 100 % with test accuracy at chance; many steps later
test accuracy jumps, as the weights turn into waves. Weight decay helps and is not required.

Power, Burda, Edwards, Babuschkin, Misra 2022, arXiv:2201.02177; Gromov 2023, arXiv:2301.02679; Nanda, Chan, Lieberum, Smith,
Steinhardt 2023, arXiv:2301.05217; Kumar, Bordelon, Gershman, Pehlevan 2023, arXiv:2310.06110; Liu, Michaud, Tegmark 2023,
arXiv:2210.01117; Lee et al. 2024, arXiv:2405.20233; Prieto et al. 2025, arXiv:2501.04697.

Letters: p the modulus, N neurons, P pairs of which a fraction is shown; U, W the embeddings of both inputs, V the output weights.

Order: 80
"""

from engine.declare import declare
from engine.papers import papers
from engine.phenomena.grokking.claims import CLAIMS
from engine.phenomena.grokking.config import GrokkingConfig
from engine.phenomena.grokking.figures import FIGURES, PICTURES, QUANTITIES
from engine.phenomena.grokking.presets import PRESETS
from engine.phenomena.grokking.scalars import SCALARS
from engine.phenomena.grokking.work import work

TOPICS = {
    "quick": "delayed generalisation, modular addition, Fourier features, weight decay",
    "nanda": "progress measures, transformer, excluded loss",
    "omnigrok-small": "weight norm, LU mechanism, MNIST",
}
SPEC = declare(
    __name__, __doc__, topics=TOPICS,
    config=GrokkingConfig, presets=PRESETS, figures=FIGURES, pictures=PICTURES, quantities=QUANTITIES, claims=CLAIMS,
    scalars=SCALARS,
    work=work, references=papers("power2022", "gromov2023", "nanda2023", "liu2023", "kumar2023", "lee2024", "prieto2025"),
    ensemble=("op", "wd", "lr", "alpha"),
)  # fmt: skip
