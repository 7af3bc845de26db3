"""A package, so that `benchmarks/training.py`, which tests/benchmarks puts on the path, does not stand in for it."""
