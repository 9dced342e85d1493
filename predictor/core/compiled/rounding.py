"""Constants of rounding error bounds."""

import numpy as np

# Distance from 1 to the next number.
SINGLE, DOUBLE = float(np.finfo(np.float32).eps), float(np.finfo(np.float64).eps)

# A sum of n products is off by at most n + ROUNDINGS units in the last place.
ROUNDINGS = 8
