"""Widgets that draw series, pictures, knobs and verdicts."""
