"""The table of device equalities, from what ``tests.devices.trained`` writes.

    python -m tests.devices.table ONE.npz "2 logical CPUs=TWO.npz" ...
"""

import collections
import sys

import numpy as np

__all__ = ["largest_difference", "table"]


def largest_difference(found, expected):
    """Largest difference of each case of ``expected``: ``[of reported means, of variables]``."""
    assert found.keys() == expected.keys()
    differences = collections.defaultdict(lambda: [0.0, 0.0])
    for key, value in expected.items():
        case, kind, _ = key.rsplit("/", 2)
        difference = np.abs(found[key].astype(float) - value.astype(float)).max(initial=0.0)
        place = int(kind == "variable")
        differences[case][place] = max(differences[case][place], difference)
    return dict(differences)


def table(expected, columns):
    """Markdown: a line an experiment, the largest differences from one device.

    Args:
        expected: of one device, array by name.
        columns: title -> the same of several devices, of all experiments or some.
    """
    cases = dict.fromkeys(key.rsplit("/", 2)[0] for key in expected)
    lines = [
        f"| experiment | {' | '.join(columns)} |",
        f"|{' --- |' * (len(columns) + 1)}",
    ]
    found = {
        title: largest_difference(
            *({key: one[key] for key in one if key in other} for one, other in both)
        )
        for title, arrays in columns.items()
        for both in [((arrays, expected), (expected, arrays))]
    }
    for case in cases:
        cells = [
            "{:.0e}, {:.0e}".format(*found[title][case]) if case in found[title] else ""
            for title in columns
        ]
        lines.append(f"| {case.split(':')[0]} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    one, *others = sys.argv[1:]
    named = dict(other.split("=", 1) for other in others)
    print(table(dict(np.load(one)), {title: dict(np.load(path)) for title, path in named.items()}))
