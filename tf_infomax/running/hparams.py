"""The settings of a run for TensorBoard's table of hyper-parameters."""

import numbers

from tensorboard.plugins.hparams import summary_v2

__all__ = ["flat_settings", "write_hparams"]


def write_hparams(run_name, experiment):
    """Writes the settings of a run to the default summary writer.

    Args:
        run_name: name of the run in the table.
        experiment: ``Experiment`` of one variant and one seed.
    """
    summary_v2.hparams(flat_settings(experiment.to_dict()), trial_id=run_name)


def flat_settings(plain, path=""):
    """Settings as ``{"train.steps": 2000, ...}``: numbers, texts and truth values.

    Members of lists are called by their names where they have one; lists of plain values are texts.
    What describes the run, and not its model, is left out.
    """
    found = {}
    for key, value in plain.items():
        if not path and key in ("name", "source", "sweep", "evaluate"):
            continue
        where = f"{path}.{key}" if path else key
        if isinstance(value, dict):
            # A name with options: the name stands for the whole.
            if set(value) == {"name", "options"}:
                found[where] = value["name"]
                value = value["options"]
            found.update(flat_settings(value, where))
        elif isinstance(value, list):
            named = [one for one in value if isinstance(one, dict) and "name" in one]
            for one in named:
                rest = {name: entry for name, entry in one.items() if name != "name"}
                found.update(flat_settings(rest, f"{where}.{one['name']}"))
            if not named:
                found[where] = ", ".join(map(str, value))
        elif isinstance(value, (str, bool, numbers.Real)):
            found[where] = value
    return found
