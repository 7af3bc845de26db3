"""gradus runs machine-learning problem sets: solves them, shows every step, trains, and writes the pages."""

__version__ = "0.1.0"
