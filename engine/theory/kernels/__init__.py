"""Tangent kernels, linearised training, random features and their asymptotic risk."""
