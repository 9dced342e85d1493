"""How far rounding puts a number off."""

import numpy as np

# The relative distance from 1 to the next number, in single and in double precision.
SINGLE, DOUBLE = float(np.finfo(np.float32).eps), float(np.finfo(np.float64).eps)

# A sum of n products is within n and so many units of the last place.
ROUNDINGS = 8
