"""The published networks that are more than perceptrons, as plain `torch.nn` modules, and their training as members of ensembles."""
