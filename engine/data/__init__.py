"""Data sets and corruptions; everything is drawn on the CPU from the named streams of `engine.seeds`."""
