"""What ``data.views`` gives: the views of every example, and what may be said of them."""

import dataclasses
import math

from tf_infomax.naming.registry import Registry

__all__ = ["GAUSSIAN_PAIRS", "GIVEN_VIEWS", "PAIR_DISTRIBUTIONS", "GivenViews"]

# As the name of the data: no images, but pairs that are drawn from a distribution.
GAUSSIAN_PAIRS = "gaussian_pairs"
# Those of ``data.law``: name -> function(experiment, seed, **options) -> source of pairs.
PAIR_DISTRIBUTIONS = Registry(
    "distribution of pairs",
    dict.fromkeys(("correlated", "dependent"), "tf_infomax.running.pair_distributions"),
)


@dataclasses.dataclass(frozen=True)
class GivenViews:
    """One value of ``data.views``.

    Attributes:
        what: in a sentence, "halves of images".
        names: of the views, the main one first.
        pixel_range: (lowest, highest) pixel that encoders get.
        is_flat: whether encoders get each view as a vector.
        options: fields of ``Data`` that change these views.
    """

    what: str
    names: tuple
    pixel_range: tuple
    is_flat: bool
    options: tuple

    @property
    def is_paired(self):
        """Whether every example has two views, one for each encoder."""
        return len(self.names) > 1

    def encoded_shape(self, view_shape):
        """Shape of a view as its encoder gets it, without the batch axis."""
        return (math.prod(view_shape),) if self.is_flat else tuple(view_shape)


GIVEN_VIEWS = {
    "halves": GivenViews("halves of images", ("view_1", "view_2"), (0, 1), True, ("noise_sd",)),
    "image": GivenViews("whole images", ("image",), (-1, 1), False, ("crop", "flip")),
}
