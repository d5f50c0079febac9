"""Study multiple-descent of double descent: test error over the number of samples, with a peak at the end of each block of the spectrum.

Chen, Min, Belkin, Karbasi 2021, arXiv:2008.01036; d'Ascoli, Sagun, Biroli 2020, arXiv:2006.03509; Nakkiran, Venkat, Kakade, Ma 2021,
arXiv:2003.01897.
"""
