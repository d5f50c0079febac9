"""What a person sees: one module per phenomenon; draws snapshots, posts commands, knows no tensor."""
