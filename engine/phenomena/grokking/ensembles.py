"""All networks of the run, trained in ensembles of equal task and size, and what is measured of each.

Every network's accuracy, loss and norm is computed on the device in float64; one transfer per measurement brings them to
the host, together with the outputs and embeddings of the main setting's networks, from which the progress measures follow.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.phenomena.grokking.config import GrokkingConfig
from engine.phenomena.grokking.float64_losses import LossName, loss_of_pairs, probabilities
from engine.phenomena.grokking.full_batch import FullBatch
from engine.phenomena.grokking.gromov_network import GromovNetwork
from engine.phenomena.grokking.interventions import HeavyBall, Interventions
from engine.phenomena.grokking.mini_batches import MiniBatches
from engine.phenomena.grokking.nanda_transformer import NandaTransformer
from engine.phenomena.grokking.pair_network import PairNetwork
from engine.phenomena.grokking.power_decoder import PowerDecoder
from engine.phenomena.grokking.prieto_perceptron import PrietoPerceptron
from engine.phenomena.grokking.progress_measures import cross_entropy, squared_error
from engine.phenomena.grokking.settings import Setting, Task, task
from engine.readings import Network
from engine.seeds import streams
from engine.state import State
from engine.training.batches import Batches
from engine.training.joint import Stretch
from engine.training.optimizers import AdamW, Optimizer

SOFTMAX_NETWORKS: dict[str, Callable[..., PairNetwork]] = {
    "mlp": PrietoPerceptron, "transformer": NandaTransformer, "decoder": PowerDecoder,
}  # fmt: skip
LARGEST_GROUP = 4  # networks: a step then stays below a tenth of a second on a slow core
BETA1 = 0.9
METRICS = ("train-loss", "test-loss", "train-accuracy", "test-accuracy", "collapse", "norm")
Floats = NDArray[np.float64]


@dataclass
class Group:
    """Networks of equal task and size, by number, as one ensemble; pairs (P, 2), labels (P,), train (members, P), on the device."""

    numbers: tuple[int, ...]
    network: PairNetwork
    trainer: FullBatch
    pairs: Tensor
    labels: Tensor
    train: Tensor
    steps: int

    @property
    def active(self) -> list[int]:
        """The networks in training, by number; place in the ensemble's buffers."""
        return [self.numbers[member] for member in self.trainer.active]


@dataclass(frozen=True)
class Seen:
    """One network of the main setting at one moment: outputs (P, k), embeddings (1 or 2, p, N), weights (parameters,) if asked for."""

    outputs: Floats
    embeddings: Floats
    weights: NDArray[np.float32]


class Ensembles:
    """All groups; a network's number is its place among all networks.

    Attributes:
        watched: how many networks, from the first on, are seen in full: those of the main setting.
        scores: (networks, 6), the columns METRICS, of the latest measurement.
        correct, embeddings: of the first network at the latest measurement: which pairs are answered rightly (P,), and (1 or 2, p, N).
        loss: the networks' own loss of outputs (P, k) on the host.
    """

    def __init__(self, networks: Sequence[Network[Setting]], config: GrokkingConfig, watched: int, device: str) -> None:
        self.networks, self.config, self.watched, self.device = networks, config, watched, device
        self.tasks: list[Task] = [task(config.op, network) for network in networks]
        self.scores = np.full((len(networks), len(METRICS)), np.nan)
        self.correct = np.zeros(len(self.tasks[0].train), dtype=bool)
        self.embeddings: Floats = np.empty(0)
        self._again: PairNetwork | None = None
        self.groups = [self._group(numbers) for numbers in self._deal()]
        self.softmax = self.groups[0].network.SOFTMAX
        self.loss = cross_entropy if self.softmax else squared_error

    def _deal(self) -> list[tuple[int, ...]]:
        """Put networks of one task side by side, at most LARGEST_GROUP on a CPU; one seed's setting and control stay together."""
        alike: dict[tuple[int, float, int], dict[int, list[int]]] = {}
        for number, network in enumerate(self.networks):
            same = alike.setdefault((network.setting.p, network.setting.fraction, network.setting.steps), {})
            same.setdefault(network.seed, []).append(number)
        size = LARGEST_GROUP if self.device == "cpu" else len(self.networks)
        if self.config.model == "decoder":
            size = 1  # its members are computed in turn
        groups: list[list[int]] = []
        for same in alike.values():
            groups.append([])
            for numbers in same.values():
                if len(groups[-1]) + len(numbers) > size and groups[-1]:
                    groups.append([])
                groups[-1] += numbers
        return [tuple(numbers) for numbers in groups]

    def _group(self, numbers: tuple[int, ...]) -> Group:
        config, settings, table = self.config, [self.networks[number].setting for number in numbers], self.tasks[numbers[0]].table
        network, decays = self._network(numbers), [setting.wd for setting in settings]
        optimizer: Optimizer = HeavyBall(network, config.lr, decays, config.momentum)
        if config.optimizer == "adamw":
            optimizer = AdamW(network, config.lr, decays, (BETA1, config.beta2), network.EPSILON)
        pairs, labels = (torch.from_numpy(item).to(self.device) for item in (table.pairs, table.labels))
        train = torch.from_numpy(np.stack([self.tasks[number].train for number in numbers])).to(self.device)
        shown = torch.stack([pairs[mask] for mask in train])
        targets = torch.stack([torch.nn.functional.one_hot(labels[mask], network.outputs).T.float() for mask in train])
        losses = [self.loss_name(number) for number in numbers]
        interventions = Interventions(network, [setting.speedup for setting in settings])
        given = (optimizer, shown, targets, losses, interventions, network.WARM_UP)
        trainer = MiniBatches(*given, *self._batches(numbers, shown.shape[1])) if config.batched else FullBatch(*given)
        return Group(numbers, network, trainer, pairs, labels, train, settings[0].steps)

    def _batches(self, numbers: Sequence[int], shown: int) -> tuple[Batches, list[int]]:
        """Return the batches of so many pairs, from one stream a seed, and which stream each network follows."""
        seeds = [self.networks[number].seed for number in numbers]
        each = list(dict.fromkeys(seeds))
        batches = Batches([streams(seed).order for seed in each], shown, min(self.config.batch, shown // 2))
        return batches, [each.index(seed) for seed in seeds]

    def loss_name(self, number: int) -> LossName:
        """Return what a network learns by."""
        if self.config.model == "gromov":
            return "squared"
        return "stablemax" if self.networks[number].setting.speedup == "stablemax" else "cross-entropy"

    def _network(self, numbers: Sequence[int]) -> PairNetwork:
        """Return an ensemble with every network's first weights, which do not depend on the networks beside it."""
        sizes = (self.tasks[numbers[0]].table.tokens, self.config.width, len(numbers), torch.float32, self.device)
        softmax = SOFTMAX_NETWORKS.get(self.config.model)
        network = softmax(*sizes) if softmax else GromovNetwork(*sizes, self.config.act)
        for place, number in enumerate(numbers):
            network.load(place, network.draw(streams(self.networks[number].seed).init))
        return network

    # ------------------------------------------------------------ training

    def train(self, target: int, seconds: float) -> int:
        """Train for about this long, no network beyond step `target`; return the step that all have reached."""
        deadline = perf_counter() + seconds
        for group in self.groups:
            trainer = group.trainer
            while trainer.active and trainer.taken < min(target, group.steps):
                trainer.step()
                if perf_counter() >= deadline:
                    return self._reached(target)
        return target

    def stretches(self, target: int) -> list[Stretch]:
        """The groups that have steps to take until step `target`."""
        goals = [(group.trainer, min(target, group.steps)) for group in self.groups if group.trainer.active]
        return [Stretch(trainer, goal) for trainer, goal in goals if trainer.taken < goal]

    def lengthen(self, steps: int) -> None:
        """Let the first group, which holds the main setting, be trained for so many steps."""
        for group in self.groups:
            if group.numbers[0] < self.watched:
                group.steps = steps

    def _reached(self, target: int) -> int:
        behind = (group.trainer.taken for group in self.groups if group.trainer.active and group.trainer.taken < group.steps)
        return min([target, *behind])

    def retire(self, numbers: Container[int]) -> None:
        """Put networks aside for good."""
        for group in self.groups:
            gone = [member for member in group.trainer.active if group.numbers[member] in numbers]
            if gone:
                group.trainer.retire(gone)

    @property
    def active(self) -> set[int]:
        """The networks in training, by number."""
        return {number for group in self.groups for number in group.active}

    # ------------------------------------------------------------ measuring

    def measure(self, but: Container[int] = (), weights: bool = False) -> list[Seen]:
        """Score every active network except some, with one transfer; return the watched ones, with their `weights` if asked."""
        asked = [(number, group, place) for group in self.groups for place, number in enumerate(group.active) if number not in but]
        tensors: list[Tensor] = []
        for number, group, place in asked:
            outputs = group.network.predict(place, group.pairs)[: self.tasks[number].table.tokens]  # (k, P), "=" is no answer
            hits = outputs.max(0).indices == group.labels  # the first of equal ones, as argmax, which is three times slower along this axis
            tensors += [self._score(number, group, place, outputs, hits), hits]
            if number < self.watched:
                row = group.network.row(place)
                tensors += [outputs, group.network.embeddings(place), row if weights else row[:0]]
        found, seen = iter(fetched(tensors)), []
        for number, *_ in asked:
            self.scores[number], correct = next(found), next(found) > 0
            if number < self.watched:
                seen.append(Seen(next(found).T, next(found), next(found).astype(np.float32)))
            if number == 0:
                self.correct = correct
        self.embeddings = seen[0].embeddings if seen else self.embeddings
        return seen

    def _score(self, number: int, group: Group, place: int, outputs: Tensor, hits: Tensor) -> Tensor:
        """Return a network's METRICS, (6,)."""
        losses = loss_of_pairs(outputs, group.labels, squared=not self.softmax)  # (P,)
        train = group.train[group.numbers.index(number)]
        certain = torch.zeros_like(train)
        if self.softmax:
            certain = probabilities(outputs[:, train], self.loss_name(number)).amax(0) == 1.0  # float32 sees no loss, and no gradient
        norm = torch.as_tensor(sum(block[place].double().square().sum() for block in group.network.blocks))
        accuracies = [hits[train].double().mean(), hits[~train].double().mean()]
        return torch.stack([losses[train].mean(), losses[~train].mean(), *accuracies, certain.double().mean(), norm])

    def record(self) -> dict[str, list[float]]:
        """Return the latest scores, a list over networks per quantity."""
        names = [name for name in METRICS if name != "collapse" or self.softmax]
        return {name: self.scores[:, METRICS.index(name)].tolist() for name in names}

    def replay(self, number: int, row: NDArray[np.float32]) -> Seen:
        """Return a network as it was with other weights, (parameters,)."""
        table = self.tasks[number].table
        network = self._again = self._again or self._network((number,))
        network.layout.fill(network.flat, torch.from_numpy(row[None]).to(network.flat))
        outputs = network.predict(0, torch.from_numpy(table.pairs).to(self.device))[: table.tokens]
        return Seen(outputs.double().cpu().numpy().T, network.embeddings(0).double().cpu().numpy(), row)

    # ------------------------------------------------------------ storage

    def row(self, number: int) -> NDArray[np.float32]:
        """Return one network's parameters, (parameters,)."""
        group = next(group for group in self.groups if number in group.numbers)
        return np.asarray(group.trainer.weights()[group.numbers.index(number)].cpu())

    def tables(self) -> dict[str, NDArray[np.float32]]:
        """Return the first network's parameters, table by table under the field's letters, a module's by their names."""
        return {name: table.cpu().numpy().copy() for name, table in self.groups[0].network.tables().items()}

    def state(self) -> State:
        """Return every group's weights, moments and place, and the latest scores."""
        shown: dict[str, NDArray[Any]] = {"scores": self.scores.copy(), "correct": self.correct, "embeddings": self.embeddings}
        inner = State.of({f"group-{index}": group.trainer.state() for index, group in enumerate(self.groups)})
        return State(shown | inner.arrays, inner.scalars)

    def restore(self, state: State) -> None:
        """Go on bit for bit from what `state` returned; call on a freshly made object."""
        self.scores[...] = state.arrays["scores"]
        self.correct, self.embeddings = state.arrays["correct"].astype(bool), state.arrays["embeddings"]
        for index, group in enumerate(self.groups):
            group.trainer.restore(state.part(f"group-{index}"))


def fetched(tensors: Sequence[Tensor]) -> list[Floats]:
    """Return tensors on the host in float64, brought there in one transfer."""
    flat = torch.cat([tensor.double().flatten() for tensor in tensors]).cpu().numpy()
    ends = np.cumsum([tensor.numel() for tensor in tensors])[:-1]
    return [part.reshape(tuple(tensor.shape)) for part, tensor in zip(np.split(flat, ends), tensors, strict=True)]
