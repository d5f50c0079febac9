"""Neural collapse: its measures against plain NumPy, its training against a plain loop, resume, own data, and the claims."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from engine import registry
from engine.contract import Status
from engine.data import own
from engine.errors import KnobError
from engine.headline import written
from engine.phenomena.neural_collapse import collapse
from engine.phenomena.neural_collapse.claims import CLAIMS
from engine.phenomena.neural_collapse.experiment import draw_balanced, first_weights
from engine.phenomena.neural_collapse.free_features import minimise
from engine.seeds import streams
from tests.phenomena.driven import UNEVEN, work
from tests.phenomena.headlines import headline_of

pytestmark = pytest.mark.usefixtures("one_thread")
SMALL = {"per_class": 6, "tests": 10, "width": 12, "steps": 60, "batch": 20}


def made(knobs, seeds=(0, 1), preset="custom"):
    kind = registry.load("neural-collapse")
    return kind(kind.spec.configure("quick", knobs), seeds, "cpu", preset)


@pytest.fixture(scope="module")
def small(one_thread):
    return work(made(SMALL))


def verdict(run, name):
    return next(item for item in run.verdicts() if item.claim.id == name)


# ---------------------------------------------------------------- the measures


def by_definition(features, weights):
    """NC1, the two of NC2, and NC3 as in the paper, of features (K, n, h) and weights (K, h)."""
    classes, count, _ = features.shape
    means = features.mean(axis=1)
    overall = features.reshape(classes * count, -1).mean(axis=0)
    within = sum(np.outer(h - means[k], h - means[k]) for k in range(classes) for h in features[k]) / (classes * count)
    between = sum(np.outer(m - overall, m - overall) for m in means) / classes
    nc1 = np.trace(within @ np.linalg.pinv(between, rcond=1e-12)) / classes
    m = means - overall
    norms = np.sqrt((m**2).sum(axis=1))
    pairs = [m[j] @ m[k] / norms[j] / norms[k] for j in range(classes) for k in range(classes) if j != k]
    nc3 = ((weights / np.sqrt((weights**2).sum()) - m / np.sqrt((m**2).sum())) ** 2).sum()
    return nc1, norms.std() / norms.mean(), np.mean(np.abs(np.array(pairs) + 1 / (classes - 1))), nc3


@pytest.mark.parametrize(("classes", "count", "width"), [(3, 4, 6), (10, 5, 30), (5, 7, 3), (2, 3, 4)])
def test_measures_are_those_of_the_definitions(classes, count, width):
    rng = np.random.default_rng(classes)
    features = rng.standard_normal((2, classes, count, width)) + 3 * rng.standard_normal((2, classes, 1, width))
    weights = rng.standard_normal((2, classes, width))
    found = collapse.geometry(torch.from_numpy(features))
    mine = (collapse.variability(found), collapse.lengths(found), collapse.angles(found),
            collapse.self_duality(found, torch.from_numpy(weights)))  # fmt: skip
    expected = np.array([by_definition(*pair) for pair in zip(features, weights, strict=True)])
    np.testing.assert_allclose(torch.stack(mine, 1).numpy(), expected, rtol=1e-8, atol=1e-12)


def test_a_collapsed_network_measures_zero_whatever_its_scale_and_place():
    frame = torch.eye(4, dtype=torch.float64) - 0.25
    features = (3 * frame + torch.tensor([1.0, 2, 3, 4]))[None, :, None].repeat(1, 1, 5, 1)
    found = collapse.geometry(features)
    assert collapse.variability(found).item() == pytest.approx(0, abs=1e-20)
    assert collapse.lengths(found).item() == pytest.approx(0, abs=1e-12)
    assert collapse.angles(found).item() == pytest.approx(0, abs=1e-12)
    assert collapse.self_duality(found, 7 * frame[None]).item() == pytest.approx(0, abs=1e-20)
    assert torch.equal(collapse.nearest(found, features[:, :, 0]), torch.arange(4)[None])


def test_features_that_all_coincide_have_no_finite_scatter_ratio():
    assert torch.isinf(collapse.variability(collapse.geometry(torch.ones(1, 3, 4, 5)))).all()


def test_the_free_model_ends_in_its_minimum_and_its_way_falls():
    config = registry.spec("neural-collapse").configure("quick", {})
    found = minimise(config, 3)
    assert abs(found.gap[-1]) < 1e-12 and found.angle[-1] < 1e-7 and found.gap[0] > 1
    assert np.diff(found.gap).max() < 1e-12
    np.testing.assert_allclose(found.cosines, (10 * np.eye(10) - 1) / 9, atol=1e-7)


# ---------------------------------------------------------------- the run


def plain_run(seed, random, steps):
    """Training as anybody would write it: the losses before each step, and the network."""
    config = made(SMALL).config
    data = draw_balanced(config, streams(seed))
    x, y = torch.from_numpy(data.x), torch.from_numpy(data.y_random if random else np.repeat(np.arange(10), config.per_class))
    sizes = (196, 12, 12, 12, 10)
    layers = [layer for a, b in pairwise(sizes) for layer in (nn.Linear(a, b), nn.ReLU())][:-1]
    module = nn.Sequential(*layers)
    drawn = first_weights(sizes, config.init, streams(seed).init)
    with torch.no_grad():
        for layer, weight, bias in zip(module[::2], drawn[::2], drawn[1::2], strict=True):
            layer.weight.copy_(torch.from_numpy(weight.T))
            layer.bias.copy_(torch.from_numpy(bias[0]))
    optimizer = torch.optim.AdamW(module.parameters(), lr=config.lr, weight_decay=config.wd)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [steps * 2 // 3, steps * 5 // 6], 0.1)
    order, place = streams(seed).order, np.empty(0)
    for step in range(steps):
        if step % 3 == 0:
            place = order.permutation(60)
        batch = place[step % 3 * 20 : (step % 3 + 1) * 20]
        optimizer.zero_grad()
        loss = 0.5 * ((module(x[batch]) - nn.functional.one_hot(y[batch], 10)) ** 2).sum(dim=1).mean()
        loss.backward()
        optimizer.step()
        schedule.step()
    return module, data, x, y


@pytest.mark.parametrize("place", [0, 3])
def test_the_network_at_the_end_is_that_of_a_plain_loop(small, place):
    network = small.networks[place]
    module, data, x, y = plain_run(network.seed, network.setting.name == "random", 60)
    hidden = module[:-1](x).detach().numpy().astype(np.float64)
    order = np.argsort(y.numpy(), kind="stable")
    features = hidden[order].reshape(10, 6, 12)
    expected = by_definition(features, module[-1].weight.detach().numpy().astype(np.float64))
    last = small.history.records[-1]
    found = [last[name][place] for name in ("nc1", "nc2-length", "nc2-angle", "nc3")]
    np.testing.assert_allclose(found, expected, rtol=2e-3)
    answers = module(x).argmax(1)
    assert last["error"][place] == pytest.approx((answers != y).double().mean().item(), abs=1e-12)
    means = features.mean(axis=1)
    near = ((hidden[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert last["nc4"][place] == pytest.approx((near != answers.numpy()).mean(), abs=1 / 60 + 1e-12)
    if network.setting.name == "true":
        tested = module(torch.from_numpy(data.x_test)).argmax(1).numpy() != np.repeat(np.arange(10), 10)
        assert last["test-error"][place] == pytest.approx(tested.mean(), abs=0.0101)


def test_images_are_balanced_apart_and_shuffled_labels_keep_their_numbers():
    data = draw_balanced(made(SMALL).config, streams(4))
    assert data.x.shape == (60, 196) and data.x_test.shape == (100, 196)
    assert abs(data.x.mean()) < 1e-5 and data.x.std() == pytest.approx(1, abs=1e-5)
    assert not {row.tobytes() for row in data.x} & {row.tobytes() for row in data.x_test}
    assert np.array_equal(np.bincount(data.y_random), [6] * 10) and np.array_equal(np.bincount(data.y_test_random), [10] * 10)
    assert (data.y_random == np.repeat(np.arange(10), 6)).mean() < 0.5


def test_a_network_equals_its_solo_run(small):
    alone = work(made({**SMALL, "labels": "random"}, seeds=(1,)))
    for quantity in ("loss", "nc1", "nc3"):
        np.testing.assert_allclose(
            alone.readings.table(quantity, "random")[1][:, 0], small.readings.table(quantity, "random")[1][:, 1], rtol=2e-3
        )


@pytest.mark.parametrize("stop", [0, 3, 40, 60])
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
    for mine, theirs in zip(second.pictures(), small.pictures(), strict=True):
        np.testing.assert_array_equal(mine.values, theirs.values)


def test_the_rate_falls_to_a_hundredth_at_readings(small):
    assert {40, 50} <= set(small.history.steps)
    assert small.ensemble.optimizer.place[1] == pytest.approx(0.01)


def test_series_are_declared_and_told_apart(small):
    for figure in small.spec.figures:
        drawn = figure.draws(small.series())
        assert drawn and len({item.label for item in drawn}) == len(drawn)
        assert len({item.group for item in drawn}) == len(drawn)


def test_a_simplex_has_the_colour_in_the_middle_and_the_diagonal_is_empty(small):
    for picture in small.pictures():
        assert picture.lo == -picture.hi
        cosines = small.cosines(picture.name.removeprefix("cosines/"))
        np.testing.assert_array_equal(np.isnan(picture.values), np.eye(10, dtype=bool))
        np.testing.assert_allclose((picture.values - 1 / 9)[~np.eye(10, dtype=bool)], cosines[~np.eye(10, dtype=bool)])


@pytest.mark.parametrize(
    ("left", "step", "words"),
    [(0.009, 1000, "collapsed"), (0.5, 1000, "not collapsed"), (0.5, 999, "not yet collapsed"), (0.009, 999, "collapsed")],
)
def test_the_headline_says_whether_features_collapsed_and_promises_nothing_on_the_way(left, step, words):
    run = made_up(last=step, nc1=left)
    run.history.records[-1]["nc1"] = [left, 0.001]
    told = headline_of(run)
    assert told[0] == f"NC1 {words}, true labels 1 to {written(left)}"
    assert told[1] == ("shuffled" if words == "collapsed" else "shuffled collapsed,") + f" 1 to {written(0.001)}"
    assert told[2].startswith("true labels fitted at step ")


def test_lines_at_the_fit_have_a_name_that_a_narrow_figure_has_room_for():
    run = made_up()
    marks = [mark for mark in run.markers() if mark.group]
    assert [(mark.at, mark.label) for mark in marks] == [(1000.0, "labels fitted: true 1,000, shuffled 1,000"), (1000.0, "")]
    assert marks[0].brief == "fitted: 1,000, 1,000" and marks[0].group != marks[1].group and all(mark.common for mark in marks)


def test_where_the_learning_rate_falls_is_marked_where_the_loss_bends():
    run = made_up()
    falls = [mark for mark in run.markers() if not mark.group]
    assert [mark.at for mark in falls] == [run.config.steps * 2 // 3, run.config.steps * 5 // 6]
    assert [(mark.figure, mark.label) for mark in falls] == [("loss", "rate / 10"), ("loss", "")]


@pytest.mark.parametrize("labels", ["true", "random"])
def test_one_kind_of_labels_alone(labels):
    run = work(made({**SMALL, "labels": labels, "steps": 30}, (0,)))
    assert [setting.name for setting in run.settings] == [labels] and len(run.pictures()) == 1
    values = {value.scalar.name: value for value in run.scalars()}
    other = "random" if labels == "true" else "true"
    assert values[f"nc1_{labels}"].seeds and values[f"nc1_{other}"].reason == f"needs labels {other} or both"


# ---------------------------------------------------------------- own data


def table(counts, width=4):
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(len(counts)), counts)
    return own.OwnData("classes", 3 * np.eye(width)[y % width] + rng.standard_normal((len(y), width)), y, (width,),
                       tuple("abcdefg"[: len(counts)]), source="t.csv")  # fmt: skip


def test_own_classes_of_unequal_size_are_balanced(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path))
    own.add("mine", table((20, 9, 15)))
    run = work(made({**SMALL, "dataset": "mine", "tests": 50, "batch": 6, "steps": 30}))
    assert run.x.shape == (2, 18, 4) and run.x_test.shape == (2, 9, 4)
    assert {item.status for item in run.verdicts()} == {Status.NOT_APPLICABLE, Status.HOLDS}
    assert "mine" in run.notes[0] and "needs dataset digits196" in verdict(run, "CO1").reason


@pytest.mark.parametrize(
    ("counts", "knobs", "words"),
    [
        ((20, 7, 15), {}, "per_class must be at most 5: class b of mine has 7 images"),
        ((20, 1), {"per_class": 2}, "at least 2, which needs 4 images of each class"),
        ((20, 20), {"batch": 13}, "batch must be at most 12, all training images, got 13"),
    ],
)
def test_data_that_do_not_suffice_are_refused(tmp_path, monkeypatch, counts, knobs, words):
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path))
    own.add("mine", table(counts))
    with pytest.raises(KnobError, match=words):
        made({**SMALL, "batch": 4, "dataset": "mine", **knobs})


# ---------------------------------------------------------------- claims


def test_claims_wait_for_the_end_and_small_runs_are_outside():
    run = made(SMALL)
    assert verdict(run, "CO5").status is Status.PENDING
    assert "per_class between 30 and 100" in verdict(run, "CO1").reason


def made_up(fitted=True, last=1000, **changes):
    """A run of quick's settings, finished at step 1000, with made-up readings, which every claim accepts unless they are changed."""
    run = made({"steps": 1000}, (0,), "quick")
    run.free = [minimise(run.config, 0)]
    good = {"nc1": 0.001, "nc1-test": 0.2, "nc2-angle": 0.05, "nc2-length": 0.05, "nc3": 0.2, "nc4": 0.0, "error": 0.0 if fitted else 0.1,
            "test-error": 0.1, "loss": 0.01}  # fmt: skip
    run.history.append(0, {name: [1.0, 1.0] for name in good})
    run.history.append(last, {name: [value, changes.get(name, value)] for name, value in good.items()})
    run.step = last
    return run


@pytest.mark.parametrize(
    ("name", "change"),
    [("CO1", {"nc1": 0.011}), ("CO2", {"nc2-angle": 0.11}), ("CO3", {"nc3": 0.41}), ("CO3", {"nc4": 0.02}), ("CO4", {"nc1-test": 0.04})],
)
def test_each_claim_holds_of_good_readings_and_fails_of_bad_ones(name, change):
    assert verdict(made_up(), name).status is Status.HOLDS
    assert verdict(made_up(**{key.replace("_", "-"): value for key, value in change.items()}), name).status is Status.FAILS


def test_labels_that_were_not_fitted_leave_it_open():
    assert verdict(made_up(fitted=False), "CO1").status is Status.CENSORED


def test_the_exact_claim_fails_of_a_descent_that_stopped_early():
    run = made_up()
    one = run.free[0]
    run.free = [type(one)(one.exact, one.gap[:5], one.angle[:5], one.cosines)]
    assert verdict(run, "CO5").status is Status.FAILS


def test_too_few_features_or_too_much_decay():
    assert "a simplex has K - 1 dimensions" in verdict(made({**SMALL, "free_features": 5}), "CO5").reason
    run = made({**SMALL, "lw": 0.5, "lh": 0.5})
    run.advance(1e-6)
    found = verdict(run, "CO5")
    assert found.status is Status.HOLDS and "W = H = 0" in found.note


@pytest.mark.slow
def test_every_claim_holds_in_the_quick_preset():
    run = work(made({}, tuple(range(8)), "quick"))
    assert [item.status for item in run.verdicts()] == [Status.HOLDS] * len(CLAIMS)
