"""One file a kind of problem; the registry finds them."""
