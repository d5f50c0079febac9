"""Exact minima of models in which features are free."""
