"""Experiments as frozen data: ``spec`` is their form, ``catalog`` has them by name."""
