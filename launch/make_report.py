"""Turns work directories into one HTML page with the paper's figures and tables.

    python launch/make_report.py <work directory> [<work directory> ...]
"""

from tf_infomax.commands.make_report import define_flags, main
from tf_infomax.running import command_line

define_flags()

if __name__ == "__main__":
    command_line.start(main)
