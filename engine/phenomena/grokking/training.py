"""Trains all members of the grokking experiment in ensembles of equal size and measures them.

Every member's accuracy, loss and norm is computed on the device in float64; one transfer per measurement brings them to
the host, together with the outputs and embeddings of the main arm, from which the progress measures follow.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.grokking.arms import Arm, Member, Task, task
from engine.phenomena.grokking.double_losses import Name as LossName
from engine.phenomena.grokking.full_batch import FullBatch
from engine.seeds import streams
from engine.state import State

if TYPE_CHECKING:
    from torch import Tensor

    from engine.theory.modular_arithmetic.operations import Operation
    from engine.training.network import Network
    from engine.training.optimizers import Optimizer

WARM_UP = 10  # steps, of the transformer
LARGEST_GROUP = 4  # members: a step then stays below a tenth of a second on a slow core
BETA1 = 0.9
EPSILON = {"mlp": 1e-25}  # Prieto et al.'s, so that steps do not end when gradients are small; PyTorch's default for the others
METRICS = ("train-loss", "test-loss", "train-accuracy", "test-accuracy", "collapse", "norm")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Recipe:
    """What all members share; width: neurons of a hidden layer; beta2: of AdamW; momentum: of SGD."""

    model: str
    op: str
    width: int
    act: str
    lr: float
    optimizer: str
    beta2: float
    momentum: float

    @classmethod
    def of(cls, config: Any) -> Recipe:
        """Return what a config asks for."""
        c = config
        return cls(c.model, c.op, c.width, c.act, c.lr, c.optimizer, c.beta2, c.momentum)

    @property
    def transformer(self) -> bool:
        """Whether it is Nanda's network."""
        return self.model == "transformer"

    @property
    def softmax(self) -> bool:
        """Whether it learns by cross-entropy; Gromov's network has squared error."""
        return self.model != "gromov"


@dataclass(frozen=True)
class Group:
    """Members of equal task and size, as one ensemble; pairs (P, 2), targets (members, k, P), train (members, P), on the device."""

    members: tuple[int, ...]
    trainer: FullBatch
    pairs: Tensor
    labels: Tensor
    train: Tensor
    steps: int


class Training:
    """All groups.

    Attributes:
        scores: (members, 6), the columns METRICS, of the latest measurement.
        correct: (members,) arrays (P,) of which pairs are answered rightly.
        outputs, embeddings: of the watched members, as at the latest measurement: (P, k) and (1 or 2, p, N).
        rows: the watched members' weights, (parameters,) each, where the latest measurement was asked for them.
    """

    def __init__(self, members: Sequence[Member], recipe: Recipe, watched: int, device: str) -> None:
        self.members, self.recipe, self.device = tuple(members), recipe, device
        self.tasks: list[Task] = [task(recipe.op, member) for member in members]
        self.watched = watched
        self.scores = np.full((len(members), len(METRICS)), np.nan)
        self.correct = [np.zeros(len(item.train), dtype=bool) for item in self.tasks]
        self.outputs: list[Floats] = []
        self.embeddings: list[Floats] = []
        self.rows: list[NDArray[np.float32]] = []
        self._again: Network | None = None
        self.groups = [self._group(numbers) for numbers in self._deal()]

    def _deal(self) -> list[tuple[int, ...]]:
        """Members of one task side by side, at most LARGEST_GROUP on a CPU; those of one seed, an arm and its control, stay together."""
        alike: dict[tuple[int, float, int], dict[int, list[int]]] = {}
        for number, member in enumerate(self.members):
            same = alike.setdefault((member.arm.p, member.arm.fraction, member.arm.steps), {})
            same.setdefault(member.seed, []).append(number)
        size = LARGEST_GROUP if self.device == "cpu" else len(self.members)
        groups: list[list[int]] = []
        for same in alike.values():
            groups.append([])
            for numbers in same.values():
                if len(groups[-1]) + len(numbers) > size and groups[-1]:
                    groups.append([])
                groups[-1] += numbers
        return [tuple(numbers) for numbers in groups]

    def _group(self, numbers: tuple[int, ...]) -> Group:
        import torch

        from engine.phenomena.grokking.interventions import Interventions

        arms, table = [self.members[number].arm for number in numbers], self.tasks[numbers[0]].table
        network = self._network(numbers, table)
        optimizer = self._optimizer(network, [arm.wd for arm in arms])
        pairs, labels = (torch.from_numpy(item).to(self.device) for item in (table.pairs, table.labels))
        train = torch.from_numpy(np.stack([self.tasks[number].train for number in numbers])).to(self.device)
        shown = torch.stack([pairs[mask] for mask in train])
        targets = torch.stack([one_hot(labels[mask], self.outputs_of(table)) for mask in train])
        names: Any = [arm.speedup for arm in arms]
        warm_up = WARM_UP if self.recipe.transformer else 0
        trainer = FullBatch(optimizer, shown, targets, self._named_losses(arms), Interventions(network, names), warm_up)
        return Group(numbers, trainer, pairs, labels, train, arms[0].steps)

    def _optimizer(self, network: Network, decays: list[float]) -> Optimizer:
        from engine.phenomena.grokking.heavy_ball import HeavyBall
        from engine.training.optimizers import AdamW

        if self.recipe.optimizer == "sgd":
            return HeavyBall(network, self.recipe.lr, decays, self.recipe.momentum)
        return AdamW(network, self.recipe.lr, decays, (BETA1, self.recipe.beta2), EPSILON.get(self.recipe.model, 1e-8))

    def outputs_of(self, table: Operation) -> int:
        """How many outputs a network has: the transformer has one for the token "=" as well."""
        return table.classes + self.recipe.transformer

    def _named_losses(self, arms: Sequence[Arm]) -> list[LossName]:
        if not self.recipe.softmax:
            return ["squared"] * len(arms)
        return ["stablemax" if arm.speedup == "stablemax" else "cross-entropy" for arm in arms]

    def _network(self, numbers: Sequence[int], table: Operation) -> Network:
        """Return an ensemble with every member's first weights, which do not depend on the members beside it."""
        import torch

        from engine.phenomena.grokking.modular_network import ModularNetwork, gromov_weights
        from engine.phenomena.grokking.pair_perceptron import PairPerceptron, perceptron_weights
        from engine.phenomena.grokking.transformer import Transformer, nanda_weights

        tokens, neurons, act, members = table.tokens, self.recipe.width, self.recipe.act, len(numbers)
        rngs = [streams(self.members[number].seed).init for number in numbers]
        network: Network
        if self.recipe.transformer:
            network = Transformer(tokens, neurons, members, torch.float32, self.device)
            drawn = [nanda_weights(tokens, neurons, rng) for rng in rngs]
        elif self.recipe.model == "mlp":
            network = PairPerceptron(tokens, neurons, table.classes, members, torch.float32, self.device)
            drawn = [perceptron_weights(tokens, neurons, table.classes, rng) for rng in rngs]
        else:
            network = ModularNetwork(tokens, neurons, table.classes, members, torch.float32, self.device, act)  # type: ignore[arg-type]
            drawn = [gromov_weights(tokens, neurons, table.classes, rng) for rng in rngs]
        for place, tables in enumerate(drawn):
            network.load(place, tables)
        return network

    # ------------------------------------------------------------ training

    def advance(self, target: int, seconds: float) -> None:
        """Train for about this long, no member beyond step `target`."""
        deadline = perf_counter() + seconds
        for group in self.groups:
            trainer = group.trainer
            while trainer.active and trainer.taken < min(target, group.steps):
                trainer.step()
                if perf_counter() >= deadline:
                    return

    def reached(self, target: int) -> bool:
        """Whether every member that is in training is at the target."""
        return all(not g.trainer.active or g.trainer.taken >= min(target, g.steps) for g in self.groups)

    def progress(self, target: int) -> int:
        """The step of the slowest group; `target` only when every member is there."""
        return min([target, *(g.trainer.taken for g in self.groups if g.trainer.active and g.trainer.taken < g.steps)])

    def retire(self, numbers: set[int]) -> None:
        """Put members aside for good."""
        for group in self.groups:
            gone = [local for local in group.trainer.active if group.members[local] in numbers]
            if gone:
                group.trainer.retire(gone)

    @property
    def active(self) -> set[int]:
        """The members in training, by number."""
        return {group.members[local] for group in self.groups for local in group.trainer.active}

    # ------------------------------------------------------------ measuring

    def measure(self, but: Container[int] = (), rows: bool = False) -> None:
        """Score every active member except some, with one transfer; `rows`: and bring the watched members' weights."""
        import torch

        pieces: list[Tensor] = []
        places: list[tuple[int, Group, int]] = [
            (group.members[local], group, place)
            for group in self.groups
            for place, local in enumerate(group.trainer.active)
            if group.members[local] not in but
        ]
        for number, group, place in places:
            network = group.trainer.network
            outputs = network.predict(place, group.pairs)[: self.tasks[number].table.classes]  # (k, P), "=" is no answer
            scores, hits = self._score(outputs, group, number)
            norm = sum(block[place].double().square().sum() for block in network.blocks)
            pieces += [scores, torch.as_tensor(norm).reshape(1), hits.double()]
            if number < self.watched:
                pieces += [outputs.double().flatten(), *(table.double().flatten() for table in self._tables(network, place))]
                pieces += [block[place].double().flatten() for block in network.blocks if rows]
        if places:
            self._take(np.asarray(torch.cat(pieces).cpu()), [number for number, _, _ in places], rows)

    def _score(self, outputs: Tensor, group: Group, number: int) -> tuple[Tensor, Tensor]:
        """Return a member's train and test loss and accuracy, its softmax's collapse (5,), and which pairs are right (P,)."""
        import torch

        loss = self._losses(outputs, group.labels)  # (P,)
        hits = outputs.argmax(0) == group.labels
        train = group.train[group.members.index(number)]
        shown, kept = hits[train].double(), hits[~train].double()
        certain = self._probabilities(outputs[:, train], number).amax(0) == 1.0  # float32 sees no loss, and no gradient
        return torch.stack([loss[train].mean(), loss[~train].mean(), shown.mean(), kept.mean(), certain.double().mean()]), hits

    def _probabilities(self, outputs: Tensor, number: int) -> Tensor:
        """Return the member's own softmax or StableMax of outputs (k, b), in float32."""
        import torch

        from engine.phenomena.grokking.double_losses import log_stablemax

        if self.members[number].arm.speedup == "stablemax":
            return log_stablemax(outputs[None])[0].exp().float()
        return torch.softmax(outputs.float(), dim=0)

    def _losses(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """Return the cross-entropy or the squared error against one-hot labels, (P,), in float64."""
        import torch

        x = outputs.double()
        if self.recipe.softmax:
            return -torch.log_softmax(x, dim=0).gather(0, labels[None])[0]
        return x.square().sum(0) - 2 * x.gather(0, labels[None])[0] + 1

    def host_loss(self, outputs: Floats, labels: NDArray[np.int64]) -> Floats:
        """Return the same loss of outputs (P, k) on the host, their mean over pairs."""
        from engine.phenomena.grokking.progress_measures import cross_entropy, squared_error

        return (cross_entropy if self.recipe.softmax else squared_error)(outputs, labels)

    def record(self) -> dict[str, list[float]]:
        """Return the latest scores, a list over members per quantity."""
        names = [name for name in METRICS if name != "collapse" or self.recipe.softmax]
        return {name: self.scores[:, METRICS.index(name)].tolist() for name in names}

    def _tables(self, network: Network, place: int) -> list[Tensor]:
        """What is read as waves: the weights of both tokens, (p, N) each, or the transformer's embedding of the p numbers, (p, d)."""
        if self.recipe.transformer:
            return [network.blocks[0][place][:-1]]
        if self.recipe.model == "mlp":
            return list(network.blocks[0][place].chunk(2))
        return [network.blocks[0][place], network.blocks[1][place]]

    def _take(self, values: Floats, numbers: Sequence[int], rows: bool) -> None:
        """Deal the transferred numbers out again, in the order in which `measure` put them together."""
        from engine.phenomena.grokking.transformer import WIDTH

        self.outputs, self.embeddings, self.rows = [], [], []
        start = 0
        for number in numbers:
            pairs, classes, tokens = (lambda t: (len(t.labels), t.classes, t.tokens))(self.tasks[number].table)
            self.scores[number] = values[start : start + len(METRICS)]
            start += len(METRICS)
            self.correct[number] = values[start : start + pairs] > 0
            start += pairs
            if number < self.watched:
                self.outputs.append(values[start : start + pairs * classes].reshape(classes, pairs).T)
                start += pairs * classes
                shape = (1, tokens, WIDTH) if self.recipe.transformer else (2, tokens, self.recipe.width)
                size = int(np.prod(shape))
                self.embeddings.append(values[start : start + size].reshape(shape))
                start += size
                if rows:
                    size = self.groups[0].trainer.network.layout.parameters
                    self.rows.append(values[start : start + size].astype(np.float32))
                    start += size

    def replay(self, number: int, row: NDArray[np.float32]) -> tuple[Floats, Floats]:
        """Return outputs (P, k) and embeddings (1 or 2, p, N) of a member as they were with other weights, (parameters,)."""
        import torch

        table = self.tasks[number].table
        if self._again is None:
            self._again = self._network((number,), table)
        network = self._again
        network.layout.fill(network.flat, torch.from_numpy(row[None]).to(network.flat))
        outputs = network.predict(0, torch.from_numpy(table.pairs).to(self.device))[: table.classes]
        embeddings = torch.stack([part.double() for part in self._tables(network, 0)])
        return outputs.double().cpu().numpy().T, embeddings.cpu().numpy()

    # ------------------------------------------------------------ storage

    def row(self, number: int) -> NDArray[np.float32]:
        """Return one member's parameters, (parameters,)."""
        group = next(group for group in self.groups if number in group.members)
        return np.asarray(group.trainer.weights()[group.members.index(number)].cpu())

    def weights(self, number: int) -> list[NDArray[np.float32]]:
        """Return one member's parameters, table by table."""
        group = next(group for group in self.groups if number in group.members)
        row, shapes = self.row(number), group.trainer.network.layout.shapes
        parts = np.split(row, np.cumsum([np.prod(shape) for shape in shapes])[:-1])
        return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]

    def state(self) -> State:
        """Return every group's weights, moments and place, and the latest scores."""
        arrays: dict[str, NDArray[Any]] = {"scores": self.scores.copy()}
        arrays |= {f"correct-{number}": found.copy() for number, found in enumerate(self.correct)}
        arrays |= {f"embedding-{number}": found.copy() for number, found in enumerate(self.embeddings)}
        inner = State.of({f"group-{index}": group.trainer.state() for index, group in enumerate(self.groups)})
        return State(arrays | inner.arrays, inner.scalars)

    def restore(self, state: State) -> None:
        """Go on bit for bit from what `state` returned; call on a freshly made object."""
        self.scores[...] = state.arrays["scores"]
        self.correct = [state.arrays[f"correct-{number}"].astype(bool) for number in range(len(self.correct))]
        self.embeddings = [state.arrays[name] for name in (f"embedding-{n}" for n in range(self.watched)) if name in state.arrays]
        for index, group in enumerate(self.groups):
            group.trainer.restore(state.part(f"group-{index}"))


def one_hot(labels: Tensor, classes: int) -> Tensor:
    """Return (classes, b) in float32."""
    import torch

    return torch.nn.functional.one_hot(labels, classes).T.float()
