"""From a bound, which is maximised, to a loss, which is minimised: the sign lives here."""

import tensorflow as tf

__all__ = ["mutual_information_loss"]


def mutual_information_loss(bound, target=None):
    """The loss whose descent raises a bound, or brings it to a target.

    Args:
        bound: scalar value of a bound, in nats.
        target: nats, or ``None``. With a target t the loss is ``|bound - t|``, which holds
            different encoders at one value of the bound (Tschannen et al. 2020, section 3.3).

    Returns:
        Scalar, in nats.
    """
    return -bound if target is None else tf.abs(bound - target)
