"""Runs an experiment, or continues an interrupted one.

    python launch/run_experiment.py --experiment=critic_impact --workdir=runs/critic_impact

Any field can be changed: --set=train.steps=2000 --set=data=cifar10 --set=critic=bilinear.
"""

from tf_infomax.commands.run_experiment import define_flags, main
from tf_infomax.running import command_line

define_flags()

if __name__ == "__main__":
    command_line.start(main)
