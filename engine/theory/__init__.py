"""Closed forms and exact algorithms in NumPy and SciPy, float64, no torch; each names its equation and source."""
