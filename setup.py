"""Installs tf_infomax: ``pip install .`` for use, ``pip install -e .[dev]`` for work on it."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = re.search(
    r'^VERSION = "(.*)"', (ROOT / "tf_infomax/naming/version.py").read_text("utf-8"), re.M
).group(1)

setup(
    name="tf_infomax",
    version=VERSION,
    description="Deep InfoMax and mutual-information maximisation in TensorFlow and Keras 3.",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author="The tf_infomax authors",
    license="Apache-2.0",
    license_files=["LICENSE"],
    keywords=[
        "mutual information", "representation learning", "self-supervised learning",
        "Deep InfoMax", "InfoNCE", "Keras", "TensorFlow",
    ],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX :: Linux",
        "Operating System :: MacOS",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
    python_requires=">=3.11",
    entry_points={"console_scripts": ["tf-infomax = tf_infomax.commands.console:main"]},
    packages=find_packages(include=["tf_infomax", "tf_infomax.*"]),
    package_data={
        "tf_infomax": ["py.typed"],
        "tf_infomax.data": ["files/*"],
        "tf_infomax.published": ["files/*"],
        "tf_infomax.report": ["templates/*"],
    },
    install_requires=[
        "tensorflow>=2.21,<2.22",
        "keras>=3.15,<3.16",
        "tensorflow-probability>=0.25,<0.26",
        # TensorFlow Probability 0.25 imports Keras 2 under this name; we use Keras 3 only.
        "tf-keras>=2.21,<2.22",
        "tensorflow-datasets>=4.9.10,<5",
        # Needed by tensorflow-datasets to prepare a set, which it does not declare.
        "importlib_resources>=6.0,<7",
        # The event files are written through tensorboard's summary module.
        "tensorboard>=2.19,<3",
        "scikit-learn>=1.7,<2",
        "joblib>=1.4,<2",
        "threadpoolctl>=3.5,<4",
        "pandas>=2.2.2,<4",
        "matplotlib>=3.9,<4",
        # Reads image files (matplotlib brings it, too).
        "pillow>=11.3,<14",
        "absl-py>=2.1,<3",
        # The HTML of reports.
        "jinja2>=3.1,<4",
        # The bar of a run in a terminal.
        "tqdm>=4.66,<5",
        "numpy>=2.0,<3",
        "scipy>=1.15,<2",
    ],
    extras_require={
        "dev": [
            "pytest>=8.0,<10",
            "pytest-xdist>=3.6.1,<4",
            "hypothesis>=6.100,<7",
            "ruff>=0.12,<1",
            "mypy>=1.15,<3",
            "pre-commit>=4,<5",
            "normi>=0.3,<0.4",
            "pyarrow>=17.0,<27",
        ],
        # `make docs`, `make notebooks` and `make package`.
        "docs": [
            "mkdocs>=1.6,<2",
            "mkdocs-material>=9.5,<10",
            "mkdocstrings[python]>=0.29,<2",
            "nbformat>=5.10,<6",
            "nbclient>=0.10,<1",
            "ipykernel>=6.29,<8",
            "build>=1.2,<2",
        ],
        # Reads the pairs of launch/estimate_mi.py from Parquet.
        "parquet": ["pyarrow>=17.0,<27"],
        # Sweeps on a cluster: launch/run_experiment.py --backend=dask, --backend=ray.
        "dask": ["dask>=2024.8", "distributed>=2024.8"],
        "ray": ["ray[default]>=2.40,<3"],
        # Export to ONNX, and its proof; TFLite comes with TensorFlow.
        "onnx": ["tf2onnx>=1.16,<2", "onnxruntime>=1.20,<2"],
        # Nearest-neighbour estimates to compare ours with (benchmarks/known_information.py).
        "benchmark": ["normi>=0.3,<0.4"],
        # The same steps in PyTorch beside ours, at the end of `make bench`.
        "torch": ["torch>=2.6,<3"],
    },
)
