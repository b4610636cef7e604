"""RealNVP couplings and permutations, put together from TensorFlow Probability's bijectors."""

import tensorflow as tf

__all__ = ["SCALES", "real_nvp"]

SCALES = ("none", "softplus")

# Keeps the scale of a coupling away from zero, where it could not be inverted.
_SMALLEST_SCALE = 1e-7


def real_nvp(conditioners, permutations, scale="none"):
    """A chain of couplings on R^D, each after a fixed permutation of its input.

    A coupling passes its first ``D // 2`` entries through and moves the others,
    ``y = x * scale + shift``, with shift and scale computed from the first. Forward applies the
    couplings from the last to the first.

    Args:
        conditioners: callables ``[K, D // 2] -> [K, D - D // 2]`` (the shift), or twice as wide
            (shift, then the raw scale) with ``scale="softplus"``.
        permutations: int ``[len(conditioners), D]``; entry m of the permuted vector is entry
            ``permutation[m]`` of the given one.
        scale: "none" for shifts only (volume preserving, as NICE), or "softplus" for
            ``1e-7 + softplus(raw)``, which unlike an exponential cannot overflow.

    Returns:
        ``tfp.bijectors.Bijector`` with ``forward``, ``inverse`` and their log-determinants.

    Reference: Dinh et al. (2017), arXiv:1605.08803; Tschannen et al. (2020), section 3.1.
    """
    # Imported on first use: TensorFlow Probability takes seconds and needs Keras 2.
    import tensorflow_probability as tfp

    tfb = tfp.bijectors
    num_passed = len(permutations[0]) // 2

    def coupling(conditioner):
        def transformation(passed, moved_size, **unused):
            outputs = conditioner(passed)
            if scale == "none":
                return tfb.Shift(outputs)
            shift, raw = tf.split(outputs, 2, axis=-1)
            return tfb.Shift(shift)(tfb.Scale(_SMALLEST_SCALE + tf.nn.softplus(raw)))

        return tfb.RealNVP(num_masked=num_passed, bijector_fn=transformation)

    steps = []
    for conditioner, permutation in zip(conditioners, permutations, strict=True):
        # A chain applies its last part first: permute, then couple.
        steps += [coupling(conditioner), tfb.Permute(permutation)]
    return tfb.Chain(steps)
