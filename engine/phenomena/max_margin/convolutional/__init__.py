"""Study convolutional of max margin: Lyu and Li's network at a constant and at a loss-based learning rate, long after fitting.

Lyu, Li 2020, arXiv:1906.05890, Section K.
"""
