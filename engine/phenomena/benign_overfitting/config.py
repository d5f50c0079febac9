"""Knobs and presets of benign overfitting."""

from __future__ import annotations

from pydantic import model_validator

from engine.contract import Config, Preset, content_of, knob
from engine.data import own
from engine.data.knobs import data_knob
from engine.theory.spectra.spectra import Family

NONE = "none"
MOST_EIGENVALUES = 200_000


class BenignOverfittingConfig(Config):
    """Knobs of the three families and of the one beside them."""

    family: Family = knob("exp-eps", "family whose ranks are printed; log and isotropic are drawn beside the other three")
    spectrum: str = data_knob(
        NONE, "your own eigenvalues, perhaps with a signal, judged and drawn beside the families: genlab data import", builtin=(NONE,),
        kinds=("spectrum",), least={"n": (20,)},
    )  # fmt: skip
    spectrum_sha256: str = content_of("spectrum")
    tau: float = knob(5.0, "decay length of the exponential heads", ge=1.0, le=20.0)
    a: float = knob(2.0, "exponent of the power law beside 2 and 3", ge=1.1, le=4.0)
    n: tuple[int, ...] = knob((50, 100, 200, 400), "sample sizes", ge=20, le=3200)
    sigma: float = knob(1.0, "deviation of the label noise", ge=0.0, le=2.0)
    signal: float = knob(0.0, "variance of the true function", ge=0.0, le=5.0)
    ridge: float = knob(0.0, "ridge on X^T X; only 0 interpolates", ge=-1.0, le=100.0)
    b: float = knob(1.0, "constant in k*: the first k with r_k >= b n", ge=0.1, le=10.0)
    draws: int = knob(20, "draws of every problem, pooled over the seeds", ge=1, le=500, log=True)
    digits: bool = knob(False, "also interpolate noise with a kernel on real digits")

    @model_validator(mode="after")
    def _has_risk(self) -> BenignOverfittingConfig:
        if self.sigma == 0 and self.signal == 0:
            raise ValueError("sigma and signal must not both be 0: without noise and signal every risk is 0")
        return self

    @model_validator(mode="after")
    def _has_room(self) -> BenignOverfittingConfig:
        entry = self.own
        if entry is not None and entry.rows > MOST_EIGENVALUES:
            raise ValueError(f"up to {MOST_EIGENVALUES:,} eigenvalues are taken, and {entry.name} has {entry.rows:,}")
        if entry is not None and entry.rows <= min(self.n):
            held = f"{entry.name} has {entry.rows:,} eigenvalues"
            raise ValueError(f"{held}, and interpolation needs more of them than samples: the least n is {min(self.n)}, got n={self.n}")
        return self

    @property
    def imported(self) -> bool:
        """Whether a spectrum was imported."""
        return self.spectrum != NONE

    @property
    def own(self) -> own.Entry | None:
        """The imported spectrum; None without one."""
        return None if self.spectrum == NONE else own.find(self.spectrum)


PRESETS = (
    Preset("quick", "three families, n to 400, 20 draws", {}, "arXiv:1906.11300, Theorem 6; arXiv:2207.06569, Table 1"),
    Preset(
        "standard", "n to 1600, a signal, and a kernel on real digits",
        {"n": (50, 100, 200, 400, 800, 1600), "signal": 1.0, "digits": True},
        "arXiv:1906.11300, Theorem 6; arXiv:2207.06569",
    ),
    Preset("theorem-6", "both families of the theorem: the log family looks tempered at any laptop's size",
           {"family": "log", "n": (50, 100, 200, 400, 800)}, "arXiv:1906.11300, Theorem 6"),
)  # fmt: skip
