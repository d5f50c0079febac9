"""Grokking: its declaration, its claims at full size, chunking, saving, and what happens at its limits."""

import numpy as np
import pytest
import torch

from engine.contract import Status, unmet
from engine.errors import Diverged, KnobError
from engine.phenomena.grokking import SPEC, checks
from engine.phenomena.grokking.checks import look_up_difference
from engine.phenomena.grokking.claims import LOOK_UP
from engine.phenomena.grokking.config import PRIMES
from engine.phenomena.grokking.ensembles import Ensembles
from engine.phenomena.grokking.experiment import measured_steps
from engine.phenomena.grokking.milestones import at_least
from engine.phenomena.grokking.nanda_transformer import NandaTransformer, plain_logits
from engine.phenomena.grokking.settings import P53, networks_of, settings_of, task
from tests.phenomena.driven import UNEVEN, work
from tests.phenomena.grokking.small_runs import GROMOV as SMALL
from tests.phenomena.grokking.small_runs import TRANSFORMER, make, resumed

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def small():
    return work(make((0, 1), **SMALL))


@pytest.fixture(scope="module")
def quick():
    return work(make(preset="quick"))


def verdict(run, name):
    return next(item for item in run.verdicts() if item.claim.id == name)


# ---------------------------------------------------------------- declaration


def test_moduli_are_the_primes_of_the_range():
    assert list(PRIMES) == [q for q in range(11, 200) if not any(q % d == 0 for d in range(2, q))]


@pytest.mark.parametrize(
    ("knobs", "sentence"),
    [
        ({"p": 60}, "p must be a prime between 11 and 199, got 60; nearby: 53, 59, 61"),
        ({"wd": -1}, "weight decay must be between 0 and 10, got -1"),
        ({"op": "dvi"}, "did you mean div"),
        ({"op": "s5"}, "op must be add, sub, mul, div with Gromov's network, got s5; choose model transformer"),
        ({"speedup": "stablemax"}, "speedup stablemax needs a softmax"),
        ({"optimizer": "adam"}, "did you mean adamw"),
        ({"momentum": 1}, "momentum must be between 0 and 0.999, got 1"),
        ({"fraction": 1}, "fraction must be between 0.05 and 0.95, got 1"),
    ],
)
def test_impossible_knobs_are_named(knobs, sentence):
    with pytest.raises(KnobError, match=sentence):
        SPEC.configure("quick", knobs)


def test_a_long_run_is_measured_at_few_steps():
    steps = measured_steps(1_000_000, 20)
    assert steps[0] == 0
    assert steps[-1] == 1_000_000
    assert len(steps) < 300
    assert set(range(0, 1201, 20)) <= set(measured_steps(1200, 20).tolist())


def test_a_split_shows_its_fraction_and_never_a_test_pair():
    config = SPEC.configure("quick")
    network = networks_of(settings_of(config), (0,))[0]
    for op, pairs in (("add", 59**2), ("div", 59 * 58)):
        found = task(op, network)
        assert len(found.train) == pairs
        assert found.train.sum() == int(0.3 * pairs)


def test_every_figure_and_picture_that_is_declared_is_delivered(small):
    names = [item.name for item in small.series()]
    assert len(names) == len(set(names))
    for figure in SPEC.figures:
        assert figure.draws(small.series()) or unmet(figure.domain, small.config), figure.name
    assert [item.name for item in small.pictures()] == [item.name for item in SPEC.pictures]
    for item in small.series():
        assert len(item.x) == len(item.y)
        assert np.isfinite(item.y).all()
        assert (item.lo is None) == (item.band == "")


def test_a_curve_keeps_its_group_from_its_first_draw_to_the_last():
    run, groups = make((0, 1), **{**SMALL, "steps": 100}, sweep=True), {}
    while not run.done:
        run.advance(0.05)
        if run.due():
            run.history.append(run.step, run.measure())
        for item in run.series():
            assert groups.setdefault(item.name, item.group) == item.group
    assert groups["spectrum"] == "spectrum"
    assert "delay-vs-decay/censored" in groups


# ---------------------------------------------------------------- claims


@pytest.mark.slow
def test_the_quick_preset_decides_its_claims_and_they_hold(quick):
    marks = {item.claim.id: item.mark for item in quick.verdicts() if item.claim.applies("quick")}
    assert marks == dict.fromkeys(["GR1", "GR2", "GR3", "GR4", "GR5", "GR6", "GR7", "GR9"], "yes")


@pytest.mark.slow
def test_the_stored_network_has_the_scores_that_were_measured(quick):
    a = quick.arrays()
    n, m = a["pairs"].T
    outputs = (a["U"].astype(np.float64)[n] + a["W"].astype(np.float64)[m]) ** 2 @ a["V"].astype(np.float64)
    right = outputs.argmax(1) == (n + m) % 59
    assert np.array_equal(right, a["correct"])
    record = quick.history.records[-1]
    assert record["test-accuracy"][0] == pytest.approx(right[~a["train"]].mean(), abs=1e-12)
    residual = outputs - np.eye(59)[(n + m) % 59]
    assert record["train-loss"][0] == pytest.approx((residual[a["train"]] ** 2).sum(1).mean(), rel=1e-4)
    spectra = [np.abs(np.fft.rfft(table, axis=0))[1:] ** 2 for table in (a["U"], a["W"])]
    shares = np.concatenate([power.max(0) / power.sum(0) for power in spectra])
    assert record["share"][0] == pytest.approx(np.median(shares), rel=1e-5)
    restricted = record["restricted"][0]
    assert 0.15 < restricted < 0.3  # a fifth of the power is left out


def test_half_of_the_table_groks_without_decay_and_rests_then():
    run = work(make(p=11, steps=120), budget=1)
    found = verdict(run, "GR3")
    assert found.holds is True
    assert found.measured >= 2
    assert all(run.readings.ended(place) < 120 for place in run.readings.columns(P53))
    curve = next(item for item in run.series() if item.name == "accuracy-p53/test")
    assert curve.x[-1] < 120
    assert {run.networks[place].setting.name for place in run.ensembles.active} == {"main", "no-decay"}


def test_what_has_not_happened_is_censored_and_neither_yes_nor_no(small):
    late = make(p=41, width=150, fraction=0.1, steps=100)
    found = verdict(late, "GR1")
    assert (found.measured, found.status) == (None, Status.PENDING)
    work(late)
    for name in ("GR1", "GR4", "GR5", "GR6"):
        found = verdict(late, name)
        assert (found.holds, found.status, found.measured) == (None, Status.CENSORED, "not by step 100")
    assert any("not grokked by step 100 (censored)" in note for note in (late.markers(), late.notes)[1])
    curve = next(item for item in late.series() if item.name == "delay-vs-fraction/censored")
    assert curve.style == "points"
    assert curve.x.tolist() == [0.1, 0.1]  # with and without decay


def test_the_setting_of_a_claim_is_asked_for(small):
    assert verdict(small, "GR2").status is Status.NOT_APPLICABLE
    assert verdict(small, "GR3").reason == "needs width 200"
    assert verdict(small, "GR2").reason == "needs width 200, p 59, fraction 0.3, steps at least 1200"
    assert verdict(small, "GR4").reason == "needs p between 41 and 97, width between 100 and 250"
    assert "fraction at most 2.35/sqrt(p)" in verdict(small, "GR6").reason


@pytest.mark.parametrize("op", ["sub", "mul", "div"])
def test_other_operations_generalise_too(op):
    run = work(make(op=op, p=23, width=100, fraction=0.7, steps=400, wd=1), budget=1)
    assert run.history.records[-1]["test-accuracy"][0] >= 0.95
    assert ("restricted" in run.history.records[-1]) == (op == "sub")


@pytest.mark.parametrize("op", ["x2+y2", "x2+xy+y2", "x3+xy", "div"])
def test_a_transformer_memorises_any_operation_beside_its_control(op):
    run = work(make(op=op, speedup="stablemax", **{**TRANSFORMER, "steps": 200}), budget=1)
    record = run.history.records[-1]
    assert [network.setting.name for network in run.networks] == ["main", "control"]
    assert min(record["train-accuracy"]) >= 0.99
    assert record["train-loss"][0] != record["train-loss"][1]
    assert verdict(run, "GR9").holds is True
    assert ("gini" in record) == (op == "div")


def test_a_transformers_scores_equal_the_plain_form():
    run = work(make(**TRANSFORMER), budget=1)
    arrays = run.arrays()
    tables = [torch.from_numpy(arrays[name]).double() for name in NandaTransformer.TABLES]
    logits = plain_logits(tables, torch.from_numpy(arrays["pairs"]))[:, :-1]
    losses = torch.nn.functional.cross_entropy(logits, torch.from_numpy(arrays["labels"]), reduction="none").numpy()
    record = run.history.records[-1]
    assert record["train-loss"][0] == pytest.approx(losses[arrays["train"]].mean(), rel=1e-3)
    assert record["test-loss"][0] == pytest.approx(losses[~arrays["train"]].mean(), rel=1e-3)
    assert record["collapse"] == [0.0]


# ---------------------------------------------------------------- counts, and reading at a multiple of the grok step


def test_thresholds_compare_whole_pairs():
    rounded = float(np.float32(0.95))  # 95 of 100, stored with fewer digits: below .95
    assert rounded < 0.95
    assert at_least(rounded, 100, 95) and not at_least(rounded, 100, 95, more=True)
    assert not at_least(94 / 100, 100, 95) and at_least(96 / 100, 100, 95, more=True)
    assert at_least([97 / 98, 98 / 99], [98, 99], 99).tolist() == [False, False]


WAVES = {"p": 41, "width": 100, "fraction": 0.5, "steps": 200}


@pytest.fixture(scope="module")
def run_on():
    return work(make((0, 1), **WAVES))


def test_single_waves_are_read_at_a_multiple_of_each_seeds_own_grok_step(run_on):
    grokked = run_on.readings.grokked()
    assert (grokked < 200).all() and run_on.history.last == run_on.total == np.ceil(2.5 * grokked.max()) > 200
    steps, share = run_on.history.column("share")
    read = [share[steps >= 2.5 * at, seed][0] for seed, at in enumerate(grokked)]
    found = verdict(run_on, "GR4")
    assert found.measured == min(read) and found.holds is True
    assert f"step {np.ceil(2.5 * grokked[0]):,.0f}, {np.ceil(2.5 * grokked[1]):,.0f}" in found.note
    assert run_on.readings.table("test-accuracy", "no-decay")[0][-1] == 200  # the control is not trained longer
    run_on.markers()
    assert "goes on to step " in run_on.notes[-1]


@pytest.mark.parametrize("until", [160, 200, 220])
def test_a_run_that_goes_on_is_resumed_with_the_same_records(run_on, until):
    again = work(resumed(work(make((0, 1), **WAVES), until=until), make((0, 1), **WAVES)), budget=UNEVEN)
    assert again.history.records == run_on.history.records
    assert [item.row() for item in again.verdicts()] == [item.row() for item in run_on.verdicts()]


def changed(run, **values):
    """The same run with other measurements: `quantity=function of (step, values)`."""
    other = make(tuple(run.seeds), **WAVES)
    other.restore(run.state())
    for step, record in zip(run.history.steps, run.history.records, strict=True):
        other.history.append(step, {**record, **{name.replace("_", "-"): change(step, record[name.replace("_", "-")])
                                                 for name, change in values.items()}})  # fmt: skip
    return other


def test_waves_that_come_later_than_the_multiple_fail_and_a_jump_at_the_end_is_censored(run_on):
    steps, _ = run_on.history.column("share")
    read = steps[steps >= 2.5 * run_on.readings.grokked().min()][0]
    assert verdict(changed(run_on, share=lambda step, values: [0.91 if step >= read else 0.5] * 2), "GR4").holds is True
    assert verdict(changed(run_on, share=lambda step, values: [0.91 if step > read else 0.5] * 2), "GR4").holds is False
    assert verdict(changed(run_on, share=lambda step, values: [0.95, 0.89]), "GR4").holds is False
    late = changed(run_on, test_accuracy=lambda step, values: [float(step >= 190)] * len(values))
    found = verdict(late, "GR4")
    assert found.status is Status.CENSORED and found.reason == "needs steps 500, 2.5 times the grok step"


# ---------------------------------------------------------------- look-ups


def test_look_ups_are_exact_for_large_weights_too_and_another_function_is_found_out():
    network = NandaTransformer(11, 512, 1)
    network.load(0, [2 * table for table in network.draw(np.random.default_rng(0))])
    pairs = torch.cartesian_prod(torch.arange(11), torch.arange(11))
    plain = plain_logits([block[0] for block in network.blocks], pairs)
    assert (network.predict(0, pairs).T - plain).abs().max() > 1e-5  # beyond what a fixed tolerance allowed
    assert look_up_difference(network, 11) < LOOK_UP / 5
    wrong = NandaTransformer(11, 512, 1)
    wrong.flat.copy_(network.flat)
    wrong.blocks[2][0, 1] *= 1.001  # the queries of one head, by a thousandth
    predicted = wrong.predict(0, pairs).T.double()
    exact = plain_logits([block[0].double() for block in network.blocks], pairs)
    assert (predicted - exact).abs().max() / exact.abs().max() > 2 * LOOK_UP


def test_the_tolerance_of_look_ups_is_the_rounding_of_the_longest_way():
    network = NandaTransformer(11, 512, 1)
    shapes = dict(zip(network.TABLES, network.layout.shapes, strict=True))
    inner = [shapes["Wk"][1], shapes["Wk"][2], shapes["Wv"][1], shapes["Wo"][1], shapes["W_in"][0], shapes["W_out"][0], shapes["W_U"][0]]
    assert np.finfo(np.float32).eps / 2 * np.sqrt(inner).sum() == pytest.approx(LOOK_UP)


def test_the_checked_transformer_has_memorised():
    config = checks.TRAINED
    ensembles = Ensembles(networks_of(settings_of(config), (0,)), config, 1, "cpu")
    ensembles.train(checks.TRAINED_STEPS, np.inf)
    ensembles.measure()
    assert ensembles.record()["train-accuracy"] == [1.0]


# ---------------------------------------------------------------- numbers do not depend on how it is driven


def test_chunking_changes_no_number(small):
    again = work(make((0, 1), **SMALL), budget=UNEVEN)
    assert again.history.steps == small.history.steps
    assert again.history.records == small.history.records


@pytest.mark.parametrize(
    ("until", "knobs"),
    [(0, {}), (40, {}), (100, {}), (40, {"speedup": "grokfast"}), (40, {"optimizer": "sgd", "lr": 0.1}), (5, TRANSFORMER)],
)
def test_a_restored_run_ends_with_the_same_records(small, until, knobs):
    whole = work(make((0, 1), **{**SMALL, **knobs})) if knobs else small
    first = work(make((0, 1), **{**SMALL, **knobs}), until=until)
    for _ in range(5):  # save amid the way to the next measurement, too
        if not first.due():
            first.advance(1e-6)
    assert all(isinstance(item, np.ndarray) for item in first.state().arrays.values())
    second = resumed(first, make((0, 1), **{**SMALL, **knobs}))
    assert np.array_equal(second.pictures()[0].values, first.pictures()[0].values)
    work(second)
    assert second.history.records == whole.history.records
    assert [item.row() for item in second.verdicts()] == [item.row() for item in whole.verdicts()]


def test_a_seed_among_others_is_measured_like_alone(small):
    alone = work(make((1,), **SMALL))
    steps, together = small.history.column("train-loss")
    _, own = alone.history.column("train-loss")
    np.testing.assert_allclose(together[steps <= 60, 1], own[steps <= 60, 0], rtol=1e-3)
    assert not np.allclose(together[5:, 0], together[5:, 1], rtol=1e-3)


# ---------------------------------------------------------------- limits


def test_weights_that_are_not_numbers_name_step_setting_and_knob():
    run = work(make(**SMALL), until=20)
    run.ensembles.groups[0].network.flat.fill_(float("nan"))
    with pytest.raises(Diverged, match="the loss of decay 1 is no longer a finite number at step 22"):
        work(run)
    assert [knob.label for knob in SPEC.config.knobs() if knob.divergence] == ["learning rate"]
