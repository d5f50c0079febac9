"""The phenomenon that CONTRIBUTING.md walks through: another package, found by its entry point, that behaves like genlab's own."""

import sys
from pathlib import Path

import numpy as np
import pytest

from engine import registry
from engine.contract import Status
from tests.phenomena.driven import UNEVEN, work

PROJECT = Path(__file__).parent / "noise_floor"


@pytest.fixture
def kind(tmp_path, monkeypatch):
    """The package as if installed: its folder on the path, its entry point in a distribution's metadata."""
    info = tmp_path / "genlab_noise_floor-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: genlab-noise-floor\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text("[genlab.phenomena]\nnoise-floor = genlab_noise_floor\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(PROJECT), *sys.path])
    registry.entries.cache_clear()
    yield registry.load("noise-floor")
    registry.entries.cache_clear()
    for name in [name for name in sys.modules if name.startswith("genlab_noise_floor")]:
        del sys.modules[name]


def made(kind, seeds=(0, 1), preset="custom", **knobs):
    return kind(kind.spec.configure("quick", knobs), seeds, "cpu", preset)


def test_it_is_listed_with_where_it_is_from(kind):
    entry = registry.find("noise-floor")
    assert (entry.title, entry.origin, entry.problem) == ("Noise floor", "genlab-noise-floor", "")
    assert registry.spec("noise-floor") is kind.spec and kind.spec.notes.startswith("## What to notice")


def test_its_quick_preset_decides_every_claim(kind):
    run = work(made(kind, (0, 1, 2), "quick"))
    assert {verdict.claim.id: verdict.status for verdict in run.verdicts()} == {"NF1": Status.HOLDS, "NF2": Status.HOLDS}
    assert all(verdict.values for verdict in run.verdicts())


def test_its_closed_form_against_a_brute_force_sum(kind):
    run = made(kind, d=3, sigma=0.7)
    eta, lam = 0.3, np.array([1, 1 / 2, 1 / 3])
    second = np.ones(3)
    for _ in range(25):
        second = (1 - eta * lam) ** 2 * second + eta**2 * 0.49
    assert run.expected(eta, 25) == pytest.approx(0.5 * lam @ second)


def test_outside_its_domain_a_claim_is_not_applicable_and_a_wrong_law_fails(kind):
    run = work(made(kind, steps=50, walks=50, etas="0.3"))
    assert [verdict.status for verdict in run.verdicts()] == [Status.HOLDS, Status.NOT_APPLICABLE]
    run.walks.w *= 1.5
    assert run.verdicts()[0].status is Status.FAILS


def test_a_network_equals_its_solo_run(kind):
    both, alone = work(made(kind, steps=50, walks=5)), work(made(kind, (1,), steps=50, walks=5, etas="0.2"))
    np.testing.assert_array_equal(both.arrays()["w"][both.readings.columns("0.2")[1]], alone.arrays()["w"][0])


@pytest.mark.parametrize(("name", "setting", "factor"), [("NF1", "0.1", 1.5), ("NF2", "0.4", 1.5)])
def test_each_claim_fails_of_bad_measurements(kind, name, setting, factor):
    run = work(made(kind, steps=200))
    assert {verdict.claim.id: verdict.holds for verdict in run.verdicts()}[name]
    run.walks.w[run.readings.columns(setting)] *= factor
    assert {verdict.claim.id: verdict.status for verdict in run.verdicts()}[name] is Status.FAILS


@pytest.mark.parametrize("stop", [0, 5, 60])
def test_it_resumes_bit_for_bit(kind, stop):
    whole, first = (made(kind, steps=60, walks=5) for _ in range(2))
    work(whole)
    work(first, 1e-4, until=stop)
    second = made(kind, steps=60, walks=5)
    for step, record in zip(first.history.steps, first.history.records, strict=True):
        second.history.append(step, record)
    second.restore(first.state())
    work(second, UNEVEN)
    assert second.history.records == whole.history.records
    np.testing.assert_array_equal(second.arrays()["w"], whole.arrays()["w"])
