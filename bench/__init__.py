"""Measurements of the product, printed as ratios or with the noise of the machine they ran on.

Here belong load generators, the stack of real processes they drive, and their report. Assertions do
not: no test depends on a time.
"""
