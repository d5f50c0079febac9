"""Benign overfitting: its grid of problems, the draws, the curves over n, the one-dimensional fits and the claims."""
