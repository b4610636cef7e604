"""Modules under their names of version 0.1, for programs that import those."""

import importlib
import sys

__all__ = ["MOVED", "announce"]

_PACKAGE = "tf_infomax"
# Former module -> the module that holds its names now.
MOVED = {
    "aligned_views": "models.aligned_views",
    "blocked_scores": "scores.blocked_scores",
    "chunked_encoding": "encoders.chunked_encoding",
    "data.collect": "data.sources.collect",
    "data.tfds_sets": "data.sources.tfds_sets",
    "data.tiny_imagenet": "data.sources.tiny_imagenet",
    "deep_infomax": "models.deep_infomax",
    "experiments.build": "running.build",
    "experiments.checks": "running.checks",
    "experiments.evaluate": "running.evaluate",
    "experiments.evaluators": "evaluators.catalog",
    "experiments.geometry_evaluators": "evaluators.geometry",
    "experiments.image_evaluators": "evaluators.probes",
    "experiments.image_snapshot": "evaluators.snapshot",
    "experiments.laws": "running.pair_distributions",
    "experiments.measurements": "results.measurements",
    "experiments.pair_evaluators": "evaluators.information",
    "experiments.pick": "naming.pick",
    "experiments.run": "running.run",
    "experiments.run_directory": "running.run_directory",
    "experiments.run_study": "running.run_study",
    "experiments.sweep": "running.sweep",
    "experiments.terms": "objectives.options",
    "geometry": "numerics.geometry",
    "html_tables": "tables.html_tables",
    "infomax": "models.infomax",
    "mi_network": "layers.mi_network",
    "optimizers": "layers.optimizers",
    "page": "report.page",
    "pair_model": "models.pairs",
    "paper_tables": "tables.paper_tables",
    "percentiles": "numerics.percentiles",
    "randomness": "numerics.randomness",
    "registry": "naming.registry",
    "released_layers": "layers.released",
    "replicas": "numerics.replicas",
    "row_blocks": "numerics.row_blocks",
    "sampling": "numerics.sampling",
    "score_network": "layers.score_network",
    "score_reductions": "scores.reductions",
    "sections": "report.sections",
    "strict_json": "results.strict_json",
    "table_layouts": "tables.paper_layouts",
    "training.tasks": "training.task",
}


class _Finder:
    """Finds a former module: the import gives the current module, under both names."""

    def find_spec(self, fullname, path=None, target=None):
        """The finder's part of Python's import system."""
        package, _, name = fullname.partition(".")
        if package != _PACKAGE or name not in MOVED:
            return None
        # Here, because importing tf_infomax should cost next to nothing.
        from importlib.machinery import ModuleSpec

        return ModuleSpec(fullname, self)

    def create_module(self, spec):
        """The loader's part: the current module."""
        module = importlib.import_module(f"{_PACKAGE}.{MOVED[spec.name.partition('.')[2]]}")
        # Python will give the module the specification of its former name.
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module):
        """The loader's part: the module has been executed, and keeps its own specification."""
        module.__spec__ = module.__spec__.loader_state


def announce():
    """Lets Python find former modules from now on."""
    sys.meta_path.append(_Finder())
