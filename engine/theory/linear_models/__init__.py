"""Least squares in closed form: min-norm and ridge solutions, nested models, their risks and their descent."""
