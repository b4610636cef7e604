"""What one step of an experiment does: draw a batch, update all players."""

__all__ = ["Task"]


class Task:
    """A model and its batches, for ``StepLoop``.

    Args:
        model: a compiled ``RepresentationModel`` with weights.
        draw: function (t, an int64 scalar tensor) -> batch, a dict as ``model.step`` takes it; a
            pure function of t. With several workers it takes ``part``, a ``data.batches.Part``,
            too, and gives its rows of the batch.
        draw_warmup: the same, for batches on which players warm up; ``None`` if no player does.

    Attributes:
        metric_names: names of everything that ``update`` returns.
        reported: name -> (metric of its rows, unit).
        batches: of how many batches, one after the other, a draw consists.
    """

    def __init__(self, model, draw, draw_warmup=None):
        self.model = model
        self.draw = draw
        self._draw_warmup = draw_warmup
        self.batches = model.batches_per_step
        model.build_optimizers()
        units, rows = model.metric_units, model.row_metrics
        self.metric_names = ("loss", *units)
        self.reported = {name: (rows[name], unit) for name, unit in units.items()}

    def update(self, batch):
        """One training step of all players; returns "loss" and what the terms report."""
        return self.model.step(batch)

    @property
    def warmup_steps(self):
        """Steps that players take before the first step of the representation."""
        return max((player.warmup_steps for player in self.model.players), default=0)

    @property
    def warmup(self):
        """The warm-up steps as a task; ``None`` if there are none."""
        return _Warmup(self.model, self._draw_warmup) if self.warmup_steps else None

    @property
    def variables(self):
        """Everything that training changes."""
        optimizers = [optimizer for optimizer, _ in self.model.optimized()]
        return [*self.model.checkpoint_variables, *(v for one in optimizers for v in one.variables)]


class _Warmup:
    metric_names = ("loss",)
    batches = 1

    def __init__(self, model, draw):
        self._model = model
        self.draw = draw

    def update(self, batch):
        return {"loss": self._model.warm_up(batch)["loss"]}
