"""Parts of the experiment `lazy-training`: problem, members, training, claims, curves, pictures."""
