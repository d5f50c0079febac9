"""Names that the parts of the phenomenon share: arms, bounds in the order of their bars, columns of the networks over n."""

from __future__ import annotations

TRUE, RANDOM = "true", "random"
CLASS_BOUNDS = ("VC", "parameters", "Rademacher")
CERTIFIED = ("PAC-Bayes", "classic", "quadratic", "lambda")
NAMES = (*CLASS_BOUNDS, "Golowich", "spectral", "Neyshabur", "two-layer", "Occam", *CERTIFIED, "held out")
COLUMNS = ("n", "random", "seed", "epochs", "reached", "distance", "product", "spectral", "neyshabur", "test error", "error on S'")
