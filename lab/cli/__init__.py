"""The command line `genlab`: one module per group of commands; what they do is imported when they are called."""
