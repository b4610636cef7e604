"""Says which of the papers' claims the rows of some work directories confirm.

    python launch/check_results.py <work directory> [<work directory> ...]

The verdicts are: holds, does not hold, not decided at this budget.
"""

from tf_infomax.commands.check_results import define_flags, main
from tf_infomax.running import command_line

define_flags()

if __name__ == "__main__":
    command_line.start(main)
