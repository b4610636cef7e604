"""How long, in which batches and at which learning rates a critic is trained."""

import dataclasses

import keras

__all__ = ["Schedule"]


@dataclasses.dataclass(frozen=True)
class Schedule:
    """How a critic is trained.

    Attributes:
        epochs: passes over the training pairs, or over parts of very many, in a cycle; the learning
            rate rises over the first tenth of their steps, then decays to zero along a cosine.
        cycles: largest number of cycles; a further one follows if the validation value was best
            near the end of the last, and rose during it.
        patience: epochs without a better value on the validation pairs after which training ends.
        batch_size: pairs in a step.
        negatives: number for each x in a step.
        learning_rate: Adam's, at its peak.
        steps: number in an epoch.
        closed_form: whether nothing is trained where the critic ``suffices`` untrained.
    """

    epochs: int
    patience: int
    batch_size: int
    negatives: int
    learning_rate: float
    steps: int
    cycles: int = 1
    closed_form: bool = False

    def learning_rates(self):
        """Of the steps of a cycle, a Keras schedule."""
        steps = self.steps * self.epochs
        warmup = max(steps // 10, 1)
        return keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0,
            decay_steps=max(steps - warmup, 1),
            warmup_target=self.learning_rate,
            warmup_steps=warmup,
        )
