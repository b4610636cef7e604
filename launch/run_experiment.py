"""Runs an experiment, or continues an interrupted one.

    python launch/run_experiment.py --experiment=critic_impact --workdir=runs/critic_impact

Any field can be changed: --set=train.steps=2000 --set=data=cifar10 --set=critic=bilinear.
--preset=short takes a fraction of the time.

Exit codes: 0, all runs finished; 1, a run failed or its process died twice; 2, a mistake in the
command or in a file, or a file that cannot be written; 3, a loss was not finite; 129 (SIGHUP), 130
(Ctrl-C) and 143 (SIGTERM), stopped: the same command goes on.
"""

from tf_infomax.commands.run_experiment import define_flags, main
from tf_infomax.running import command_line

define_flags()

if __name__ == "__main__":
    command_line.start(main)
