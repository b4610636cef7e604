"""Training: one gradient step, the games made of it, the loop, and checkpoints."""
