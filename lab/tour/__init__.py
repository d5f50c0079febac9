"""The tour around its stops: their runs, and the questions in print."""
