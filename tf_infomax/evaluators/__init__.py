"""Evaluators: a run at one step -> measurements; ``catalog`` has them by name."""
