"""Names: registries, choices with options, checks of arguments, paths."""
