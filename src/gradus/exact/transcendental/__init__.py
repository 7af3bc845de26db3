"""Numbers that hold exponentials and logarithms: soft-max, sigmoid and tanh of exact numbers, with certified digits."""
