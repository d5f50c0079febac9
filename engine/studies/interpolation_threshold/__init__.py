"""Interpolation threshold: sweeps of d through n, the maps, all draws in one order, curves and claims."""
