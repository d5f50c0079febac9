"""One package per phenomenon: its declaration, what it computes, its claims and notes, and the science that only it needs."""
