"""The experiments of min-norm: optimisers on one linear problem, diagonal networks, products of matrices, and the draws of exercise 1."""
