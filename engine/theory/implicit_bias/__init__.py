"""Interpolators that optimisers reach: least norms, diagonal networks, stiff flows, the iterations themselves."""
