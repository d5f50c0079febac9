"""The paper's preset on small files in the form of CIFAR-10: it trains, measures, is saved, and goes on bit for bit."""

from types import SimpleNamespace

import numpy as np
import pytest
from torch import nn

from engine import registry
from engine.contract import Status
from engine.data.published import PUBLISHED, place
from engine.errors import DataError, ProblemError
from engine.estimates import work_of_preset
from engine.phenomena.edge_of_stability.size import memory
from engine.state import State
from tests.engine.data.published.small import batches, described, lay, packed
from tests.phenomena.driven import work

pytestmark = pytest.mark.usefixtures("one_thread")
TRAIN, TESTS = 40, 20
CONTENTS = [packed(batches(TRAIN, TESTS))]
SMALL = described(PUBLISHED["cifar10"], CONTENTS, train=TRAIN, tests=TESTS)
PLAIN = nn.Sequential(nn.Linear(3072, 200), nn.Tanh(), nn.Linear(200, 200), nn.Tanh(), nn.Linear(200, 10))
TINY = {"n": 40, "width": 8, "edges": "5,6", "control": 40, "steps": 60, "every": 20}


@pytest.fixture
def absent(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))
    monkeypatch.setitem(PUBLISHED, "cifar10", SMALL)


def begin(**knobs):
    spec = registry.spec("edge-of-stability")
    return registry.experiment(spec)(spec.configure("cohen", {**TINY, **knobs}), (0, 1), "cpu", "custom")


def test_what_does_not_fit_is_refused_before_it_starts_with_the_knobs_to_lower(absent, monkeypatch):
    lay(SMALL, CONTENTS, place(SMALL))
    monkeypatch.setattr("engine.training.memory.psutil.virtual_memory", lambda: SimpleNamespace(available=10**6))
    with pytest.raises(
        ProblemError, match=r"6 networks and their 40 examples of cifar10 each take 0\.\d GB, and 0\.0 GB are free"
    ) as caught:
        begin()
    assert caught.value.hint == "lower n, width, the number of edges or the number of seeds"


def test_the_papers_network_has_its_parameters_and_its_memory_grows_with_every_knob():
    spec = registry.spec("edge-of-stability")
    cohen = work_of_preset(spec, spec.preset("cohen"))
    assert cohen.parameters == sum(p.numel() for p in PLAIN.parameters())
    least = memory(spec.configure("cohen", TINY), 1)
    for knobs in ({"width": 9}, {"edges": "5,6,7"}, {"precision": "float64"}, {"depth": 3}):
        assert memory(spec.configure("cohen", {**TINY, **knobs}), 1) > least
    assert memory(spec.configure("cohen", TINY), 2) == 2 * least


def test_the_papers_preset_trains_on_cifar_files_and_goes_on_bit_for_bit(absent):
    with pytest.raises(DataError, match="the data set cifar10 is not here"):
        begin()
    lay(SMALL, CONTENTS, place(SMALL))
    whole = work(begin())
    assert whole.history.steps[-1] == 60 and not [item.claim.id for item in whole.verdicts() if item.status is Status.FAILS]
    assert whole.arrays()["w"].dtype == np.float32
    first = work(begin(), until=20)
    for _ in range(3):
        first.advance(1e-9)
    saved, second = first.state(), begin()
    for step, record in zip(first.history.steps, first.history.records, strict=True):
        second.history.append(step, record)
    second.restore(State({name: values.copy() for name, values in saved.arrays.items()}, saved.scalars))
    work(second)
    assert list(map(repr, second.history.records)) == list(map(repr, whole.history.records))
    for name, values in whole.arrays().items():
        np.testing.assert_array_equal(second.arrays()[name], values, err_msg=name)
