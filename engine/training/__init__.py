"""Models, ensembles with a leading member axis, optimizers and losses in torch."""
