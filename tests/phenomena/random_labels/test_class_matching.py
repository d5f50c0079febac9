"""The permutation test of "nothing transfers" against every renaming written out, and how often it rejects what is true."""

from itertools import permutations

import numpy as np
import pytest

from engine.phenomena.random_labels.class_matching import RENAMINGS, rank_of_hits, renamed_hits
from engine.phenomena.random_labels.conditions import draw_data
from engine.phenomena.random_labels.config import RandomLabelsConfig
from engine.seeds import streams

pytestmark = pytest.mark.usefixtures("own_cache")


def table_of(guesses, labels, classes):
    table = np.zeros((classes, classes), dtype=np.int64)
    for guess, label in zip(guesses, labels, strict=True):
        table[guess, label] += 1
    return table


def test_renamed_hits_are_those_of_renamed_guesses():
    rng = np.random.default_rng(0)
    guesses, labels = rng.integers(0, 5, (2, 60))
    renamings = np.array(list(permutations(range(5))))
    counted = [sum(renaming[guess] == label for guess, label in zip(guesses, labels, strict=True)) for renaming in renamings]
    np.testing.assert_array_equal(renamed_hits(table_of(guesses, labels, 5), renamings), counted)
    assert np.mean(counted) == 60 / 5  # over all renamings exactly n/K


def test_the_rank_is_the_share_of_renamings_as_far_from_chance():
    rng = np.random.default_rng(1)
    guesses, labels = rng.integers(0, 4, (2, 40))
    table = table_of(guesses, labels, 4)
    every = np.array(list(permutations(range(4))))
    hits = renamed_hits(table, every)
    exact = np.mean(np.abs(hits - 10) >= abs(table.trace() - 10))
    drawn = rng.permuted(np.tile(np.arange(4), (20_000, 1)), axis=1)
    assert rank_of_hits([table], [drawn]) == pytest.approx(exact, abs=5 * np.sqrt(exact * (1 - exact) / 20_000) + 1e-4)


def test_networks_that_know_the_classes_are_rare_and_those_that_group_without_names_are_not():
    rng, classes, labels = np.random.default_rng(2), 10, np.random.default_rng(3).integers(0, 10, 2000)
    renamings = [rng.permuted(np.tile(np.arange(classes), (2000, 1)), axis=1) for _ in range(2)]
    knowing = np.where(rng.random(2000) < 0.1, labels, rng.integers(0, classes, 2000))  # every tenth label known
    assert rank_of_hits([table_of(knowing, labels, classes)], renamings[:1]) <= 1e-3
    ranks = []
    for _ in range(300):  # clusters found perfectly, named at random: far overdispersed against the binomial law
        tables = [table_of(rng.permutation(classes)[labels], labels, classes) for _ in range(2)]
        ranks.append(rank_of_hits(tables, renamings))
    assert np.mean(np.array(ranks) <= 0.1) <= 0.1 + 4 * np.sqrt(0.09 / 300)
    binomial = [abs(table_of(rng.permutation(classes)[labels], labels, classes).trace() - 200) > 3 * np.sqrt(180) for _ in range(300)]
    assert np.mean(binomial) > 0.3


def test_renamings_are_permutations_that_stay_the_same():
    data = draw_data(RandomLabelsConfig(dataset="digits196", n=100), 100, streams(4))
    renamings = data.matchings(RENAMINGS)
    assert (np.sort(renamings, axis=1) == np.arange(10)).all()
    assert (renamings == data.matchings(RENAMINGS)).all()
    assert np.ptp(np.bincount(renamings[:, 0])) < 300
