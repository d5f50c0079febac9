"""Generalization bounds: class-wide, norm-based, PAC-Bayes, Occam, and the kl inversions that they need."""
