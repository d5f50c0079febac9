"""Task images of grokking: perceptrons whose first weights are multiplied fit images at once and generalise when decay has shrunk them.

Liu, Michaud, Tegmark 2023, arXiv:2210.01117.
"""
