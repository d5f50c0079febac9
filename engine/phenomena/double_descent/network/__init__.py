"""Study network: networks with one hidden layer on images, trained with squared loss, from fewer parameters than targets to many more.

Belkin, Hsu, Ma, Mandal 2019, arXiv:1812.11118, Fig. 4.
"""
