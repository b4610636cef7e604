"""Sources of images: one module for each, which gives ``ImageData``."""

__all__ = ["arrays", "bundled", "image_files", "image_folders", "tfds_sets", "tiny_imagenet"]
