"""The parts of the phenomenon `vacuous-bounds`: its arms, their bounds, certificates, the bounds over n, claims and display."""
