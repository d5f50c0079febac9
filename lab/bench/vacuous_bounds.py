"""Vacuous bounds: how soon the quick preset has a PAC-Bayes certificate below 1, and what it is."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

import genlab
from lab.bench.entry import Entry, Row


def measure_certificate(repeats: int) -> Sequence[Row]:
    """Run the quick preset on both labels up to its certificates, without a screen."""
    seconds, true, random = [], [], []
    for _ in range(repeats):
        started = perf_counter()
        outcome = genlab.run("vacuous-bounds", device="cpu")
        seconds.append(perf_counter() - started)
        certificates = next(detail for detail in outcome.snapshot.details if detail.name == "Bound PAC-Bayes")
        values = {row.subject: row.value for row in certificates.rows}
        true.append(values["true"])
        random.append(values["random"])
    return (
        Row("quick preset to its certificates", "s", tuple(seconds), 15.0, "lower", "both labels, all bounds"),
        Row("certificate, true labels", "", tuple(true), 1.0, "lower"),
        Row("certificate, random labels", "", tuple(random)),
    )


ENTRIES = (Entry("pac-bayes", "a PAC-Bayes certificate below 1", measure_certificate, 3),)
