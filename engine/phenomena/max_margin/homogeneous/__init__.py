"""Study homogeneous of max margin: a two-layer network on two classes of images, trained on long after it has fitted them.

Lyu, Li 2020, arXiv:1906.05890.
"""
