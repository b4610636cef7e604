"""Rows that look like those of Deep InfoMax; every number is made up from a formula."""

import base64
import itertools
import math
import struct
import zlib

import numpy as np

from tf_infomax.results.rows import Row

EPOCH = 781  # steps of 64 images that fit into 50,000
ENDPOINTS = {"conv": 0.04, "fc": 0.02, "global": 0.0}
BOUNDS = {"infonce": 0.50, "jsd": 0.48, "donsker_varadhan": 0.46}
LEVELS = {
    "dim_supervised": 0.60, "dim_untrained": 0.25, "dim_global": 0.35, "dim_local_global": 0.45,
    "dim_coordinates": 0.51, "dim_occlusion": 0.52, "dim_coordinates_occlusion": 0.53,
    "dim_vae": 0.38, "dim_bigan": 0.42, "dim_ndm_and_beta": 0.40,
    "dim_single_global_cifar10": 0.49, "dim_single_global": 0.48, "dim_multiple_globals": 0.50,
}
WEIGHTS = {"alpha": (0.0, 0.5, 1.0), "beta": (0.0, 0.5, 1.0), "gamma": (0.0, 0.1, 1.0)}
NEGATIVES = (1, 4, 16, 63)


def png(height, width):
    """A PNG file of random colours, base64, written by hand: bytes that no library of ours made."""
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    lines = b"".join(b"\0" + line.tobytes() for line in pixels)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(
            ">I", zlib.crc32(kind + data)
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    file = (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines))
            + chunk(b"IEND", b""))
    return base64.b64encode(file).decode()


def grown(end, epochs, start=0.1):
    """A curve over epochs that ends at ``end``."""
    return [start + (end - start) * (1 - math.exp(-5 * (e + 1) / epochs)) for e in range(epochs)]


class Run:
    """Collects the rows of one run."""

    def __init__(self, experiment, variant, seed, last, dataset, tags):
        self.place = (experiment, variant, seed)
        self.last = last
        self.tags = {"dataset": dataset, "batch_size": 64, "encoder": "basic32x32", "alpha": 0.0,
                     "beta": 0.0, "gamma": 0.0, **tags}
        self.rows = []

    def add(self, metric, value, unit, split="test", step=None, **tags):
        step = self.last if step is None else step
        self.rows.append(
            Row(*self.place, step, split, metric, value, unit, {**self.tags, **tags})
        )

    def objective(self, metric, end, unit):
        for step in range(0, self.last + 1, max(self.last // 8, 1)) if self.last else ():
            if step:
                growth = 1 - math.exp(-4 * step / self.last)
                self.add(f"train/{metric}", end * growth, unit, "train", step)

    def probes(self, level, endpoints=ENDPOINTS, epochs=20):
        """Accuracies, 0.01 higher with each seed."""
        for name in endpoints:
            value = level + ENDPOINTS[name] + 0.01 * self.place[2]
            tags = {"features": name, "epochs": epochs}
            self.add("probe/mlp/accuracy", value, "fraction", values=grown(value, epochs), **tags)
            self.add("probe/mlp/last_accuracy", value + 0.001, "fraction", **tags)
            self.add("probe/mlp/top_5_accuracy", value + 0.3, "fraction", **tags)

    def table_4(self, level):
        """All of Table 4, and the pictures."""
        for name, more in ENDPOINTS.items():
            self.add("probe/svm/accuracy", level + more - 0.1, "fraction", features=name)
            self.add("probe/svm/accuracy_sd", 0.005, "fraction", features=name)
        code = {"features": "global"}
        for k in (1, 10):
            self.add(f"probe/neighbours_{k}/accuracy", level - 0.1, "fraction", **code)
        self.add("neighbours/figure", 3.0, "1", png=png(8 * 8, 6 * 8), **code)
        self.reconstruction(0.3 + level)
        self.add("reconstruction/figure", 0.05, "1", png=png(16, 64), **code)
        self.dependence(30 * level)
        for split, end in (("train", 40 * level), ("test", 20 * level)):
            self.add("dependence/mine", end, "nats", split, epochs=10, values=grown(end, 10, 0.0),
                     standardized=True, **code)

    def reconstruction(self, ms_ssim):
        tags = {"features": "global", "epochs": 12}
        self.add("reconstruction/mse", 0.1 * (1 - ms_ssim), "1", **tags)
        self.add("reconstruction/ms_ssim", ms_ssim, "1", setting="5 scales, window 3", **tags)
        self.add("reconstruction/released_ssim", ms_ssim - 0.1, "1", **tags)

    def dependence(self, nats):
        tags = {"features": "global", "epochs": 200, "standardized": True}
        self.add("dependence/ndm", nats, "nats", "train", values=grown(nats, 200, 0.0), **tags)
        self.add("dependence/ndm", nats - 0.5, "nats", **tags)


def weights_accuracy(alpha, beta, gamma):
    """Accuracy of a run of ``dim_weights``."""
    return 0.3 + 0.2 * beta + 0.02 * alpha - 0.05 * gamma


def weights_ndm(alpha, beta, gamma):
    """NDM (training codes) of a run of ``dim_weights``; 0.5 more than that of test codes."""
    return 8.0 + alpha + 2 * beta - 7 * gamma


def negatives_accuracy(bound, number):
    """Accuracy of a run of ``dim_negatives``."""
    slope = {"jsd": 0.0, "infonce": 0.02, "donsker_varadhan": 0.04}[bound]
    return BOUNDS[bound] - slope * (math.log2(64) - math.log2(number + 1))


def dim_rows_of(experiment, seeds, last, dataset):
    """All rows of one Deep InfoMax experiment."""
    found = []
    for seed in range(seeds):
        for run in _runs(experiment, seed, last, dataset):
            found += run.rows
    return found


def _runs(experiment, seed, last, dataset):
    place = (seed, last, dataset)
    if experiment == "dim_local":
        for bound, level in BOUNDS.items():
            tags = {"bound": bound, "critic": "dot_map", "beta": 1.0, "gamma": 0.1,
                    "occluded": False}
            run = Run(experiment, bound, *place, tags)
            unit = "1" if bound == "jsd" else "nats"
            run.objective("local_information", 1.1 if bound == "jsd" else 10 * level, unit)
            run.objective("prior_divergence", -0.4, "1")
            run.probes(level)
            run.table_4(level)
            yield run
    elif experiment == "dim_weights":
        for values in itertools.product(*WEIGHTS.values()):
            weights = dict(zip(WEIGHTS, values, strict=True))
            variant = "-".join(f"{letter}_{value:g}" for letter, value in weights.items())
            run = Run(experiment, variant, *place, {**weights, "bound": "jsd", "critic": "dot_map"})
            run.probes(weights_accuracy(**weights), ("global",))
            run.reconstruction(0.3 + 0.2 * weights["alpha"])
            run.dependence(weights_ndm(**weights))
            yield run
    elif experiment == "dim_negatives":
        for bound, number in itertools.product(BOUNDS, NEGATIVES):
            run = Run(experiment, f"{bound}-negative_images_{number}", *place,
                      {"bound": bound, "negative_images": number, "beta": 1.0})
            run.objective("local_information", 1 + 0.1 * number, "nats")
            run.probes(negatives_accuracy(bound, number), ("global",))
            yield run
    else:
        yield _single(experiment, place)


def _single(experiment, place):
    level = LEVELS[experiment]
    tags = {"bound": "infonce", "critic": "dot_map", "beta": 1.0, "gamma": 0.1}
    if experiment in ("dim_supervised", "dim_untrained"):
        tags = {"classification": 1.0}
    if experiment == "dim_untrained":
        place = (place[0], 0, place[2])
    run = Run(experiment, "default", *place, tags)
    if experiment in ("dim_global", "dim_local_global"):
        run.objective("global_information", 1.2, "1")
        run.table_4(level)
    if "bound" in tags and experiment != "dim_global":
        run.objective("local_information", 5.0, "nats")
    if "coordinates" in experiment:
        run.objective("coordinates_accuracy", 0.9, "fraction")
        run.objective("relative_coordinates_accuracy", 0.8, "fraction")
    if experiment == "dim_supervised":
        run.objective("classification_accuracy", 0.95, "fraction")
    run.probes(level)
    return run
