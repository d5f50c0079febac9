"""Study mirror of max margin: mirror descent with potentials |w|_p^p/p, each towards the largest margin in its own norm.

Sun, Ahn, Thrampoulidis, Azizan 2022, arXiv:2205.12808; Gunasekar, Lee, Soudry, Srebro 2018, arXiv:1802.08246.
"""
