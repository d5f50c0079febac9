"""What is true: phenomena, theory, training, the runner thread and the run store. Knows no screen."""
