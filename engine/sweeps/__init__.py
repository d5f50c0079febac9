"""Sweeps: a phenomenon on every point of a grid of knob values. The grid and its syntax, the sweep's folder, its tables and figures.

What computes the points is elsewhere: here nobody runs anything, and torch is not imported.
"""
