"""What is measured and drawn of the edge of stability."""

from __future__ import annotations

from engine.contract import Axis, Figure, Quantity, Summary

STEP = Axis("step")
QUANTITIES = (
    Quantity("eta-sharpness", "eta S", figure="eta-sharpness"),
    Quantity("sharpness", "S", figure="sharpness"),
    Quantity("loss", "training loss", figure="loss", finite=True),
    Quantity("accuracy", "training accuracy", figure="accuracy"),
    Quantity("rising", "share of rising steps", summary=Summary.MEAN_ERROR, figure="rising"),
    Quantity("residual", "residual of the eigenvalue"),
)
FIGURES = (
    Figure("eta-sharpness", "Sharpness times step size", STEP, Axis("eta S", lo=0.0), ("eta-sharpness/*",),
           "2: where a quadratic model begins to diverge"),
    Figure("sharpness", "Sharpness", STEP, Axis("top eigenvalue S", log=True), ("sharpness/*",), "rises to 2/eta of each run"),
    Figure("loss", "Training loss", STEP, Axis("mean (f - y)^2/2", log=True), ("loss/*",),
           "arrived: step of the first reading with eta S >= 2"),
    Figure("rising", "The loss jitters", STEP, Axis("share of steps", lo=0.0, hi=1.0), ("rising/*",),
           "steps since the last reading on which the loss rose"),
    Figure("contrast", "True, quadratic loss", Axis("steps since eta S >= 2.1"), Axis("loss/first", log=True),
           ("contrast/*",), "same weights, same step: on the loss and on its second-order Taylor expansion where eta S >= 2.1",
           empty="fills when eta S is read at 2.1"),
    Figure("displacement", "Displacement lowers S", Axis("x(t-1)^2+x(t)^2, displacement x", log=True), Axis("|dS|", log=True),
           ("displacement/*",), "dS = S(t+1)-S(t-1); slope 1: as x^2; x = g.v/S along the top eigenvector v; t about the largest loss",
           empty="fills when eta S is read at 2.1"),
    Figure("accuracy", "Training accuracy", STEP, Axis("share", lo=0.0, hi=1.0), ("accuracy/*",)),
)  # fmt: skip
