"""Small networks: their description, values, gradients, worked steps and structure; architectures of large ones."""
