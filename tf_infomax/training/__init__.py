"""Training: one gradient step, what a task is, the loop over its steps, and checkpoints."""
