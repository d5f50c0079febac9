"""The headline of study fourier-features: where the loss peaks, its two valleys, and the norm beside the kernel's.

Belkin et al. 2019, arXiv:1812.11118.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.headline import Known, written

if TYPE_CHECKING:
    from engine.phenomena.double_descent.fourier.study import FourierFeatures


def clauses(study: FourierFeatures, known: Known) -> Iterator[str]:
    """The median over whole curves, or how far the first one is."""
    done = study.draws.done
    if not study.whole:
        where = f"N = {study.N[min(done, study.N.size) - 1]:,}" if done else "the first fit"
        yield f"random Fourier features of {study.n:,} images of {study.config.images}: at {where} of {study.N[-1]:,}"
        return
    seen, error = study.valleys("mse"), study.valleys("error")
    yield f"test loss peaks at N = {seen.peak:,.0f} (n = {study.n:,}): {written(seen.height)}"
    yield f"lowest {written(seen.first_low)} below n, {written(seen.second_low)} beyond (error {written(error.second_low)})"
    if known.has("fourier_norm_last", "kernel_norm"):
        yield f"|w| ends at {known.number('fourier_norm_last')}, the kernel's is {known.number('kernel_norm')}"
    yield (
        f"{study.whole:,} of {study.curves:,} curves" if study.whole < study.curves else f"{study.curves:,} curve{'s' * (study.curves > 1)}"
    )
