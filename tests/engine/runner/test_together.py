"""Several runs in one thread: what each leaves, and that one that fails, diverges or is stopped concerns no other."""

import json
import zipfile

import numpy as np
import pytest
import torch

from engine.config import Config, knob
from engine.contract import Phase, Preset, Quantity, Spec
from engine.errors import Diverged
from engine.phenomenon import Training, geometric_grid
from engine.readings import Network
from engine.runner import Runner, resume
from engine.runner.together import Together
from engine.seeds import streams
from engine.state import State
from engine.store import RunFolder
from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.initialise import linear_layers
from engine.training.joint import Stretch
from engine.training.mlp import MLP
from engine.training.optimizers import SGD

SIZES, N, BATCH = (5, 4, 3), 40, 8
RATES = (0.01, 0.02, 0.05)


class TinyConfig(Config):
    lr: float = knob(0.05, "learning rate", ge=1e-4, le=1e3, divergence=True)
    steps: int = knob(300, "steps", ge=1, le=10**6)


class Tiny(Training[TinyConfig]):
    """A network a seed, in mini-batches."""

    spec = Spec(
        name="tiny", title="Tiny", question="Does it train?", config=TinyConfig, presets=(Preset("quick", "quick"),), figures=(),
        pictures=(), claims=(), notes="", references=(), quantities=(Quantity("loss"),), ensemble=("lr",),
    )  # fmt: skip

    def __init__(self, config, seeds, device="cpu", preset="quick"):
        super().__init__(config, seeds, device, preset)
        self.total, self.grid = config.steps, geometric_grid(config.steps)
        self.networks = [Network(None, seed) for seed in seeds]
        network = MLP(SIZES, len(seeds), torch.float32)
        for place, seed in enumerate(seeds):
            network.load(place, linear_layers(SIZES, streams(seed).init))
        x = torch.from_numpy(np.stack([streams(seed).data.standard_normal((N, SIZES[0])) for seed in seeds])).float()
        labels = torch.from_numpy(np.stack([streams(seed).noise.integers(0, SIZES[-1], N) for seed in seeds]))
        data = TrainingSet(x, torch.nn.functional.one_hot(labels, SIZES[-1]).float(), np.arange(len(seeds)), np.arange(len(seeds)))
        orders = [streams(seed).order for seed in seeds]
        self.ensemble = Ensemble(SGD(network, config.lr, momentum=0.9), data, Batches(orders, N, BATCH))
        self.loss = torch.zeros(len(seeds))

    def train(self, target, budget):
        while self.ensemble.taken < target:
            self.ensemble.step(self.loss)
        return self.ensemble.taken

    def stretches(self):
        target = self.target
        if target is None or self.ensemble.taken >= target:
            return ()
        return (Stretch(self.ensemble, target, lambda losses: self.loss.copy_(losses[-1])),)

    def measure(self):
        if not torch.isfinite(self.loss).all():
            raise Diverged(f"the loss is no longer finite at step {self.step}")
        return {"loss": self.loss.tolist()}

    def arrays(self):
        return {"w": self.ensemble.weights().numpy()}

    def parts(self):
        return {"ensemble": self.ensemble, "loss": _Loss(self)}

    def series(self):
        return ()


class _Loss:
    """The losses of the step before, as a part that saves and restores itself."""

    def __init__(self, tiny):
        self.tiny = tiny

    def state(self):
        return State({"loss": self.tiny.loss.numpy()}, {})

    def restore(self, state):
        self.tiny.loss.copy_(torch.from_numpy(state.arrays["loss"]))


def runner(root, company, **knobs):
    return Runner(Tiny, TinyConfig(**knobs), "custom", (0, 1), threads=1, root=root, company=company)


def work(runners, stop_wanted=lambda: False):
    return {place: last for ended in Together(runners, stop_wanted).work() if ended for place, last in [ended]}


def content(path):
    """Everything of a run that its numbers decide: measurements, arrays, the state's tensors, results."""
    result = json.loads((path / "result.json").read_text())
    state = (path / "state.safetensors").read_bytes()
    with zipfile.ZipFile(path / "arrays.npz") as arrays:
        kept = {name: arrays.read(name) for name in arrays.namelist()}
    left = {name: value for name, value in result.items() if name not in ("elapsed", "run")}
    return left, (path / "metrics.jsonl").read_bytes(), kept, state[8 + int.from_bytes(state[:8], "little") :]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The folders of runs that were alone, each in a thread of its own."""
    root, found = tmp_path_factory.mktemp("alone"), {}
    for rate in RATES:
        one = runner(root, 1, lr=rate)
        one.start()
        one.join()
        one.close()
        found[rate] = content(root / one.latest().run)
    return found


def test_every_run_leaves_what_it_leaves_alone_bit_for_bit(tmp_path, alone):
    runners = [runner(tmp_path, len(RATES), lr=rate) for rate in RATES]
    last = work(runners)
    assert {snapshot.phase for snapshot in last.values()} == {Phase.FINISHED}
    for place, rate in enumerate(RATES):
        assert content(tmp_path / last[place].run) == alone[rate]
        folder = RunFolder.open(tmp_path / last[place].run)
        assert not folder.live and folder.manifest.config["lr"] == rate


def test_stopped_runs_are_saved_and_go_on_to_the_same_end(tmp_path, alone):
    looks = iter(range(10**9))
    last = work([runner(tmp_path, 2, lr=rate) for rate in RATES[:2]], lambda: next(looks) > 40)
    assert {snapshot.phase for snapshot in last.values()} <= {Phase.STOPPED, Phase.FINISHED}
    paths = [tmp_path / last[place].run for place in (0, 1)]
    again = [resume(path, phenomenon=Tiny, company=2) for path in paths if RunFolder.open(path).load_progress().phase is Phase.STOPPED]
    work(again)
    for path, rate in zip(paths, RATES, strict=False):
        assert content(path) == alone[rate]


def test_one_that_diverges_stops_no_other(tmp_path, alone):
    last = work([runner(tmp_path, 2, lr=1e3), runner(tmp_path, 2, lr=RATES[0])])
    assert (last[0].phase, last[1].phase) == (Phase.DIVERGED, Phase.FINISHED)
    assert content(tmp_path / last[1].run) == alone[RATES[0]]


def test_runs_that_are_not_stored_leave_nothing(tmp_path):
    last = work([runner(None, 2, lr=rate) for rate in RATES[:2]])
    assert {snapshot.phase for snapshot in last.values()} == {Phase.FINISHED} and not list(tmp_path.iterdir())
    assert not any(snapshot.folder for snapshot in last.values())
