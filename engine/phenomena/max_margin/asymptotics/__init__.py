"""Study asymptotics of max margin: noisy labels where n and d grow in proportion, existence, margin and error by theory and in draws.

Candes, Sur 2020, arXiv:1804.09753; Montanari, Ruan, Sohn, Yan 2019, arXiv:1911.01544; Deng, Kammoun, Thrampoulidis 2019,
arXiv:1911.05822; Sur, Candes 2019, arXiv:1803.06964.
"""
