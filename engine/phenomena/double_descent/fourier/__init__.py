"""Study fourier-features of double descent: random Fourier features of images at the paper's own size, and the kernel that they approach.

Belkin, Hsu, Ma, Mandal 2019, arXiv:1812.11118, Fig. 2.
"""
