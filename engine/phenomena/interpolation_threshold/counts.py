"""How many draws the maps and the digits have, at most: far fewer than the sweeps, which they accompany."""

MAPS = 50  # each takes some thirty linear programs
DIGITS = 20
