"""Study convolutional of lazy training: VGG-11 and ResNet18 on images at output scales that make them learn features, or not.

Chizat, Oyallon, Bach 2019, arXiv:1812.07956, Section 3.2.
"""
