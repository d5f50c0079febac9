"""Covariance spectra: effective ranks, effective ridge, deterministic equivalents, Marchenko-Pastur."""
