"""From an experiment to its rows: build, check, run, sweep, evaluate later; run directories."""
