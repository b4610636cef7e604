"""Evaluates a trained encoder, from a run directory or an export.

    python launch/evaluate.py --run=<work directory>/runs/<experiment>/<variant>/seed_<n> \
        --evaluate=mlp_probe,ndm --set=mlp_probe.epochs=20
"""

from tf_infomax.commands.evaluate import define_flags, main
from tf_infomax.running import command_line

define_flags()

if __name__ == "__main__":
    command_line.start(main)
