"""What the phenomenon `grokking` trains, how it is measured, and what it claims."""
