"""Random places of a map, for computations in which all places would cost too much."""

import tensorflow as tf

from tf_infomax.numerics import replicas

__all__ = ["sample_places"]


def sample_places(features, count, seed, own=False):
    """``count`` places of every image of a batch of maps, without replacement.

    Every image draws its own places, uniformly over all subsets, in random order: the mean over
    the sampled places is unbiased for that over all, and less noisy over a batch than if all images
    showed the same places.

    Args:
        features: ``[N, H, W, C]`` local features, or global ones ``[N, h, w, D]`` (N may be
            unknown while tracing).
        count: places to keep, from 1 to H W.
        seed: int ``[2]``, as of TensorFlow's stateless operations; the same seed and sizes give the
            same places.
        own: whether ``features`` are only this replica's rows of the batch; they get the places
            that one device with the whole batch would draw.

    Returns:
        ``[N, 1, count, C]``, a map of one row, for functions of maps.

    Raises:
        ValueError: if ``features`` is not a map of known height and width, or ``count`` out of
            range.
    """
    features = tf.convert_to_tensor(features)
    if features.shape.rank != 4 or None in features.shape[1:3]:
        raise ValueError(
            "`features` must have shape [N, H, W, C], H and W known. "
            f"Received: features of shape {features.shape}."
        )
    _, height, width, channels = features.shape
    if not 1 <= count <= height * width:
        raise ValueError(
            f"`count` must be from 1 to the number of places, {height * width}. "
            f"Received: count={count!r}."
        )
    num_images = tf.shape(features)[0]
    # The largest of independent numbers lie at a uniformly random subset. Raw bits of a named
    # generator: XLA would choose another, and makes other floats from the same bits.
    drawn = num_images * replicas.number() if own else num_images
    bits = tf.random.stateless_uniform(
        [drawn, height * width], seed, None, None, tf.int32, alg="philox"
    )
    bits = replicas.own(bits) if own else bits
    places = tf.math.top_k(bits, count).indices
    rows = tf.reshape(features, [num_images, height * width, channels])
    return tf.gather(rows, places, batch_dims=1)[:, tf.newaxis]
