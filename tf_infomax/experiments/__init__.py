"""Experiments: frozen data (``spec``, ``mi_max``), their names (``catalog``), and running them."""
