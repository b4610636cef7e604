"""What one step of an experiment does: draw a batch, update the players.

Every task has ``draw`` and ``update`` for the loop, ``metric_names`` (the keys of what ``update``
returns) and ``reported``: metric -> (name of its row, unit).
"""

__all__ = ["GameTask", "ImageTask", "PairTask"]


class PairTask:
    """An ``InfoMax`` model and its batches of pairs.

    Args:
        model: a compiled ``InfoMax`` with weights.
        draw: t (int64 tensor) -> (x, y), a pure function.
    """

    metric_names = ("loss", "bound")
    warmup = None

    def __init__(self, model, draw):
        self.model = model
        self.draw = draw
        self.reported = {"bound": ("train/bound", model.bound_unit)}
        model.optimizer.build(model.trainable_variables)

    def update(self, x, y):
        """One training step; returns the model's "loss" and "bound"."""
        return self.model.update(x, y)

    @property
    def variables(self):
        """Everything that training changes."""
        return [*self.model.variables, *self.model.optimizer.variables]


class ImageTask:
    """A ``DeepInfoMax`` model and its batches of images.

    Args:
        model: a compiled ``DeepInfoMax`` with weights.
        draw: t (int64 tensor) -> (images, labels, seed), a pure function.
    """

    warmup = None

    def __init__(self, model, draw):
        self.model = model
        self.draw = draw
        model.build_optimizers()
        units = model.metric_units
        self.metric_names = ("loss", *units)
        self.reported = {name: (f"train/{name}", unit) for name, unit in units.items()}

    def update(self, images, labels, seed):
        """One training step of all players; returns "loss" and what the terms report."""
        return self.model.update(images, labels, seed)

    @property
    def variables(self):
        """Everything that training changes."""
        model = self.model
        optimizers = [model.optimizer]
        if model.adversary_variables:
            optimizers.append(model.adversary_optimizer)
        return [*model.variables, *(v for one in optimizers for v in one.variables)]


class GameTask:
    """An ``AdversarialGame`` and its batches of labelled views.

    Args:
        game: an ``AdversarialGame`` with weights.
        draw: t (int64 tensor) -> (x, labels) of ``classifier_steps + 1`` batches, a pure function.
        draw_warmup: the same for the warm-up, of one batch.
        warmup_steps: steps of the classifier before the first round.
        classifier_steps: steps of the classifier in a round.
    """

    metric_names = ("loss", "classifier_loss")
    reported = {  # noqa: RUF012 - a constant
        "classifier_loss": ("classifier/cross_entropy", "nats"),
        "loss": ("encoder/uniform_cross_entropy", "nats"),
    }

    def __init__(self, game, draw, draw_warmup, warmup_steps, classifier_steps):
        self.game = game
        self.draw = draw
        self.warmup_steps = warmup_steps
        self._draw_warmup = draw_warmup
        self._classifier_steps = classifier_steps
        game.encoder_optimizer.build(game.encoder.trainable_variables)
        game.classifier_optimizer.build(game.classifier.trainable_variables)

    def update(self, x, labels):
        """One round; returns the encoder's "loss" and the mean "classifier_loss", in nats."""
        classifier_loss, encoder_loss = self.game.round(x, labels, self._classifier_steps)
        return {"loss": encoder_loss, "classifier_loss": classifier_loss}

    @property
    def warmup(self):
        """The classifier's steps before the first round, as a task; ``None`` if there are none."""
        return _Warmup(self.game, self._draw_warmup) if self.warmup_steps else None

    @property
    def variables(self):
        """Everything that training changes."""
        game = self.game
        return [
            *game.encoder.variables,
            *game.classifier.variables,
            *game.encoder_optimizer.variables,
            *game.classifier_optimizer.variables,
        ]


class _Warmup:
    metric_names = ("loss",)

    def __init__(self, game, draw):
        self._game = game
        self.draw = draw

    def update(self, x, labels):
        return {"loss": self._game.classifier_step(x, labels)}
