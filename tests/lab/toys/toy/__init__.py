"""Toy decay: does a number halve?

A phenomenon for the tests of the command line: exact, without torch, and willing to diverge, break or dawdle.
"""

from engine.contract import Axis, Claim, Figure, PictureSpec, Preset, Scalar
from engine.declare import declare
from toy.config import ToyConfig

SPEC = declare(
    __name__,
    __doc__,
    config=ToyConfig,
    presets=(
        Preset("quick", "at once"),
        Preset("standard", "longer", {"steps": 400}, seeds=3),
        Preset("short", "too short to decide", {"steps": 2}),
        Preset("elsewhere", "on data that are not here", {"mode": "missing"}, needs="numbers"),
    ),
    figures=(Figure("decay", "Decay", Axis("step", log=True), Axis("value", unit="units"), ("value/*", "law")),),
    pictures=(PictureSpec("grid/all", "Grid"),),
    claims=(
        Claim("T1", "The number halves", "nobody 1900", "0.5", "below", ()),
        Claim("T2", "It takes three seeds", "nobody 1901", "3", "exact", ("standard",)),
    ),
    scalars=(
        Scalar("last_value", "the number at the last step", "units", log=True),
        Scalar("half_step", "first step with half of the first number", "step", log=True, whole=True),
        Scalar("share_of_seeds", "share of the seeds that are three"),
    ),
    references=("nobody 1900",),
    instant=True,
)
