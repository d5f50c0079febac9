"""Which knob is meant by a name that no knob has: another word for the same thing first, then the nearest spelling."""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import nearest

SAME = (
    ("steps", "epochs", "iterations", "iters", "updates", "max_steps", "num_steps", "gd_steps"),
    ("lr", "learning_rate", "eta", "step_size"),
    ("wd", "weight_decay", "decay", "l2"),
    ("width", "widths", "hidden", "hidden_size", "neurons", "units", "m"),
    ("depth", "layers", "num_layers"),
    ("batch", "batch_size", "minibatch"),
    ("n", "samples", "examples", "train_size", "num_samples"),
    ("sigma", "noise", "noise_std", "label_noise"),
    ("optimizer", "optimiser", "optim"),
    ("dataset", "data"),
    ("act", "activation"),
    ("fraction", "train_fraction", "frac_train"),
)  # words for one thing, each by which some knob is called here or in other people's programs


def meant(name: str, valid: Iterable[str]) -> str:
    """Return `; did you mean epochs?` for the valid name that is most likely meant by another one; empty where none is near."""
    names = list(valid)
    plain = {other.replace("-", "_"): other for other in names}
    word = name.replace("-", "_").lower()
    for group in SAME:
        found = next((plain[other] for other in group if other in plain), "")
        if word in group and found:
            return f"; did you mean {found}?"
    return nearest(name, names)
