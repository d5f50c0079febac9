"""What a PAC-Bayes posterior minimises: the slopes of four objectives in the risk, in KL and in what is trained beside them.

`dziugaite-roy`: `R + sqrt(Bnd/2)`, prior variance trained (arXiv:1703.11008). Perez-Ortiz et al. 2021, arXiv:2007.12911, with
a prior fixed beforehand and `k = (KL + ln(2 sqrt(n)/delta))/(2n)`: `classic` `R + sqrt(k)`, `quadratic`
`(sqrt(R + k) + sqrt(k))^2`, `lambda` `R/(1 - l/2) + 2k/(l (1 - l/2))` with l trained as well.

R is a surrogate of the 0-1 error: `logistic/ln 2`, which is above it (Dziugaite, Roy), or `bounded`, the cross-entropy of
probabilities held above P_MIN over `ln(1/P_MIN)`, which lies in [0, 1] (Perez-Ortiz et al.).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.phenomena.vacuous_bounds.config import Objective, Surrogate
from engine.theory.bounds.pac_bayes import GRID_PRECISION, GRID_TOP

P_MIN = 1e-5  # least probability of the bounded cross-entropy


@dataclass(frozen=True)
class Slopes:
    """Derivatives of an objective, (networks, 1) each or a number.

    risk: by R; kl: by KL; prior: by the prior's log-deviation at a fixed KL, None where the prior stays as it is; trade: by
    the log-odds of l/2.
    """

    risk: Tensor | float
    kl: Tensor
    prior: Tensor | None = None
    trade: Tensor | float = 0.0


def slopes(objective: Objective, n: int, delta: float, risk: Tensor, kl: Tensor, prior: Tensor, trade: Tensor) -> Slopes:
    """Return the derivatives of an objective.

    Args:
        objective: its name.
        n: training points that the prior has not seen.
        delta: failure probability.
        risk, kl: R and KL, (networks, 1).
        prior: log-deviation of the prior, (networks, 1).
        trade: log-odds of l/2, (networks, 1); `lambda` alone looks at it.
    """
    if objective == "dziugaite-roy":
        return _on_the_grid(n, delta, kl, prior)
    penalty = kl + math.log(2 * math.sqrt(n) / delta)  # 2 n k
    if objective == "classic":
        return Slopes(1.0, 1 / (4 * n * (penalty / (2 * n)).sqrt()))
    if objective == "quadratic":
        root, wide = (penalty / (2 * n)).sqrt(), (risk + penalty / (2 * n)).sqrt()
        return Slopes((wide + root) / wide, (wide + root) * (1 / wide + 1 / root) / (2 * n))
    half = trade.sigmoid()  # l/2
    left = 1 - half
    by_weight = risk / (2 * left**2) - penalty * (1 - 2 * half) / (n * (2 * half * left) ** 2)
    return Slopes(1 / left, 1 / (2 * n * half * left), trade=by_weight * 2 * half * left)


def _on_the_grid(n: int, delta: float, kl: Tensor, prior: Tensor) -> Slopes:
    """Of `R + sqrt(Bnd/2)`: the prior variance c exp(-j/b) is trained, and its place j on the grid is paid for."""
    depth = math.log(GRID_TOP) - 2 * prior  # ln(c/lambda) = j/b
    constant = math.log(math.pi**2 * n / (6 * delta))
    bnd = (kl + constant + 2 * (GRID_PRECISION * depth).log()) / (n - 1)
    slope = 1 / (4 * (bnd / 2).sqrt() * (n - 1))
    return Slopes(1.0, slope, -4 * slope / depth)


def surrogate_risk(surrogate: Surrogate, signed: Tensor) -> tuple[Tensor, Tensor]:
    """Return the surrogate of the 0-1 error at `y f(x)`, averaged over the batch, and its slope in every `y f(x)`.

    Args:
        surrogate: its name.
        signed: `y f(x)`, (networks, batch).

    Returns:
        Risks (networks, 1) and slopes (networks, batch).
    """
    loss = torch.nn.functional.softplus(-signed)  # -ln of the probability of the true label, in nats
    slope = -torch.sigmoid(-signed)
    if surrogate == "logistic":
        unit = math.log(2)
    else:
        unit = math.log(1 / P_MIN)
        slope = torch.where(loss < unit, slope, torch.zeros_like(slope))
        loss = loss.clamp(max=unit)
    return loss.mean(1, keepdim=True) / unit, slope / (unit * signed.shape[1])
