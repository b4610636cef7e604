"""Names and what stands behind them: registries, choices with options, arguments, paths."""
