"""Learning curves of the official code of Tschannen et al. (2020), read from a CSV file."""

from pathlib import Path

import pandas as pd

__all__ = ["PACKAGED", "OfficialCurves", "read_official_curves"]

# Measured with the official code; files/README.md says how.
PACKAGED = Path(__file__).parent / "files" / "mnist_official.csv"

# Columns of the file of official curves, with the corresponding row metric and split.
_CURVE_COLUMNS = {
    "probe_accuracy": ("probe/linear/accuracy", "test"),
    "test_bound_nats": ("bound", "test"),
    "train_bound_nats": ("bound", "train"),
    "log_condition_p50": ("log_condition_number", "train"),
}


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


def read_official_curves(path=PACKAGED):
    """Reads a file of official curves; by default the one that comes with the package.

    Args:
        path: CSV with experiment, critic, bound, step, probe_accuracy, test_bound_nats,
            train_bound_nats and log_condition_p50 among its columns.
    Returns:
        ``OfficialCurves``.
    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not such a table.
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
