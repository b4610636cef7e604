"""What the package costs and saves, measured beside baselines; see results/benchmarks."""
