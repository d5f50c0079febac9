"""Figures of stored runs: as text, as pictures, side by side, and runs as files for other programs."""
