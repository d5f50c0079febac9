"""Double descent, drawn: nested feature models, curves over draws, checks against slow solvers, and what they say of the claims."""
