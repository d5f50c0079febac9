"""Runs without the app: one process that drives a run and reports it, in the background, in grids, and against the claims."""
