"""Task classification of benign overfitting: when every point supports the max margin, and labels learnt where values are not.

Muthukumar et al. 2021, arXiv:2005.08054; Hsu, Muthukumar, Xu 2021, arXiv:2009.10670; Ardeshir, Sanford, Hsu 2021, arXiv:2105.14084.
"""
