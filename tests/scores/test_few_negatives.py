"""Few negatives an anchor: the numbers of all pairs, from the wanted pairs alone."""

import numpy as np
import pytest
import tensorflow as tf

from tests.stored_endpoints import StoredEndpoints
from tf_infomax import bounds, critics
from tf_infomax.objectives import LocalInformation
from tf_infomax.scores.blocked_scores import BlockedScores, scores_of
from tf_infomax.scores.few_negatives import FewNegatives, are_few

RNG = np.random.default_rng(0)
IMAGES, WIDTH = 7, 4
CODES = RNG.normal(size=(IMAGES, WIDTH)), RNG.normal(size=(IMAGES, 5))
MAPS = RNG.normal(size=(IMAGES, 1, 2, WIDTH)), RNG.normal(size=(IMAGES, 3, 1, 5))


def vector_critic():
    critic = critics.get("concat", hidden_dim=6, layers=2, seed=0, dtype="float64")
    critic.build((None, WIDTH), (None, 5))
    return critic


def map_critic():
    critic = critics.get("concat_map", hidden_units=(6, 4), seed=0, dtype="float64")
    critic.build((None, 1, 2, WIDTH), (None, 3, 1, 5))
    return critic


def from_all_pairs(critic, x, y, **options):
    return scores_of(critic(x, y), **options)


def stored():
    return StoredEndpoints(**{"global": tf.constant(MAPS[0]), "local": tf.constant(MAPS[1])})


def local_term(critic, **options):
    term = LocalInformation(critic, "jsd", dtype="float64", **options)
    term.connect(stored().encoded())
    return term


def values(make, make_critic, inputs, bound, **options):
    """The bound, and its gradients by the features and the weights."""
    critic, bound = make_critic(), bounds.get(bound)
    inputs = [tf.constant(one) for one in inputs]
    weights = [weight.value for weight in critic.trainable_variables]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = bound(make(critic, *inputs, **options))
    gradients = tape.gradient(
        value, [*inputs, *weights], unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    return [value, *gradients]


@pytest.mark.parametrize("bound", bounds.names())
@pytest.mark.parametrize(
    ("make_critic", "inputs"),
    [pytest.param(vector_critic, CODES, id="codes"), pytest.param(map_critic, MAPS, id="maps")],
)
def test_values_and_gradients_are_those_of_all_pairs(make_critic, inputs, bound):
    for options in ({"negative_images": 1}, {"negative_images": 3, "self_score": -1.5}):
        found = values(FewNegatives, make_critic, inputs, bound, **options)
        expected = values(from_all_pairs, make_critic, inputs, bound, **options)
        scale = max(np.abs(one).max() for one in expected)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-13 * scale)


def test_the_last_images_are_followed_by_the_first():
    critic = map_critic()
    scores = critic(*MAPS).numpy()
    found = FewNegatives(critic, *MAPS, 2)
    for image in range(IMAGES):
        for place in range(2):
            row = 2 * image + place
            np.testing.assert_allclose(found.joint[row], scores[image, place, image])
            following = [scores[image, place, (image + ahead) % IMAGES] for ahead in (1, 2)]
            np.testing.assert_allclose(found.marginal[row], np.concatenate(following))
    assert float(found.num_marginal) == 6


def rows_of(critic, run):
    """How many pairs the critic's second layer read while ``run()`` ran."""
    seen, layer = [], critic.later[0]
    original = layer.call

    def counted(inputs, *args, **kwargs):
        seen.append(int(inputs.shape[0]))
        return original(inputs, *args, **kwargs)

    layer.call = counted
    run()
    layer.call = original
    return sum(seen)


def test_a_term_scores_no_other_pairs():
    pairs = IMAGES * 2 * 3  # of an image's globals with the places of one image
    for negative_images, images in ((1, 2), (3, 4), (6, IMAGES), (None, IMAGES)):
        critic = map_critic()
        term = local_term(critic, negative_images=negative_images)
        assert rows_of(critic, lambda term=term: term.loss(stored().features())) == images * pairs


def test_where_all_pairs_are_no_more_work():
    critic = map_critic()
    assert are_few(critic, *MAPS, 5)
    # All of them; unknown; no hidden values; too many hidden values to hold at once.
    assert not are_few(critic, *MAPS, 6) and not are_few(critic, *MAPS, None)
    assert not are_few(critics.get("dot_map", units=4), *MAPS, 1)
    unknown = tf.keras.Input((3, 1, 5))
    assert not are_few(critic, tf.keras.Input((1, 2, WIDTH)), unknown, 1)
    large = np.broadcast_to(np.float32(0), (4096, 8, 8, WIDTH))
    wide = critics.get("concat_map", hidden_units=(512, 512), seed=0)
    assert are_few(wide, large[:64, :1, :1], large[:64], 4)
    assert not are_few(wide, large[:, :1, :1], large, 1)


def test_compiled_by_xla_with_the_same_numbers():
    critic = map_critic()
    x, y = (tf.constant(one) for one in MAPS)

    @tf.function(jit_compile=True)
    def compiled(x, y):
        with tf.GradientTape() as tape:
            tape.watch([x, y])
            value = bounds.infonce(FewNegatives(critic, x, y, 3))
        return [value, *tape.gradient(value, [x, y])]

    expected = values(from_all_pairs, map_critic, MAPS, "infonce", negative_images=3)
    for one, other in zip(compiled(x, y), expected, strict=False):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-14)


def test_large_batches_still_come_in_blocks(monkeypatch):
    # Few negatives of so many images that their hidden values would not fit.
    monkeypatch.setattr("tf_infomax.scores.few_negatives._MOST_BYTES", 0)
    monkeypatch.setattr("tf_infomax.objectives.information.in_blocks", lambda *of: True)
    scores, _ = local_term(map_critic(), negative_images=1).scores(stored().features())
    assert isinstance(scores, BlockedScores)
