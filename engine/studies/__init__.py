"""The parts of a phenomenon that is too long for one file, a package each; what two phenomena share lives in theory, training or data."""
