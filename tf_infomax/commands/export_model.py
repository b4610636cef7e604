"""Exports a run's models as a SavedModel, and proves it in a process without this package.

    python launch/export_model.py --run=<work directory>/runs/<experiment>/<variant>/seed_<n>

--release=dist also packs it into one file for a release, named after what was trained.
"""

from absl import flags

from tf_infomax.naming.registry import unknown_name
from tf_infomax.running import command_line
from tf_infomax.running.quiet_tensorflow import import_tensorflow
from tf_infomax.running.run_directory import EXPORT_FORMATS, RunDirectory

__all__ = ["define_flags", "main"]


def define_flags():
    """Defines the flags of the command."""
    command_line.define_path("run", None, "Directory of one run.", required=True)
    command_line.define_path(
        "output", None, "Folder to write; default: export in the run's."
    )
    flags.DEFINE_list(
        "formats", [], f"Further formats, separated by commas: {', '.join(EXPORT_FORMATS)}."
    )
    command_line.define_path(
        "release", None, "Folder that also receives the export as one .zip, with its checksum."
    )
    command_line.define_data_dir()


@command_line.command("export_model")
def main(argv):
    """Writes the export and prints its signatures; returns the exit code."""
    given = flags.FLAGS
    command_line.refuse_arguments(argv, "--run=...")
    for name in given.formats:
        if name not in EXPORT_FORMATS:
            raise unknown_name("format", name, EXPORT_FORMATS)
    # Imported late, so that a misspelt format or a mistaken directory is reported at once.
    RunDirectory.open(given.run)
    import_tensorflow()
    from tf_infomax import export

    try:
        path = export.export_model(given.run, given.output, given.data_dir, given.formats)
    except export.ProofError as error:
        command_line.say("export_model", error)
        return 1
    print(export.summary(path))
    if given.release:
        print(f"Release: {export.release(path, given.release)}")
    return 0
