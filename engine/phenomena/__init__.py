"""One module per phenomenon; `engine.registry` finds them by their files."""
