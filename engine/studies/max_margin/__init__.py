"""What max-margin is made of: its problems, their flows, the optimisers that race, the curves and the verdicts."""
