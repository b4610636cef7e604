"""Pairs (x, y) from files: NumPy arrays, tables of text, Parquet. TensorFlow is not needed."""

from tf_infomax.pair_files.pairs import Pairs, read_pairs

__all__ = ["Pairs", "read_pairs"]
