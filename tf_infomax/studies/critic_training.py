"""Training a critic by maximising a bound, in one call."""

from tf_infomax.layers.optimizers import Adam
from tf_infomax.models.infomax import InfoMax
from tf_infomax.training.loop import StepLoop
from tf_infomax.training.pace import FirstSteps, estimate
from tf_infomax.training.task import Task

__all__ = ["train"]

# The share of the steps, at the end of training, over which the bound is averaged.
_LAST = 10


def train(encoders, critic, bound, draw, shapes, steps, learning_rate, note):
    """Trains encoders and critic by maximising a bound.

    Args:
        encoders: an encoder for each view.
        critic: ``critic(codes_1, codes_2) -> [K, K]`` scores.
        bound: function from scores to a scalar.
        draw: t (int64 tensor) -> (x, y), a pure function.
        shapes: of x and y, with ``None`` for the batch.
        steps: number of training steps.
        learning_rate: of Adam.
        note: called once with the estimated time of the training.

    Returns:
        (the trained ``InfoMax``, mean of the bound over the last tenth of the steps, which is NaN
        where training was stopped by a loss that is not finite).
    """
    model = InfoMax(*encoders, critic, bound)
    model.build(shapes)
    model.compile(Adam(learning_rate))

    def batches(t):
        return {"views": dict(zip(model.VIEWS, draw(t), strict=True))}

    loop = StepLoop(Task(model, batches), getattr(critic, "runs_on_all_pairs", False))
    last = max(1, steps // _LAST)
    pace = FirstSteps(lambda seconds: note(estimate(seconds, steps, {}, {})))
    for start, stop in ((0, steps - last), (steps - last, steps)):
        if start == stop:
            continue
        segment = loop.run(start, stop, parts=pace)
        if segment.non_finite_step is not None:
            return model, float("nan")
    return model, segment.means["bound"]

