"""Made the run directories of ``runs/`` with the code of commit 73b7129; see README.md.

``python tests/saved_before/make_runs.py FOLDER``: every run is stopped after its checkpoint at step
4 of 8, as if it had been killed; ``rows.json`` holds the rows of the same run, not stopped.
"""

import json
import pathlib
import sys

import tensorflow as tf

__all__ = ["RUNS", "main"]

# Name of the experiment, variant, settings.
RUNS = {
    "pairs": ("critic_impact", "bilinear-infonce", ("encoder.layer_dimensions=(8,4)",)),
    # The state of its moving average is in the checkpoint.
    "mine": ("critic_impact", "bilinear-mine", ("encoder.layer_dimensions=(8,4)", "bound=mine")),
    "game": (
        "adversarial", "default",
        ("encoder.num_couplings=2", "encoder.hidden_units=(8,)", "warmup_steps=3",
         "classifier_steps=2"),
    ),
    # A prior, and so an adversary with an optimizer of its own.
    "images": (
        "dim_local", "jsd",
        ("encoder=basic28x28", "encoder.widths=(4,4,4)", "encoder.output_units=4", "bound=jsd",
         "local_information.critic.units=4", "prior.hidden_units=(4,)", "evaluate=none"),
    ),
}
_COMMON = (
    "data=SET", "batch_size=8", "train.steps=8", "log_every=2", "checkpoint_every=4",
    "jit_compile=no",
)


class KilledError(Exception):
    """Raised where the run is stopped."""


def main(folder, data):
    """Writes the runs into ``folder``; ``data`` is a small data set."""
    from tf_infomax.experiments.run import execute

    from tf_infomax.experiments import catalog, sweep
    from tf_infomax.experiments.overrides import override
    from tf_infomax.training.checkpoints import Checkpoints

    save = Checkpoints.save

    def save_and_die(self, step, row_bytes):
        save(self, step, row_bytes)
        if step == 4:
            raise KilledError

    for name, (experiment, variant, settings) in RUNS.items():
        common = [setting.replace("SET", str(data)) for setting in _COMMON]
        chosen = override(catalog.get(experiment)[0], [*common, *settings])
        for place, stopped in ((folder / name, True), (folder / f"{name}_whole", False)):
            (run,) = [r for r in sweep.plan([chosen], place) if r.variant == variant]
            Checkpoints.save = save_and_die if stopped else save
            try:
                execute(run)
            except KilledError:
                print(f"{name}: stopped at step 4")
            Checkpoints.save = save
        rows = sorted((folder / f"{name}_whole").rglob("rows.jsonl"))[-1].read_text()
        lines = [json.loads(line) for line in rows.splitlines()]
        (folder / name / "rows.json").write_text(json.dumps(lines, indent=0))


if __name__ == "__main__":
    tf.config.experimental.enable_op_determinism()
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
