"""What a run of study fourier-features fits: curve after curve, size after size, and at the end of each the kernel of infinitely many.

Belkin et al. 2019, arXiv:1812.11118.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Marker, Series
from engine.data.corruption import draw_label_noise
from engine.data.registry import load
from engine.headline import Known
from engine.phenomena.double_descent.config import DoubleDescentConfig
from engine.phenomena.double_descent.curves import Valleys, valleys
from engine.phenomena.double_descent.digits import fourier_frequencies
from engine.phenomena.double_descent.fourier import figures, headline
from engine.phenomena.double_descent.fourier.problem import require_memory, sizes, tests
from engine.phenomena.double_descent.fourier.solving import KEPT, Images, fits
from engine.phenomena.double_descent.model import Whole
from engine.phenomena.double_descent.study import DrawnStudy, by_seed
from engine.seeds import streams
from engine.state import Draws
from engine.theory.inputs import Floats


class FourierFeatures(DrawnStudy):
    """The curves of random Fourier features; curve j is curve j // K of seed j mod K, K seeds, and a draw is one fit of one curve.

    Attributes:
        N: (k,) numbers of features of a curve. draws: per fit what is kept of it, the sizes of a curve in turn and then its kernel.
    """

    unit = "fit"

    def __init__(self, config: DoubleDescentConfig, seeds: tuple[int, ...]) -> None:
        require_memory(config)
        self.config, self.seeds = config, seeds
        self.n, self.N, self.tests = config.examples, sizes(config.examples, config.most_features), tests(config)
        self.curves = config.draws * len(seeds)
        self.draws = Draws(self.curves * self.fits, dict.fromkeys(KEPT, ()))
        self.notes: tuple[str, ...] = (
            f"{self.n:,} images of {config.images} train, {self.tests:,} others test; squared loss is summed over the classes",
            f"pixels in [0, 1], bandwidth {config.bandwidth:g}; norms: of features over sqrt(N/2)",
        )

    @property
    def fits(self) -> int:
        """Fits of a curve, that of the kernel included."""
        return self.N.size + 1

    @property
    def place(self) -> int:
        """The place of N = n among the sizes."""
        return int(np.searchsorted(self.N, self.n))

    @property
    def whole(self) -> int:
        """Curves that are complete."""
        return self.draws.done // self.fits

    @property
    def grid(self) -> Whole:
        """Fits at which something is measured: all of the first curve, and the last of the others."""
        return np.unique(np.r_[1 : self.fits + 1, self.fits * np.arange(1, self.curves + 1)])

    def pieces(self) -> Iterator[None]:
        """Fit what is missing, a piece at a time."""
        while not self.draws.complete:
            curve, done = divmod(self.draws.done, self.fits)
            for found in fits(self._images(curve), self.N, done):
                if found is not None:
                    self.draws.add(found)
                yield

    def _images(self, curve: int) -> Images:
        """Draw images, label noise and frequencies of a curve."""
        c, (number, seed) = self.config, divmod(curve, len(self.seeds))
        own = streams(self.seeds[seed], number)
        split = load(c.images, self.n, self.tests, own, c.images_sha256)
        x, x_test = (part.astype(np.float64) for part in (split.x, split.x_test))
        most = int(self.N[-1])
        frequencies = fourier_frequencies(own.init, x.shape[1], most + most % 2, c.bandwidth)
        labels = draw_label_noise(split.y, split.classes, "uniform", own.noise).at(c.noise)
        return Images(x, np.eye(split.classes)[labels], x_test, split.y_test, frequencies, c.bandwidth)

    # ------------------------------------------------------------ what was fitted

    def curve(self, name: str) -> tuple[Whole, Floats]:
        """Return N (k,) and a quantity of whole curves (curves, k), or of the first one as far as it goes."""
        values = self.draws[name]
        if not self.whole:
            return self.N[: values.size], values[None, : self.N.size]
        return self.N, values[: self.whole * self.fits].reshape(self.whole, self.fits)[:, :-1]

    def limit(self, name: str) -> Floats:
        """Return a quantity of the kernel, of every whole curve, (curves,)."""
        return np.asarray(self.draws[name][self.N.size :: self.fits])

    def norm(self) -> tuple[Whole, Floats]:
        """Return N (k,) and the norm |w| of every curve (curves, k)."""
        N, squares = self.curve("norm2")
        return N, np.sqrt(squares)

    def valleys(self, name: str = "mse") -> Valleys:
        """Return peak and valleys of the median curve."""
        N, values = self.curve(name)
        return valleys(N.astype(np.float64), np.median(values, axis=0), self.n)

    def valleys_by_seed(self, name: str = "mse") -> list[Valleys | None]:
        """Return peak and valleys of each seed's median curve; None of a seed without a whole one."""
        N, values = self.curve(name)
        own = by_seed(values, len(self.seeds)) if self.whole else []
        found = [valleys(N.astype(np.float64), np.median(each, axis=0), self.n) if len(each) else None for each in own]
        return found + [None] * (len(self.seeds) - len(found))

    def as_gaussian(self, N: Whole) -> Floats:
        """Return |w|^2 over that of the kernel if features were Gaussian with its covariance: N/(N-n-1), the mean of an inverse Wishart."""
        return np.asarray(N / (N - self.n - 1.0))

    def measured(self) -> dict[str, Any]:
        """Return the number of fits, and loss, error and norm of the last one."""
        record: dict[str, Any] = {"fits": float(self.draws.done)}
        if self.draws.done:
            last = (self.draws.done - 1) % self.fits
            values = {name: float(self.draws[name][-1]) for name in KEPT}
            record |= {"fourier-loss": values["mse"], "fourier-error": values["error"], "fourier-norm": float(np.sqrt(values["norm2"]))}
            if last < self.N.size:
                record["fourier-features"] = float(self.N[last])
        return record

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return N (k,), test loss, test error, train loss and |w|^2 of whole curves (curves, k), and those of the kernel (curves,)."""
        found: dict[str, NDArray[Any]] = {"N": self.curve("mse")[0]}
        if self.draws.done:
            found |= {name: self.curve(name)[1].copy() for name in KEPT}
        return found | {f"kernel_{name}": self.limit(name).copy() for name in KEPT if self.whole}

    # ------------------------------------------------------------ what is shown

    def series(self) -> Iterable[Series]:
        """The curves, and the kernel that they approach."""
        return figures.series(self)

    def markers(self) -> Iterable[Marker]:
        """The threshold, and the kernel."""
        return figures.markers(self)

    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen, for the headline."""
        return headline.clauses(self, known)
