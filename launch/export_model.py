"""Exports a run's models as a SavedModel, and proves it in a process without this package.

    python launch/export_model.py --run=<work directory>/runs/<experiment>/<variant>/seed_<n>
"""

from tf_infomax.commands.export_model import define_flags, main
from tf_infomax.running import command_line

define_flags()

if __name__ == "__main__":
    command_line.start(main)
