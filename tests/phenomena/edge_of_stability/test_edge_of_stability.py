"""The edge of stability: its tools against plain autograd and dense algebra, its counts against a plain loop, resume, and the claims."""

import numpy as np
import pytest
import torch
from torch import nn

from engine import registry
from engine.contract import Status
from engine.errors import KnobError
from engine.phenomena.edge_of_stability.checks import Checks
from engine.phenomena.edge_of_stability.claims import CLAIMS
from engine.phenomena.edge_of_stability.lanczos import top_eigenpairs
from engine.phenomena.edge_of_stability.problem import first_weights, problem
from engine.phenomena.edge_of_stability.size import layer_sizes
from engine.seeds import streams
from engine.training.module_network import torch_layers
from tests.phenomena.driven import UNEVEN, work

SMALL = {"edges": "10", "n": 60, "width": 8, "steps": 140, "every": 20}
NETWORK = {"n": 100, "width": 24}  # the least for which the claims are meant


def made(knobs, seeds=(0, 1), preset="custom"):
    kind = registry.load("edge-of-stability")
    return kind(kind.spec.configure("quick", knobs), seeds, "cpu", preset)


@pytest.fixture(scope="module")
def small(one_thread):
    return work(made(SMALL))


def configured(knobs):
    return registry.spec("edge-of-stability").configure("quick", knobs)


def plain_loss(module, x, y):
    return 0.5 * ((module(torch.from_numpy(x)) - torch.from_numpy(y)) ** 2).mean()


def plain_run(seed, eta, steps):
    """Gradient descent as anybody would write it: the losses before each step, and the network."""
    drawn = streams(seed)
    given = problem(configured(SMALL), drawn)
    x, y = given.x, given.targets
    module = nn.Sequential(nn.Linear(40, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 1)).double()
    with torch.no_grad():
        for parameter, values in zip(
            module.parameters(), torch_layers(first_weights(layer_sizes(configured(SMALL)), drawn.init)), strict=True
        ):
            parameter.copy_(torch.from_numpy(values))
    losses = []
    for _ in range(steps):
        loss = plain_loss(module, x, y)
        losses.append(loss.item())
        gradients = torch.autograd.grad(loss, list(module.parameters()))
        with torch.no_grad():
            for parameter, gradient in zip(module.parameters(), gradients, strict=True):
                parameter -= eta * gradient
    return np.array(losses), module, (x, y)


def dense_sharpness(module, data):
    parameters = list(module.parameters())
    gradient = torch.cat([g.flatten() for g in torch.autograd.grad(plain_loss(module, *data), parameters, create_graph=True)])
    rows = [torch.cat([g.flatten() for g in torch.autograd.grad(item, parameters, retain_graph=True)]) for item in gradient]
    return np.linalg.eigvalsh(torch.stack(rows).numpy())[-1]


# ---------------------------------------------------------------- the tools


@pytest.mark.parametrize("size", [1, 2, 3, 40])
def test_lanczos_finds_the_top_of_a_batch_of_matrices(size):
    rng = np.random.default_rng(size)
    spectra = rng.standard_normal((3, size)) * 10
    bases = np.linalg.qr(rng.standard_normal((3, size, size)))[0]
    matrices = torch.from_numpy(np.einsum("mij,mj,mkj->mik", bases, spectra, bases))
    top = top_eigenpairs(lambda v: torch.einsum("mij,mj->mi", matrices, v), torch.from_numpy(rng.standard_normal((3, size))), 1e-10)
    np.testing.assert_allclose(top.value, spectra.max(axis=1), rtol=1e-9, atol=1e-9)
    moved = torch.einsum("mij,mj->mi", matrices, top.vector)
    np.testing.assert_allclose(moved, top.value[:, None] * top.vector, atol=1e-7)


def test_lanczos_says_how_far_it_came_when_products_run_out():
    spectrum = torch.linspace(1, 1.001, 200, dtype=torch.float64)[None]
    top = top_eigenpairs(lambda v: spectrum * v, torch.ones_like(spectrum), 1e-14, most=5)
    assert top.products == 5 and top.residual.item() > 1e-14


def test_inputs_are_centred_and_of_unit_rms_and_targets_are_parities():
    given = problem(configured({}), streams(3))
    x, y = given.x, given.targets
    assert np.abs(x.mean(axis=0)).max() < 1e-6
    assert np.sqrt((x**2).mean()) == pytest.approx(1)
    assert set(np.unique(y)) == {-1.0, 1.0} and y.shape == (200, 1)


@pytest.mark.parametrize("depth", [1, 3])
def test_first_weights_have_variance_one_over_fan_in(depth):
    drawn = first_weights(layer_sizes(configured({"width": 300, "depth": depth})), np.random.default_rng(0))
    assert [weights.shape for weights in drawn[::2]] == [(40, 300), *[(300, 300)] * (depth - 1), (300, 1)]
    for weights, biases in zip(drawn[::2], drawn[1::2], strict=True):
        assert np.mean(weights**2) * len(weights) == pytest.approx(1, abs=0.2)
        assert biases.shape == (1, weights.shape[1]) and not biases.any()


# ---------------------------------------------------------------- the run


@pytest.mark.parametrize(("place", "until"), [(0, 60), (1, 60), (3, 140)])
def test_losses_sharpness_and_rising_steps_are_those_of_a_plain_loop(small, place, until):
    """At the edge a difference in the last digit grows a thousandfold within steps, so edge runs are compared up to there."""
    setting, seed = small.networks[place].setting, small.networks[place].seed
    losses, module, data = plain_run(seed, 2 / setting.edge, until)
    steps, found = small.history.column("loss")
    reading = int(np.searchsorted(steps, until))
    np.testing.assert_allclose(found[:reading, place], losses[steps[:reading].astype(int)], rtol=1e-9)
    _, sharpness = small.history.column("sharpness")
    assert sharpness[reading, place] == pytest.approx(dense_sharpness(module, data), rel=2e-4)
    _, rising = small.history.column("rising")
    ends = steps[: reading + 1].astype(int)
    for end in range(1, len(ends)):
        window = losses[max(0, ends[end - 1] - 1) : ends[end]]
        assert rising[end, place] * (ends[end] - ends[end - 1]) == pytest.approx((np.diff(window) > 0).sum())


def test_a_network_equals_its_solo_run(small):
    alone = work(made(SMALL, seeds=(1,)))
    for quantity in ("loss", "sharpness", "rising", "accuracy"):
        for name, readings in (("10", 4), ("100", None)):
            both, one = (run.readings.table(quantity, name)[1][:readings] for run in (small, alone))
            np.testing.assert_allclose(one[:, 0], both[:, 1], rtol=1e-3 if quantity == "sharpness" else 1e-9)


@pytest.mark.parametrize("stop", [0, 20, 90, 140])
def test_resumed_from_any_moment_bit_for_bit(small, stop):
    first = made(SMALL)
    while first.step < stop or not first.history.steps:
        first.advance(1e-4)
        if first.due():
            first.history.append(first.step, first.measure())
    state, second = first.state(), made(SMALL)
    for step, record in zip(first.history.steps, first.history.records, strict=True):
        second.history.append(step, record)
    second.restore(state)
    work(second, UNEVEN)
    assert second.history.records == small.history.records
    for name, values in small.arrays().items():
        np.testing.assert_array_equal(second.arrays()[name], values)


def test_the_declaration_is_drawn_by_itself(small):
    names = {item.name for item in small.series()}
    quantities = ("eta-sharpness", "sharpness", "loss", "accuracy", "rises")
    readings = {f"{quantity}/{setting}" for quantity in quantities for setting in ("10", "100")}
    assert names - {"displacement/rises"} == readings | {"contrast/model", "contrast/network", "displacement/falls"}
    assert all((item.y > 0).all() for item in small.series() if item.name.startswith("displacement/")), "both axes are logarithmic"
    told = {item.name: item.label for item in small.series()}
    assert all(small.followed.label in told[name] for name in ("contrast/network", "displacement/falls"))
    groups = {item.name: item.group for item in small.series()}
    assert groups["contrast/network"] == groups["displacement/falls"] == groups["loss/10"] != groups["contrast/model"]
    bands = {item.name: item.band for item in small.series()}
    assert bands["loss/10"] == "mean, range of 2 seeds" == bands["rises/10"]
    assert bands["contrast/model"] == "median, range of 2 seeds"
    assert any(marker.figure == "loss" and marker.group == "10" for marker in small.markers())


def test_lines_of_edges_and_those_of_their_times_have_one_label_between_them():
    run = made({"edges": "10,24,16"})
    names = [quantity.name for quantity in run.spec.quantities]
    for step, eta in ((0, 1.0), (20, 2.5)):
        run.history.append(step, {name: [eta] * len(run.networks) for name in names})
    marks = {figure: [mark for mark in run.markers() if mark.figure == figure] for figure in ("sharpness", "loss")}
    assert {mark.group: mark.at for mark in marks["sharpness"]} == {"10": 10.0, "16": 16.0, "24": 24.0}
    assert [(mark.group, mark.label) for mark in marks["sharpness"] if mark.label] == [("24", "edges: 2/eta")], "the highest"
    assert all(mark.common for figure in marks.values() for mark in figure)
    assert {mark.group for mark in marks["loss"]} == {"10", "16", "24"}
    assert [mark.label for mark in marks["loss"] if mark.label] == ["edges reached: 20, 20, 20"]


def test_equal_step_sizes_are_refused():
    with pytest.raises(KnobError, match="edges and control must all differ"):
        made({"edges": "10,100"})


# ---------------------------------------------------------------- claims


def verdict(run, name):
    return next(item for item in run.verdicts() if item.claim.id == name)


def test_claims_wait_for_the_end():
    run = made(SMALL)
    assert {item.status for item in run.verdicts()} == {Status.PENDING, Status.NOT_APPLICABLE}
    assert verdict(run, "EOS1").reason == "needs steps at least 1000, width between 24 and 64 on mnist1d, n between 100 and 400 on mnist1d"


def test_a_run_that_does_not_arrive_is_censored():
    run = work(made({**SMALL, **NETWORK, "edges": "30", "steps": 60}))
    assert verdict(run, "EOS2").status is Status.CENSORED and "2 of 2 not at their edge" in verdict(run, "EOS2").measured


def made_up(**changes):
    """A finished run with made-up readings at 0, 20, ..., 1000, which every claim accepts unless they are changed."""
    run = made({**SMALL, **NETWORK, "n": 200, "steps": 1000}, preset="quick")
    run.checks = Checks(0.0, 0.0)
    for step in range(0, 1001, 20):
        at = min(2.2 if step < 400 else 2.0, 0.5 + step / 100)  # beyond the edge for long enough to grow from rounding errors
        jitter = 0.1 if 160 <= step <= 700 else 0.0
        record = {
            "eta-sharpness": [at, at, 0.3, 0.3], "sharpness": [5 * at, 5 * at, 20.0, 20.0], "residual": [0.0] * 4,
            "loss": [float(np.exp(-step / 200))] * 4, "rising": [jitter, jitter, 0.0, 0.0],
        }  # fmt: skip
        run.history.append(step, {name: changes.get(name, list)(values) for name, values in record.items()})
    return run


@pytest.mark.parametrize(("name", "change"), [
    ("EOS1", {"eta-sharpness": lambda values: [values[0] + 0.2 * (values[0] == 2.0), *values[1:]]}),
    ("EOS2", {"rising": lambda values: [max(values[0], 0.05), *values[1:]]}),
    ("EOS3", {"rising": lambda values: [0.0, *values[1:]]}),
    ("EOS3", {"loss": lambda values: [0.9, *values[1:]]}),
    ("EOS4", {"rising": lambda values: [*values[:3], 0.05]}),
    ("EOS4", {"sharpness": lambda values: [*values[:3], 15.0]}),
])  # fmt: skip
def test_each_claim_holds_of_good_readings_and_fails_of_bad_ones(one_thread, name, change):
    assert verdict(made_up(), name).status is Status.HOLDS
    assert verdict(made_up(**change), name).status is Status.FAILS


def test_a_network_that_begins_beyond_its_edge_says_nothing_of_sharpening(one_thread):
    run = made_up(**{"eta-sharpness": lambda values: [2.5, *values[1:]], "rising": lambda values: [0.5, *values[1:]]})
    found = verdict(run, "EOS2")
    assert found.status is Status.HOLDS and "1 began beyond" in found.note
    assert verdict(made_up(**{"eta-sharpness": lambda values: [2.5, 2.5, *values[2:]]}), "EOS2").status is Status.NOT_APPLICABLE


@pytest.mark.slow
def test_every_claim_holds_in_the_quick_preset():
    run = work(made({}, tuple(range(8)), "quick"))
    assert [item.status for item in run.verdicts()] == [Status.HOLDS] * len(CLAIMS)
    assert all(item.values for item in run.verdicts())


def test_rising_steps_are_counted(one_thread):
    """Three are enough, whatever their shares round to; two are not."""
    for steps, status in ((3, Status.HOLDS), (2, Status.FAILS)):
        once = iter([*[0.0] * 12, *[1 / 20] * steps, *[0.0] * 50])
        run = made_up(rising=lambda values, once=once: [share := next(once), share, 0.0, 0.0])
        assert verdict(run, "EOS3").status is status
        assert verdict(run, "EOS3").values["least_rising"] == steps


def test_jitter_that_comes_late_counts_and_what_could_not_grow_yet_is_censored(one_thread):
    """A nearly fitted network of 2/eta = 31 (n=100, width 24, seed 11) arrives at 385 and jitters from 728 to 790."""
    early = iter(range(0, 1001, 20))
    late = made_up(rising=lambda values: [0.2 if 600 <= next(early) <= 700 else 0.0, *values[1:]])
    assert verdict(late, "EOS3").status is Status.HOLDS
    calm = {"eta-sharpness": lambda values: [min(values[0], 2.001), *values[1:]], "rising": lambda values: [0.0, *values[1:]]}
    found = verdict(made_up(**calm), "EOS3")
    assert found.status is Status.CENSORED and "raise steps" in found.reason


def test_a_network_that_has_overflowed_is_not_a_number_and_spoils_no_other(one_thread):
    run = made(SMALL)
    sound = run.measure()
    huge = [1e200 * values for values in first_weights(layer_sizes(configured(SMALL)), streams(0).init)]
    run.parts()["trainer"].network.load(0, huge)
    found = run.measure()
    assert not np.isfinite(found["loss"][0]) and np.isnan(found["sharpness"][0])
    assert found["loss"][1:] == sound["loss"][1:] and found["sharpness"][1:] == pytest.approx(sound["sharpness"][1:], rel=1e-3)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_operator_without_finite_numbers_spoils_no_other_member(bad):
    spectra = torch.tensor([[1.0, 5.0, 2.0], [1.0, bad, 2.0]], dtype=torch.float64)
    top = top_eigenpairs(lambda v: spectra * v, torch.ones_like(spectra), 1e-10)
    assert top.value[0].item() == pytest.approx(5) and torch.isnan(top.value[1])


@pytest.mark.parametrize(
    ("knobs", "reason"),
    [
        ({"steps": 999}, "steps at least 10 times control"),
        ({"edges": "10,30"}, "4 times the largest edge"),
        ({"control": 90}, "control at least 100"),
        ({"n": 100}, "n at least 200"),  # one network sharpened to 12.6
    ],
)
def test_a_control_that_cannot_show_it_says_nothing(knobs, reason):
    found = verdict(made({**SMALL, **NETWORK, "n": 200, "steps": 1000, **knobs}), "EOS4")
    assert found.status is Status.NOT_APPLICABLE and reason in found.reason
