"""Exact real numbers: square roots, algebraic numbers, their grammar, printing, and the fields they live in."""
