"""How large experiments are, in words: runs, steps, data and CPU time. Needs no TensorFlow."""

from tf_infomax.experiments import presets
from tf_infomax.experiments.study import Study

__all__ = ["announcement", "cpu_time", "data_of", "steps_of"]


def cpu_time(experiments, preset="paper"):
    """A rough guess at the CPU time of all runs, ``"~2 h"``; ``""`` where one has none.

    Args:
        experiments: sequence of ``Experiment`` and ``Study`` with the fields of the catalogue,
            besides their seeds.
        preset: one of ``presets.PRESETS``, which they have.
    """
    costs = [presets.cost(one) for one in experiments]
    if None in costs:
        return ""
    hours = sum(
        getattr(cost, preset) * len(one.seeds)
        for cost, one in zip(costs, experiments, strict=True)
    )
    if hours < 1 / 60:
        return f"~{3600 * hours:.0f} s"
    # Two digits: it is a guess.
    return f"~{60 * hours:.0f} min" if hours < 2 else f"~{float(f'{hours:.2g}'):,.0f} h"


def data_of(experiment):
    """Names of the data sets of its runs, sorted; none for a study without images."""
    runs = [run for _, _, run in experiment.runs()]
    if isinstance(experiment, Study):
        return sorted({str(run.options["data"]) for run in runs if "data" in run.options})
    return sorted({run.data.name for run in runs})


def steps_of(experiment):
    """Largest number of training steps among its runs; ``None`` for a study."""
    if isinstance(experiment, Study):
        return None
    return max(run.train.steps for _, _, run in experiment.runs())


def announcement(experiment, time=""):
    """What is about to be run, in one line.

    Args:
        experiment: ``Experiment`` or ``Study``.
        time: a guess at the CPU time of all its runs, from ``cpu_time``.
    """
    runs, steps, data = len(experiment.runs()), steps_of(experiment), data_of(experiment)
    text = f"{runs} {'run' if runs == 1 else 'runs'}"
    text += "" if steps is None else f" of {steps:,} steps"
    text += f" on {', '.join(data)}" if data else ""
    return f"{text}; {time} of CPU time in all, as a rough guess" if time else text
