"""Critics beyond what all share: the concatenation that is never made, and options."""

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax import critics


def tiled_pairs(x, y, kernels, biases, cotangent):
    """Scores of all pairs by tiling, and the gradients of ``sum(cotangent * scores)``: float64.

    Returns ``(scores, d x, d y, d kernels, d biases)``, by the chain rule written out.
    """
    pairs = np.array([np.concatenate([one, other]) for one in x for other in y])
    inputs, values = [], pairs
    for position, (kernel, bias) in enumerate(zip(kernels, biases, strict=True)):
        inputs.append(values)
        values = values @ kernel + bias
        if position < len(kernels) - 1:
            values = np.maximum(values, 0.0)
    upstream, d_kernels, d_biases = cotangent.reshape(-1, 1), [], []
    for position in reversed(range(len(kernels))):
        d_kernels.insert(0, inputs[position].T @ upstream)
        d_biases.insert(0, upstream.sum(axis=0))
        upstream = upstream @ kernels[position].T
        if position > 0:
            upstream = upstream * (inputs[position] > 0)
    d_pairs = upstream.reshape(len(x), len(y), -1)
    d_x, d_y = d_pairs[..., : x.shape[1]].sum(axis=1), d_pairs[..., x.shape[1] :].sum(axis=0)
    return values.reshape(len(x), len(y)), d_x, d_y, d_kernels, d_biases


@pytest.mark.parametrize("layers", [1, 2])
def test_concat_is_the_network_on_tiled_pairs(layers):
    rng = np.random.default_rng(0)
    x, y = tf.constant(rng.normal(size=(5, 3))), tf.constant(rng.normal(size=(7, 4)))
    cotangent = rng.normal(size=(5, 7))
    critic = critics.ConcatCritic(hidden_dim=6, layers=layers, seed=0, dtype="float64")
    critic(x, y)
    for layer in critic.f:
        layer.bias.assign(rng.normal(size=layer.bias.shape))
    kernels, biases = ([getattr(f, kind) for f in critic.f] for kind in ("kernel", "bias"))
    assert kernels[0].shape == (7, 6)
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        scores = critic(x, y)
        total = tf.reduce_sum(cotangent * scores)
    gradients = tape.gradient(total, [x, y, *kernels, *biases])

    expected_scores, d_x, d_y, d_kernels, d_biases = tiled_pairs(
        x.numpy(), y.numpy(), [k.numpy() for k in kernels], [b.numpy() for b in biases], cotangent
    )
    np.testing.assert_allclose(scores, expected_scores, rtol=1e-12, atol=1e-12)
    for ours, theirs in zip(gradients, [d_x, d_y, *d_kernels, *d_biases], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-12)


def all_operations(graph):
    """The operations of a graph and of the functions it calls."""
    yield from graph.get_operations()
    for name in graph._functions:
        yield from getattr(graph._get_function(name), "graph", graph).get_operations()


def test_concat_never_stores_the_pairs():
    # 11 * 13 pairs of 17 + 19 numbers each; the hidden layer's 11 * 13 * 5 are a seventh of that.
    critic = critics.ConcatCritic(hidden_dim=5, seed=0)
    critic.build((None, 17), (None, 19))

    @tf.function
    def scores_and_gradients(x, y):
        with tf.GradientTape() as tape:
            tape.watch([x, y])
            scores = critic(x, y)
        return scores, tape.gradient(scores, [x, y, *critic.trainable_weights])

    concrete = scores_and_gradients.get_concrete_function(
        tf.TensorSpec([11, 17], tf.float32), tf.TensorSpec([13, 19], tf.float32)
    )
    sizes = [
        output.shape.num_elements() or 0
        for operation in all_operations(concrete.graph)
        for output in operation.outputs
        if output.shape.rank is not None
    ]
    assert 11 * 13 * 5 in sizes  # the hidden layer is seen
    assert max(sizes) < 11 * 13 * (17 + 19)


def test_separable_scores_have_the_rank_of_the_embedding():
    x, y = np.random.default_rng(0).normal(size=(2, 9, 6))
    critic = critics.SeparableCritic(hidden_dim=16, output_dim=3, seed=0, dtype="float64")
    assert np.linalg.matrix_rank(critic(x, y)) == 3


def test_defaults_are_the_published_ones():
    x, y = np.zeros((2, 100), np.float32), np.zeros((2, 100), np.float32)
    shapes = {}
    for name in ("inner_product", "bilinear", "separable", "concat"):
        critic = critics.get(name)
        critic(x, y)
        shapes[name] = [weight.shape for weight in critic.weights]
    # Tschannen et al. (2020), section 3.2: W of 100 x 100; two networks of 100 ReLU -> 100; one of
    # 200 ReLU -> 1 on both codes.
    network = [(100, 100), (100,), (100, 100), (100,)]
    assert shapes == {
        "inner_product": [],
        "bilinear": [(100, 100)],
        "separable": [*network, *network],
        "concat": [(200, 200), (200,), (200, 1), (1,)],
    }


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: critics.BilinearCritic(0), r"`feature_dim`.* Received: feature_dim=0"),
        (lambda: critics.SeparableCritic(hidden_dim=2.5), r"Received: hidden_dim=2\.5"),
        (lambda: critics.SeparableCritic(output_dim=-1), r"Received: output_dim=-1"),
        (lambda: critics.ConcatCritic(layers=0), r"Received: layers=0"),
        (lambda: critics.ConcatCritic(hidden_dim=True), r"Received: hidden_dim=True"),
    ],
)
def test_sizes_are_positive_integers(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("temperature", [0.0, 1e-45, 2e-39, 1e-38])
def test_scores_can_be_divided_by_the_temperature(temperature):
    with pytest.raises(ValueError, match=rf"positive, .* Received: temperature={temperature}\."):
        critics.CosineCritic(temperature)


def test_the_least_temperature_gives_finite_scores():
    x = np.eye(3, dtype=np.float32)
    scores = critics.CosineCritic(1.2e-38)(x, x)
    np.testing.assert_allclose(scores, x / np.float32(1.2e-38), rtol=1e-6)


def test_widths_that_do_not_fit_each_other():
    x, y = np.zeros((2, 3), np.float32), np.zeros((2, 4), np.float32)
    with pytest.raises(ValueError, match=r"equal width. Received: x of width 3, y of width 4"):
        critics.InnerProdCritic()(x, y)
    with pytest.raises(ValueError, match=r"feature_dim=4.* Received: x of width 3"):
        critics.BilinearCritic(4)(x, y)
