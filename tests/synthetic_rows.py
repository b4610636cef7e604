"""Rows that look like those of the experiments; the numbers are made up from formulas."""

import numpy as np

from tests.synthetic_dim_rows import dim_rows_of
from tf_infomax.results.rows import Row

MI_MAX = ("invertible", "adversarial", "non_invertible", "critic_impact", "encoder_impact",
          "dependent_samples")

BOUNDS = ("infonce", "nwj")
LEVEL = {"bilinear": 0.88, "separable": 0.872, "concat": 0.845, "mlp": 0.87, "convnet": 0.905}


def _run(experiment, variant, seed, tags, steps, start, end, bound_end=4.6):
    """Rows of one run: saturating curves with a little noise."""
    rng = np.random.default_rng([seed, sum(map(ord, variant))])

    def add(step, split, metric, value, unit, **more):
        rows.append(Row(experiment, variant, seed, step, split, metric, value, unit,
                        {**tags, **more}))

    rows = []
    add(0, "test", "probe/linear/accuracy", 0.8525, "fraction", features="pixels")
    for step in steps:
        grown = 1 - np.exp(-step / (0.2 * max(steps[-1], 1)))
        add(step, "test", "probe/linear/accuracy",
            start + (end - start) * grown + 0.003 * rng.normal(), "fraction", features="code")
        for split, factor in (("test", 1.0), ("train", 1.02)):
            noise = 0.02 * rng.normal() * (5 if tags.get("bound") == "nwj" else 1)
            add(step, split, "bound", -0.3 + (bound_end * factor + 0.3) * grown + noise, "nats")
    return rows, add, rng


def rows_of(experiment, seeds=3, last=20_000, dataset="mnist"):
    """All rows of one experiment, a few thousand at most."""
    if experiment.startswith("dim_"):
        return dim_rows_of(experiment, seeds, last, dataset)
    steps = list(range(0, last + 1, max(last // 20, 1)))
    common = {"dataset": dataset, "batch_size": 128}
    found = []
    for seed in range(seeds):
        for bound in BOUNDS:
            tags = {**common, "bound": bound, "critic": "bilinear", "encoder": "realnvp"}
            if experiment == "invertible":
                top = 4.4 if bound == "infonce" else 6.0
                found += _run(experiment, f"bilinear-{bound}", seed, tags, steps, 0.845, 0.88,
                              top)[0]
            elif experiment == "critic_impact":
                for critic in ("bilinear", "separable", "concat"):
                    top = 4.6 if bound == "infonce" else 5.3
                    found += _run(experiment, f"{critic}-{bound}", seed,
                                  {**tags, "critic": critic, "encoder": "mlp"}, steps, 0.8024,
                                  LEVEL[critic] - 0.006 * (bound == "nwj"), top)[0]
            elif experiment == "encoder_impact":
                for encoder in ("mlp", "convnet"):
                    for target in (2, 4):
                        end = LEVEL[encoder] - 0.012 * (target == 2)
                        found += _run(experiment, f"{encoder}-{bound}-{target}", seed,
                                      {**tags, "encoder": encoder, "target": target}, steps,
                                      0.80, end, target)[0]
            elif experiment == "non_invertible":
                rows, add, rng = _run(experiment, f"bilinear-{bound}", seed,
                                      {**tags, "encoder": "mlp"}, steps, 0.841, 0.878, 4.4)
                for step in steps:
                    centre = 5 * (1 - np.exp(-step / (0.3 * last))) + 0.01
                    values = np.sort(centre * (1 + 0.08 * rng.normal(size=128)))
                    add(step, "train", "log_condition_number", float(np.median(values)), "1",
                        values=values)
                    spectrum = np.exp(centre * np.linspace(0.5, -0.5, 392))
                    add(step, "train", "singular_values", float(np.median(spectrum)), "1",
                        values=spectrum)
                found += rows
            elif experiment == "dependent_samples":
                rng = np.random.default_rng([seed, len(bound)])
                for sampling, level in (("dependent", 0.2), ("independent", 0.01)):
                    name, plain = f"{sampling}-{bound}", {
                        "dataset": "gaussian_pairs", "bound": bound, "critic": "concat",
                        "sampling": sampling}
                    found.append(Row(experiment, name, seed, 0, "test", "mutual_information",
                                     0.020411, "nats", plain))
                    for step in range(100, last + 1, 100):
                        value = level * (1 - np.exp(-step / 3000)) + 0.02 * rng.normal()
                        found.append(Row(experiment, name, seed, step, "train", "train/bound",
                                         value, "nats", plain))
        if experiment == "adversarial":
            rows, add, rng = _run(experiment, "softplus", seed,
                                  {"dataset": dataset, "encoder": "realnvp"},
                                  list(range(0, 4001, 400)), 0.843, 0.78)
            rows = [row for row in rows if row.metric != "bound"]
            add_to = rows.append
            for step in range(0, 4001, 400):
                for metric, start, slope in (("classifier/cross_entropy", 0.5, 0.8),
                                             ("encoder/uniform_cross_entropy", 6.0, -1.5)):
                    add_to(Row(experiment, "softplus", seed, step, "train", metric,
                               start + slope * step / 4000 + 0.05 * rng.normal(), "nats",
                               {"dataset": dataset, "encoder": "realnvp"}))
            found += rows
    return found


def failed_run(step=532):
    """The rows of a run whose loss was not finite at ``step``."""
    tags = {"dataset": "mnist", "bound": "nwj", "critic": "concat", "encoder": "mlp",
            "batch_size": 128}
    place = ("critic_impact", "concat-nwj", 7)
    return [
        Row(*place, 0, "test", "probe/linear/accuracy", 0.80, "fraction",
            {**tags, "features": "code"}),
        Row(*place, 500, "test", "bound", float("nan"), "nats", tags),
        # As in real runs, the row stands at the next boundary and its value is the step.
        Row(*place, 1000, "train", "run/non_finite_loss_step", step, "step", tags),
    ]
