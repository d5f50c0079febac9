"""Trains Gaussian posteriors over the weights of perceptrons by gradient on a PAC-Bayes bound, all of them at once.

Posterior N(w, diag(s)), prior N(w0, lambda I); trained are w and ln s/2, with Dziugaite, Roy 2017, arXiv:1703.11008, also
ln lambda/2, with the `lambda` objective of Perez-Ortiz et al. 2021, arXiv:2007.12911, also its weight l. The expected risk
is taken at one draw of the weights a step; `pac_bayes_objectives` says what is minimised. By Adam from the prior's deviation on,
or, as published, by RMSprop from variances |w| on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.phenomena.vacuous_bounds.config import Objective, Surrogate, Training
from engine.phenomena.vacuous_bounds.pac_bayes_objectives import slopes, surrogate_risk
from engine.state import State
from engine.training.batches import Batches
from engine.training.ensemble import TrainingSet
from engine.training.mlp import MLP

BETAS, EPS = (0.9, 0.999), 1e-8
KEPT_SQUARE, LEAST_SQUARE = 0.9, 1e-10  # of RMSprop's running mean square, which begins at 1 as TensorFlow's does
SLOWER = 0.1  # rates are multiplied by this after a share of a posterior's steps
START = -3.0  # of log-deviations
LEAST_VARIANCE = 1e-12  # that a posterior begins with where a weight is 0
WIDEST_PRIOR = -1.17  # log-deviation; at -1.156 the index j on the prior's grid would fall below 1


@dataclass(frozen=True)
class Schedule:
    """rates: of means, log-deviations, the prior's and the log-odds of l/2; late: share of the steps after which they fall."""

    rates: tuple[float, float, float, float]
    late: float


SCHEDULES: dict[Training, Schedule] = {
    "short": Schedule((3e-3, 2e-2, 2e-2, 2e-2), 0.7),
    "published": Schedule((1e-3, 1e-3, 1e-3, 1e-3), 0.25),  # 250 of 1000 epochs
}
Floats = NDArray[np.float64]


class Posteriors:
    """One posterior per network of a training set, whose targets are signs; it is left alone once it has taken its steps.

    Attributes:
        steps: (networks,) how many steps each takes.
        taken: steps taken; mean, spread (log-deviations), centre: (networks, P); prior (log-deviation), trade (log-odds of
            l/2, from l = 1 on): (networks, 1); trained, first, second: all but centre side by side, and Adam's moments of them.
    """

    def __init__(
        self, sizes: Sequence[int], data: TrainingSet, start: NDArray[np.floating], centre: NDArray[np.floating],
        generators: Sequence[np.random.Generator], steps: Sequence[int], delta: float, batch: int,
        objective: Objective = "dziugaite-roy", surrogate: Surrogate = "logistic", training: Training = "short",
    ) -> None:  # fmt: skip
        self.sizes, self.data, self.objective, self.surrogate = tuple(sizes), data, objective, surrogate
        self.training, self._schedule = training, SCHEDULES[training]
        self.steps, self.delta, self.n = np.asarray(steps), delta, data.inputs.shape[1]
        self.batches = Batches(generators, self.n, min(batch, self.n))
        self.taken = 0
        self.centre = torch.tensor(centre).to(data.inputs)
        count, parameters = self.centre.shape
        self._parts = (parameters, parameters, 1, 1)  # of everything that is trained, side by side in one row a network
        self.trained, self.first, self.second = self.centre.new_zeros(3, count, sum(self._parts))
        self.mean, self.spread, self.prior, self.trade = self.trained.split_with_sizes(self._parts, 1)
        if training == "published":
            self.second.fill_(1.0)
        self.prior.fill_(START)
        self.begin(start, centre)
        each = zip(self._parts, self._schedule.rates, strict=True)
        self._rates = torch.cat([self.centre.new_full((width,), rate) for width, rate in each])
        self._active: list[int] = []
        self._x, self._signs = data.inputs.flatten(0, 1), data.targets.flatten()

    def begin(self, start: NDArray[np.floating], centre: NDArray[np.floating]) -> None:
        """Set the first means of the posteriors, with the deviations that belong to them, and the means of the priors, (networks, P)."""
        self.mean.copy_(torch.tensor(start))
        self.centre.copy_(torch.tensor(centre))
        if self.training == "published":
            self.spread.copy_(self.mean.abs().clamp_(min=LEAST_VARIANCE).log_().mul_(0.5))
        else:
            self.spread.fill_(START)

    # ------------------------------------------------------------ training

    def step(self) -> None:
        """Take one step with every posterior that has steps to take."""
        self._regroup()
        place = self.taken % self.batches.per_epoch
        if not place:
            self.batches.next_epoch()
        rows = self.batches.orders[self.data.order[self._active], place * self.batches.batch : (place + 1) * self.batches.batch]
        self._update(self._gradients(torch.from_numpy(rows).to(self.mean.device), self._noise()))
        self.taken += 1

    def _regroup(self) -> None:
        """Look which posteriors have steps to take, and make a network for them where they are others than before."""
        active = [place for place, steps in enumerate(self.steps) if self.taken < steps]
        if active != self._active:
            self._active = active
            self._chosen = slice(len(active)) if active == list(range(len(active))) else active  # rows at the front need no copy
            self._gradient: Tensor = self.trained.new_zeros(len(active), sum(self._parts))
            sources, numbers = (torch.tensor(item, device=self.mean.device) for item in (self.data.source[active].tolist(), active))
            self._first_x, self._first_sign = sources[:, None] * self.n, numbers[:, None] * self.n
            self.network = MLP(self.sizes, len(active), self.mean.dtype, str(self.mean.device))

    def _noise(self) -> Tensor:
        """Standard normals (active, P), drawn on the CPU; posteriors of one stream get the same."""
        streams = self.data.order[self._active].tolist()
        drawn = {
            stream: self.batches.generators[stream].standard_normal(self.mean.shape[1], dtype=np.float32) for stream in sorted(set(streams))
        }
        return torch.from_numpy(np.stack([drawn[stream] for stream in streams])).to(self.mean)

    def _gradients(self, rows: Tensor, noise: Tensor) -> Tensor:
        """Gradients of the objective in everything that is trained, on a batch of rows (active, batch) at one draw of the weights."""
        mean, spread, prior, trade = self.trained[self._chosen].split_with_sizes(self._parts, 1)
        deviation = spread.exp()
        step = noise * deviation
        risk, by_weights = self._risk(rows, mean + step)
        away, narrow = mean - self.centre[self._chosen], torch.exp(-2 * prior)
        scaled = deviation.square_().mul_(narrow)
        spent = scaled.sum(1, keepdim=True) + torch.linalg.vector_norm(away, dim=1, keepdim=True).square() * narrow
        kl = 0.5 * (spent - mean.shape[1]) + (prior - spread).sum(1, keepdim=True)
        slope = slopes(self.objective, self.n, self.delta, risk, kl, prior, trade)
        by_weights = by_weights * slope.risk
        by_mean, by_spread, by_prior, by_trade = self._gradient.split_with_sizes(self._parts, 1)
        torch.addcmul(by_weights, away, slope.kl * narrow, out=by_mean)
        torch.mul(scaled.sub_(1), slope.kl, out=by_spread).addcmul_(by_weights, step)
        by_prior.copy_(torch.zeros_like(prior) if slope.prior is None else slope.kl * (mean.shape[1] - spent) + slope.prior)
        by_trade.copy_(torch.zeros_like(trade) + slope.trade)
        return self._gradient

    def _risk(self, rows: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """The surrogate risk (active, 1) of weights (active, P) on a batch, and its gradient in them."""
        x = self._x.index_select(0, (rows + self._first_x).flatten()).view(*rows.shape, -1)
        signs = self._signs.index_select(0, (rows + self._first_sign).flatten()).view(rows.shape)
        self.network.layout.fill(self.network.flat, weights)
        risk, slope = surrogate_risk(self.surrogate, self.network.forward(x)[:, 0] * signs)
        self.network.backward((slope * signs)[:, None])
        return risk, self.network.layout.rows(self.network.gradient)

    def _update(self, gradient: Tensor) -> None:
        """Update the active posteriors, each at its own rates."""
        late = [SLOWER if self.taken >= self._schedule.late * self.steps[place] else 1.0 for place in self._active]
        by_network = self.trained.new_tensor(late)[:, None]
        if self.training == "published":
            self._by_rmsprop(gradient, by_network)
        else:
            self._by_adam(gradient, by_network)
        self.prior.clamp_(max=WIDEST_PRIOR)

    def _by_adam(self, gradient: Tensor, by_network: Tensor) -> None:
        """Adam (arXiv:1412.6980)."""
        taken, chosen = self.taken + 1, self._chosen
        first = self.first[chosen].lerp_(gradient, 1 - BETAS[0])
        second = self.second[chosen].mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
        size = torch.sqrt(second).div_(math.sqrt(1 - BETAS[1] ** taken)).add_(EPS)
        self.trained[chosen] -= torch.div(first, size, out=size).mul_(self._rates).mul_(by_network / (1 - BETAS[0] ** taken))
        if not isinstance(chosen, slice):
            self.first[chosen], self.second[chosen] = first, second

    def _by_rmsprop(self, gradient: Tensor, by_network: Tensor) -> None:
        """RMSprop in TensorFlow's form, as in the authors' code (gkdziugaite/pacbayes-opt)."""
        chosen = self._chosen
        second = self.second[chosen].mul_(KEPT_SQUARE).addcmul_(gradient, gradient, value=1 - KEPT_SQUARE)
        size = second.add(LEAST_SQUARE).rsqrt_().mul_(gradient)
        self.trained[chosen] -= size.mul_(self._rates).mul_(by_network)
        if not isinstance(chosen, slice):
            self.second[chosen] = second

    # ------------------------------------------------------------ reading

    def errors(self, network: int, noise: Tensor, x: Tensor, signs: Tensor) -> Tensor:
        """Return how many of the points x (n, d) with signs (n,) each draw gets wrong; noise: (draws, P) standard normals."""
        return errors_of_draws(self.sizes, self.mean[network] + noise * self.spread[network].exp(), x, signs)

    def posterior(self, network: int) -> tuple[Floats, Floats, Floats, float]:
        """Return means, variances and prior means (P,), and the prior's variance, in double precision."""
        rows = [item[network].cpu().numpy().astype(np.float64) for item in (self.mean, self.spread, self.centre, self.prior)]
        return rows[0], np.exp(2 * rows[1]), rows[2], float(np.exp(2 * rows[3][0]))

    def weight(self, network: int) -> float | None:
        """Return the trained weight l of the `lambda` objective, None for the others."""
        return 2 * float(self.trade[network].sigmoid()) if self.objective == "lambda" else None

    def state(self) -> State:
        """Return posteriors, moments, streams and place."""
        arrays = {name: getattr(self, name).cpu().numpy().copy() for name in KEPT}
        return State({**arrays, "orders": self.batches.orders}, {"taken": self.taken, "streams": self.batches.state()})

    def restore(self, state: State) -> None:
        """Go on bit for bit from what `state` returned."""
        for name in KEPT:
            getattr(self, name).copy_(torch.from_numpy(state.arrays[name]))
        self.taken = state.scalars["taken"]
        self.batches.restore(state.scalars["streams"], state.arrays["orders"])


KEPT = ("trained", "centre", "first", "second")


def errors_of_draws(sizes: Sequence[int], weights: Tensor, x: Tensor, signs: Tensor) -> Tensor:
    """Return how many of the points x (n, d) with signs (n,) each of some networks gets wrong, (draws,); weights: (draws, P)."""
    drawn = MLP(sizes, len(weights), weights.dtype, str(weights.device))
    drawn.layout.fill(drawn.flat, weights)
    first, bias = drawn.blocks[0], drawn.blocks[1]
    wide = first.permute(1, 0, 2).reshape(x.shape[1], -1)  # one product for the first layer of all draws
    h = torch.addmm(bias.reshape(1, -1), x, wide).view(len(x), len(weights), -1).transpose(0, 1)
    for weight, offset in zip(drawn.blocks[2::2], drawn.blocks[3::2], strict=True):
        h = torch.baddbmm(offset, h.clamp_(min=0), weight)
    return (h[:, :, 0] * signs <= 0).sum(1)
