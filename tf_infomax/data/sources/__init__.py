"""Where images come from: one module a source, each of which gives ``ImageData``."""

__all__ = ["arrays", "bundled", "image_files", "image_folders", "tfds_sets", "tiny_imagenet"]
