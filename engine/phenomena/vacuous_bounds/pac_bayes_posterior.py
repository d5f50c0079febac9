"""Trains Gaussian posteriors over the weights of perceptrons by gradient on a PAC-Bayes bound, all members at once.

Posterior N(w, diag(s)), prior N(w0, lambda I); trained are w and ln s/2, with Dziugaite, Roy 2017, arXiv:1703.11008, also
ln lambda/2, with the `lambda` objective of Perez-Ortiz et al. 2021, arXiv:2007.12911, also its weight l. The expected risk
is taken at one draw of the weights a step; `pac_bayes_objectives` says what is minimised.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.vacuous_bounds.pac_bayes_objectives import Objective, Surrogate, slopes, surrogate_risk
from engine.state import State
from engine.training.batches import Batches
from engine.training.mlp import MLP

if TYPE_CHECKING:
    from torch import Tensor

BETAS, EPS = (0.9, 0.999), 1e-8
LATE, SLOWER = 0.7, 0.1  # after this share of a member's steps its rates are multiplied by this
WIDEST_PRIOR = -1.17  # log-deviation; at -1.156 the index j on the prior's grid would fall below 1
TRAINED = ("mean", "spread", "prior", "trade")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rates:
    """Adam's rates for means, log-deviations, the prior's log-deviation and the log-odds of l/2; where log-deviations start."""

    mean: float = 3e-3
    deviation: float = 2e-2
    prior: float = 2e-2
    trade: float = 2e-2
    start: float = -3.0


@dataclass(frozen=True)
class Learned:
    """What the members learn, on the device. x: (sources, n, d); signs: (members, n), +1 or -1; source, stream: (members,)."""

    x: Tensor
    signs: Tensor
    source: NDArray[np.int64]
    stream: NDArray[np.int64]


class Posteriors:
    """One posterior per member; a member is left alone once it has taken its steps.

    Attributes:
        steps: (members,) how many steps each takes.
        taken: steps taken; mean, spread (log-deviations), centre: (members, P); prior (log-deviation), trade (log-odds of
            l/2, from l = 1 on): (members, 1).
    """

    def __init__(
        self, sizes: Sequence[int], learned: Learned, start: Floats, centre: Floats, generators: Sequence[np.random.Generator],
        steps: Sequence[int], delta: float, batch: int, rates: Rates, objective: Objective = "dziugaite-roy",
        surrogate: Surrogate = "logistic",
    ) -> None:  # fmt: skip
        import torch

        self.sizes, self.learned, self.rates, self.objective, self.surrogate = tuple(sizes), learned, rates, objective, surrogate
        self.steps, self.delta, self.n = np.asarray(steps), delta, learned.x.shape[1]
        self.batches = Batches(generators, self.n, min(batch, self.n))
        self.taken = 0
        self.mean, self.centre = torch.from_numpy(start).to(learned.x), torch.from_numpy(centre).to(learned.x)
        self.spread = torch.full_like(self.mean, rates.start)
        self.prior = self.mean.new_full((len(self.mean), 1), rates.start)
        self.trade = torch.zeros_like(self.prior)
        self.moments = {name: [torch.zeros_like(item) for item in self._trained] for name in ("first", "second")}
        self._members: list[int] = []
        self._regroup()

    @property
    def _trained(self) -> tuple[Tensor, ...]:
        return self.mean, self.spread, self.prior, self.trade

    @property
    def active(self) -> list[int]:
        """The members that have steps to take."""
        return [member for member, steps in enumerate(self.steps) if self.taken < steps]

    # ------------------------------------------------------------ training

    def step(self) -> None:
        """Take one step with every active member."""
        if self._members != self.active:
            self._regroup()
        place = self.taken % self.batches.per_epoch
        if not place:
            self.batches.next_epoch()
            self._index()
        self._update(self._gradients(place, self._noise(1)[:, 0]))
        self.taken += 1

    def _regroup(self) -> None:
        """Make a network for the members that are active, and their row numbers."""
        self._members = self.active
        if self._members:
            self.network = MLP(self.sizes, len(self._members), self.mean.dtype, str(self.mean.device))
            self._index()

    def _index(self) -> None:
        """Rows of the epoch's batches: (per_epoch, active, batch)."""
        import torch

        orders = self.batches.orders[self.learned.stream[self._members]]
        cut = orders.reshape(len(orders), self.batches.per_epoch, self.batches.batch).swapaxes(0, 1)
        self._rows = torch.from_numpy(np.ascontiguousarray(cut)).to(self.mean.device)

    def _noise(self, count: int) -> Tensor:
        """Standard normals (active, count, P), drawn on the CPU; members of one stream get the same."""
        import torch

        streams = self.learned.stream[self._members]
        drawn = {
            stream: self.batches.generators[stream].standard_normal((count, self.mean.shape[1]), dtype=np.float32)
            for stream in sorted(set(streams.tolist()))
        }
        return torch.from_numpy(np.stack([drawn[stream] for stream in streams.tolist()])).to(self.mean)

    def _gradients(self, place: int, noise: Tensor) -> tuple[Tensor, ...]:
        """Gradients of the objective in everything that is trained, at one draw of the weights."""
        import torch

        mean, spread, prior, trade = (item[self._members] for item in self._trained)
        step = noise * spread.exp()
        risk, by_weights = self._risk(place, mean + step)
        away, narrow = mean - self.centre[self._members], torch.exp(-2 * prior)
        scaled = torch.exp(2 * (spread - prior))
        spent = scaled.sum(1, keepdim=True) + (away * away).sum(1, keepdim=True) * narrow
        kl = 0.5 * (spent - mean.shape[1]) + (prior - spread).sum(1, keepdim=True)
        slope = slopes(self.objective, self.n, self.delta, risk, kl, prior, trade)
        by_weights = by_weights * slope.risk
        by_prior = torch.zeros_like(prior) if slope.prior is None else slope.kl * (mean.shape[1] - spent) + slope.prior
        return (
            slope.kl * away * narrow + by_weights,
            slope.kl * (scaled - 1) + by_weights * step,
            by_prior,
            torch.zeros_like(trade) + slope.trade,
        )

    def _risk(self, place: int, weights: Tensor) -> tuple[Tensor, Tensor]:
        """The surrogate risk (active, 1) of weights (active, P) on a batch, and its gradient in them."""
        import torch

        source, rows = self.learned.source[self._members], self._rows[place]
        x = torch.stack([self.learned.x[s].index_select(0, r) for s, r in zip(source.tolist(), rows, strict=True)])
        signs = self.learned.signs[self._members].gather(1, rows)
        self.network.layout.fill(self.network.flat, weights)
        risk, slope = surrogate_risk(self.surrogate, self.network.forward(x)[:, 0] * signs)
        self.network.backward((slope * signs)[:, None])
        return risk, self.network.layout.rows(self.network.gradient)

    def _update(self, gradients: Sequence[Tensor]) -> None:
        """Adam (arXiv:1412.6980) on the active members."""
        import torch

        taken = self.taken + 1
        late = [SLOWER if self.taken >= LATE * self.steps[member] else 1.0 for member in self._members]
        slower = self.mean.new_tensor(late)[:, None]
        chosen = slice(None) if len(self._members) == len(self.steps) else self._members
        rates = (self.rates.mean, self.rates.deviation, self.rates.prior, self.rates.trade)
        for index, (item, gradient, rate) in enumerate(zip(self._trained, gradients, rates, strict=True)):
            first = self.moments["first"][index][chosen].lerp_(gradient, 1 - BETAS[0])
            second = self.moments["second"][index][chosen].mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
            self.moments["first"][index][chosen], self.moments["second"][index][chosen] = first, second
            size = torch.sqrt(second).div_(math.sqrt(1 - BETAS[1] ** taken)).add_(EPS)
            item[chosen] -= rate / (1 - BETAS[0] ** taken) * slower * (first / size)
        self.prior.clamp_(max=WIDEST_PRIOR)

    # ------------------------------------------------------------ reading

    def errors(self, member: int, noise: Tensor, x: Tensor, signs: Tensor) -> Tensor:
        """Return how many of the points x (n, d) with signs (n,) each draw gets wrong; noise: (draws, P) standard normals."""
        import torch

        layout = MLP(self.sizes, len(noise), self.mean.dtype, str(self.mean.device))
        layout.layout.fill(layout.flat, self.mean[member] + noise * self.spread[member].exp())
        first, bias = layout.blocks[0], layout.blocks[1]
        wide = first.permute(1, 0, 2).reshape(x.shape[1], -1)  # one product for the first layer of all draws
        h = torch.addmm(bias.reshape(1, -1), x, wide).view(len(x), len(noise), -1).transpose(0, 1)
        for weight, offset in zip(layout.blocks[2::2], layout.blocks[3::2], strict=True):
            h = torch.baddbmm(offset, h.clamp_(min=0), weight)
        return (h[:, :, 0] * signs <= 0).sum(1)

    def posterior(self, member: int) -> tuple[Floats, Floats, Floats, float]:
        """Return means, variances and prior means (P,), and the prior's variance, in double precision."""
        rows = [item[member].detach().cpu().numpy().astype(np.float64) for item in (self.mean, self.spread, self.centre, self.prior)]
        return rows[0], np.exp(2 * rows[1]), rows[2], float(np.exp(2 * rows[3][0]))

    def weight(self, member: int) -> float | None:
        """Return the trained weight l of the `lambda` objective, None for the others."""
        return 2 * float(self.trade[member].sigmoid()) if self.objective == "lambda" else None

    def state(self) -> State:
        """Return posteriors, moments, streams and place."""
        named = dict(zip(TRAINED, self._trained, strict=True))
        arrays: dict[str, NDArray[Any]] = {name: item.cpu().numpy().copy() for name, item in named.items()}
        for moment, items in self.moments.items():
            arrays |= {f"{moment}-{name}": item.cpu().numpy().copy() for name, item in zip(named, items, strict=True)}
        return State({**arrays, "orders": self.batches.orders}, {"taken": self.taken, "streams": self.batches.state()})

    def restore(self, state: State) -> None:
        """Go on bit for bit from what `state` returned."""
        import torch

        for index, name in enumerate(TRAINED):
            self._trained[index].copy_(torch.from_numpy(state.arrays[name]))
            for moment, items in self.moments.items():
                items[index].copy_(torch.from_numpy(state.arrays[f"{moment}-{name}"]))
        self.taken = state.scalars["taken"]
        self.batches.restore(state.scalars["streams"], state.arrays["orders"])
        self._regroup()
