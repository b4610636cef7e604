"""From an experiment to its rows: build, check, run, sweep, measure again; run directories."""
