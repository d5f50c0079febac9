"""Operation tables of modular arithmetic and groups, their Fourier waves, the network that solves them exactly."""
