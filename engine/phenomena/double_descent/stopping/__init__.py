"""Study early-stopping of double descent: gradient flow stopped at time t beside ridge regression with penalty 1/t.

Ali, Kolter, Tibshirani 2019, arXiv:1810.10082.
"""
