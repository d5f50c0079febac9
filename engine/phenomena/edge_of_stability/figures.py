"""What is measured and drawn of the edge of stability."""

from __future__ import annotations

from engine.contract import Axis, Figure, Quantity, Summary

STEP = Axis("step")
TALL = 1e4  # times the first loss, beyond which the quadratic model is not drawn
QUANTITIES = (
    Quantity("eta-sharpness", "eta S", figure="eta-sharpness"),
    Quantity("sharpness", "S", figure="sharpness"),
    Quantity("loss", "training loss", figure="loss", finite=True),
    Quantity("accuracy", "training accuracy", figure="accuracy"),
    Quantity("rising", "share of rising steps", summary=Summary.MEAN_ERROR),
    Quantity("residual", "residual of the eigenvalue"),
)
FIGURES = (
    Figure("eta-sharpness", "Sharpness times step size", STEP, Axis("eta S", lo=0.0), ("eta-sharpness/*",),
           "2: where a quadratic model begins to diverge"),
    Figure("sharpness", "Sharpness", STEP, Axis("top eigenvalue S", lo=0.0), ("sharpness/*",),
           "of the Hessian; rises to 2/eta of each run, dotted"),
    Figure("loss", "Training loss", STEP, Axis("mean (f - y)^2/2", log=True), ("loss/*",),
           "edge reached: step of the first reading with eta S >= 2"),
    Figure("rising", "Loss-raising steps", STEP, Axis("count so far", lo=0.0), ("rises/*",),
           "none before the edge is reached"),
    Figure("contrast", "Beyond the edge", Axis("steps since eta S >= 2.1"), Axis("loss over first", log=True), ("contrast/*",),
           f"same weights, same step, on the loss and on its second-order Taylor model, drawn up to {TALL:,.0f}",
           empty="fills when eta S is read at 2.1"),
    Figure("displacement", "Displacement lowers S", Axis("squared displacement", log=True), Axis("|S change|", log=True),
           ("displacement/*",),
           "of two steps: S(t+1)-S(t-1) over x(t-1)^2+x(t)^2, x = g.v/S along the top eigenvector v; slope 1: in proportion",
           empty="fills when eta S is read at 2.1"),
    Figure("accuracy", "Training accuracy", STEP, Axis("share right", lo=0.0, hi=1.0), ("accuracy/*",)),
)  # fmt: skip
