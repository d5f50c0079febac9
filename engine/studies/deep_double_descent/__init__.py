"""Parts of the experiment `deep-double-descent`: data, members, training, exact companions, readings, curves, claims."""
