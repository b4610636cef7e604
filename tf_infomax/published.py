"""What the papers say, as data: claims, values and ranges beside which ours are printed.

Every entry carries the mark of its source. "recalled, unverified" means from memory of a figure:
the paper has no result tables, so such a range is a reading, not a reference number.
"""

import math
from dataclasses import dataclass, field

import pandas as pd

__all__ = [
    "PAPER",
    "Claim",
    "OfficialCurves",
    "Published",
    "claim",
    "experiments",
    "log_ceiling",
    "published",
    "read_official_curves",
]

PAPER = (
    "Tschannen, Djolonga, Rubenstein, Gelly, Lucic: On Mutual Information Maximization for "
    "Representation Learning, ICLR 2020, arXiv:1907.13625v2"
)
_RECALLED = "recalled, unverified"
_CODE = "official code"
_PAPER = "paper"
_DERIVED = "derived"

# Columns of the file of official curves, and the row metric and split that each one answers to.
_CURVE_COLUMNS = {
    "probe_accuracy": ("probe/linear/accuracy", "test"),
    "test_bound_nats": ("bound", "test"),
    "train_bound_nats": ("bound", "train"),
    "log_condition_p50": ("log_condition_number", "train"),
}


@dataclass(frozen=True)
class Claim:
    """What the paper says about one experiment.

    Args:
        experiment: our catalogue name.
        title: heading of the report's section.
        figure: the paper's figure.
        section: the paper's section.
        text: the claim, in one sentence.
    """

    experiment: str
    title: str
    figure: str
    section: str
    text: str


_CLAIMS = (
    Claim(
        "invertible",
        "Bijective encoders",
        "Figure 1a, b",
        "section 3.1",
        "Bijective encoders keep the mutual information of the views constant whatever their "
        "weights, yet maximising the estimate raises both the estimate and the accuracy of a "
        "linear classifier.",
    ),
    Claim(
        "adversarial",
        "Bijective encoders trained against the classifier",
        "Figure 1c",
        "section 3.1",
        "Bijective encoders of the same architecture exist whose codes a linear classifier reads "
        "significantly worse than raw pixels, although the mutual information is the same.",
    ),
    Claim(
        "non_invertible",
        "Bias towards hard-to-invert encoders",
        "Figure 2",
        "section 3.1",
        "Encoders that may be non-invertible but start near the identity become ever more "
        "ill-conditioned in training, while the accuracy rises.",
    ),
    Claim(
        "critic_impact",
        "Critic architectures",
        "Figure 3",
        "section 3.2",
        "Critics of higher capacity give tighter bounds but can give worse representations: "
        "bilinear and separable critics beat the MLP (concat) critic.",
    ),
    Claim(
        "encoder_impact",
        "Encoder architectures at a matched bound",
        "Figure 4a, b",
        "section 3.3",
        "At the same value of the bound a ConvNet encoder clearly beats an MLP encoder: the "
        "architecture matters more than the estimator.",
    ),
    Claim(
        "dependent_samples",
        "Dependent samples in a batch",
        "Figure 4c",
        "on negative sampling",
        "If the pairs of a batch are not drawn independently, InfoNCE and NWJ may exceed the true "
        "mutual information and are no lower bounds any more.",
    ),
)


def claim(experiment):
    """The paper's ``Claim`` about an experiment, or None for an experiment of our own."""
    return next((entry for entry in _CLAIMS if entry.experiment == experiment), None)


def experiments():
    """Names of the experiments that a paper makes a claim about, in the paper's order."""
    return tuple(entry.experiment for entry in _CLAIMS)


def _readable(value):
    # Accuracies keep both decimals ("0.90"), whole numbers none, infinity is not printed.
    two = 0 < abs(value) < 1 and value == round(value, 2)
    return f"{value:.2f}" if two else f"{value:.4g}"


@dataclass(frozen=True)
class Published:
    """One published value or range, valid where all of ``tags`` agree.

    Args:
        experiment: our catalogue name.
        metric, split: of the row that it stands beside.
        low, high: the range in the row's unit; equal for a single value, infinite for open ends.
        source: mark of the source.
        tags: tags that the row must have, such as ``critic``; ``dataset`` unless it is any.
        note: what else a reader must know, or empty.
    """

    experiment: str
    metric: str
    split: str
    low: float
    high: float
    source: str
    tags: dict = field(default_factory=dict)
    note: str = ""

    def text(self):
        """The range as it is printed in tables."""
        low, high = map(_readable, (self.low, self.high))
        if self.low == self.high:
            return low
        if math.isinf(self.low):
            return f"\u2264 {high}"
        if math.isinf(self.high):
            return f"> {low}"
        return f"{low} to {high}"


_ACCURACY = ("probe/linear/accuracy", "test")
_MNIST = {"dataset": "mnist", "features": "code"}
_PIXELS = {"dataset": "mnist", "features": "pixels"}

_PUBLISHED = (
    Published("invertible", *_ACCURACY, 0.87, 0.90, _RECALLED, _MNIST, "read off Fig. 1b"),
    Published("invertible", *_ACCURACY, 0.85, 0.85, _RECALLED, _PIXELS, "approximate"),
    Published("invertible", "bound", "test", -5.0, 8.0, _CODE, {"dataset": "mnist"}, "the axis"),
    Published(
        "adversarial", *_ACCURACY, 0.75, 0.82, _RECALLED, _MNIST, "read off Fig. 1c, low confidence"
    ),
    Published("adversarial", *_ACCURACY, 0.85, 0.85, _RECALLED, _PIXELS, "approximate"),
    Published("non_invertible", *_ACCURACY, 0.83, 0.90, _CODE, _MNIST, "the axis"),
    Published("non_invertible", *_ACCURACY, 0.835, 0.835, _CODE, _PIXELS, "noise of sd 0.05"),
    Published(
        "non_invertible", "log_condition_number", "train", 0.0, 8.0, _CODE,
        {"dataset": "mnist"}, "the axis",
    ),
    Published(
        "critic_impact", *_ACCURACY, 0.88, 0.90, _RECALLED,
        {**_MNIST, "critic": "bilinear"}, "read off Fig. 3",
    ),
    Published(
        "critic_impact", *_ACCURACY, 0.87, 0.89, _RECALLED,
        {**_MNIST, "critic": "separable"}, "read off Fig. 3",
    ),
    Published(
        "critic_impact", *_ACCURACY, 0.84, 0.86, _RECALLED,
        {**_MNIST, "critic": "concat"}, "read off Fig. 3",
    ),
    Published("critic_impact", *_ACCURACY, 0.85, 0.85, _RECALLED, _PIXELS, "approximate"),
    Published(
        "encoder_impact", *_ACCURACY, 0.90, 0.91, _RECALLED,
        {**_MNIST, "encoder": "convnet", "target": 4}, "read off Fig. 4a, b",
    ),
    Published(
        "encoder_impact", *_ACCURACY, 0.86, 0.88, _RECALLED,
        {**_MNIST, "encoder": "mlp", "target": 4}, "read off Fig. 4a, b",
    ),
    Published("encoder_impact", *_ACCURACY, 0.85, 0.85, _RECALLED, _PIXELS, "approximate"),
    Published("encoder_impact", "bound", "train", 2.0, 2.0, _CODE, {"target": 2}, "the target"),
    Published("encoder_impact", "bound", "train", 4.0, 4.0, _CODE, {"target": 4}, "the target"),
    Published("dependent_samples", "mutual_information", "test", 0.0204, 0.0204, _DERIVED),
    Published(
        "dependent_samples", "train/bound", "train", 0.0204, math.inf, _PAPER,
        {"sampling": "dependent"}, "above the true value; InfoNCE near 0.2 (derived)",
    ),
    Published(
        "dependent_samples", "train/bound", "train", -math.inf, 0.0204, _DERIVED,
        {"sampling": "independent"}, "in expectation",
    ),
)


def log_ceiling(batch_size):
    """Ceiling of InfoNCE in nats at a batch of ``batch_size`` pairs: its logarithm."""
    return math.log(batch_size)


def published(experiment, metric, split, tags):
    """The ``Published`` entry for a value of ours, or None.

    Where the paper gives nothing, an InfoNCE value still has its ceiling, log K.

    Args:
        experiment, metric, split: of the row.
        tags: the row's tags as a mapping; missing ones may be absent or None.
    """
    for entry in _PUBLISHED:
        if (entry.experiment, entry.metric, entry.split) == (experiment, metric, split) and all(
            tags.get(name) == value for name, value in entry.tags.items()
        ):
            return entry
    if metric == "bound" and tags.get("bound") == "infonce" and tags.get("batch_size"):
        ceiling = log_ceiling(tags["batch_size"])
        return Published(experiment, metric, split, -math.inf, ceiling, _DERIVED, note="log K")
    return None


class OfficialCurves:
    """Learning curves of the official notebook on MNIST, looked up by experiment and metric.

    Args:
        table: DataFrame with the columns experiment, critic, bound, step and the measured ones.
    """

    dataset = "mnist"

    def __init__(self, table):
        self.table = table

    def curve(self, experiment, critic, bound, column):
        """(steps, values) without gaps, both possibly empty; ``column`` as in the file."""
        table = self.table
        chosen = table[
            (table["experiment"] == experiment)
            & (table["critic"] == critic)
            & (table["bound"] == bound)
        ].dropna(subset=[column])
        chosen = chosen.sort_values("step")
        return chosen["step"].to_numpy(), chosen[column].to_numpy(dtype=float)

    def value_for(self, experiment, metric, split, tags, step):
        """The official values beside one of ours: list of (step, value), at most two.

        The first is at our step if the curve has it, the last is the curve's end.
        """
        if tags.get("dataset") != self.dataset or tags.get("features") == "pixels":
            return []
        for column, target in _CURVE_COLUMNS.items():
            if target == (metric, split):
                steps, values = self.curve(
                    experiment, tags.get("critic"), tags.get("bound"), column
                )
                pairs = [(int(s), float(v)) for s, v in zip(steps, values, strict=True)]
                return [pair for pair in pairs if pair[0] == step or pair == pairs[-1]]
        return []


def read_official_curves(path):
    """Reads a file of official curves (``mnist_official.csv``).

    Args:
        path: CSV with experiment, critic, bound, step, probe_accuracy, test_bound_nats,
            train_bound_nats and log_condition_p50 among its columns.
    Returns:
        ``OfficialCurves``.
    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no such table.
    """
    try:
        table = pd.read_csv(path)
    except FileNotFoundError:
        raise FileNotFoundError(
            f"There is no file of official curves. Received: official_curves={str(path)!r}."
        ) from None
    except (OSError, ValueError) as error:
        raise ValueError(
            f"Expected a CSV file of official curves ({error}). "
            f"Received: official_curves={str(path)!r}."
        ) from None
    missing = [
        name
        for name in ("experiment", "critic", "bound", "step", *_CURVE_COLUMNS)
        if name not in table.columns
    ]
    if missing:
        raise ValueError(
            f"A file of official curves needs the columns {', '.join(missing)}. "
            f"Received: official_curves={str(path)!r}."
        )
    return OfficialCurves(table)
