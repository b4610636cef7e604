"""The information terms: which pairs they score, which options change what, and errors."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.stored_endpoints import StoredEndpoints
from tf_infomax import bounds
from tf_infomax.critics import (
    ConcatCritic,
    ConcatMapCritic,
    DotMapCritic,
    EncoderTailCritic,
    InnerProdCritic,
)
from tf_infomax.encoders import get as encoder_of
from tf_infomax.layers.released import Dense
from tf_infomax.objectives import EncodedViews, Features, GlobalInformation, LocalInformation
from tf_infomax.objectives.term import checked_terms
from tf_infomax.scores.pairs import PairScores

RNG = np.random.default_rng(0)
IMAGES = 5


def stored(code_shape=(4,), dtype=np.float32):
    return StoredEndpoints(**{
        "local": tf.constant(RNG.normal(size=(IMAGES, 2, 3, 4)).astype(dtype)),
        "conv": tf.constant(RNG.normal(size=(IMAGES, 2, 2, 3)).astype(dtype)),
        "global": tf.constant(RNG.normal(size=(IMAGES, *code_shape)).astype(dtype)),
    })


def local_term(encoder, critic=None, **options):
    term = LocalInformation(critic or DotMapCritic(6, seed=0), **options)
    term.connect(EncodedViews({"image": encoder}))
    return term


def scores_by_hand(critic, encoder):
    """``[N, B, N, A]`` in NumPy, from the two networks of a dot critic, batch by batch."""
    endpoints = encoder.endpoints(None)
    rows = [np.asarray(endpoints[name]) for name in ("global", "local")]
    embedded = [
        network(one.reshape(-1, one.shape[-1]), training=True).numpy().astype(np.float64)
        for network, one in zip((critic.global_net, critic.local_net), rows, strict=True)
    ]
    flat = embedded[0] @ embedded[1].T
    return flat.reshape(IMAGES, -1, IMAGES, flat.shape[1] // IMAGES)


def joint_and_marginal(scores, partners=None):
    """Rows of ``[K, A]`` and ``[K, M]``, picked one by one."""
    images, num_globals, _, _ = scores.shape
    partners = images - 1 if partners is None else partners
    joint, marginal = [], []
    for i in range(images):
        for b in range(num_globals):
            others = [(i + step) % images for step in range(1, partners + 1)]
            joint.append(scores[i, b, i])
            marginal.append(np.concatenate([scores[i, b, j] for j in others]))
    return np.array(joint), np.array(marginal)


@pytest.mark.parametrize("bound", ["jsd", "infonce", "donsker_varadhan", "nwj"])
@pytest.mark.parametrize("code_shape", [(4,), (2, 1, 4)], ids=["one global", "two globals"])
def test_local_pairs(bound, code_shape):
    encoder = stored(code_shape)
    term = local_term(encoder, bound=bound, weight=0.5)
    loss, metrics = term.loss(encoder.features())
    pairs = PairScores(*joint_and_marginal(scores_by_hand(term.critic, encoder)))
    expected = bounds.get(bound)(pairs)
    np.testing.assert_allclose(metrics["local_information"], expected, rtol=1e-4)
    np.testing.assert_allclose(loss, -0.5 * expected, rtol=1e-4)
    assert term.metric_units == {"local_information": bounds.info(bound).unit}


@pytest.mark.parametrize("partners", [1, 3, 4])
def test_negative_images(partners):
    encoder = stored()
    term = local_term(encoder, bound="infonce", negative_images=partners)
    joint, marginal = joint_and_marginal(scores_by_hand(term.critic, encoder), partners)
    expected = bounds.infonce(PairScores(joint, marginal))
    np.testing.assert_allclose(term.loss(encoder.features())[0], -expected, rtol=1e-4)


def test_self_score():
    encoder = stored()
    # High enough to count: six places of exp(2) each.
    joint, marginal = joint_and_marginal(scores_by_hand(local_term(encoder).critic, encoder))
    rivals = np.exp(marginal).sum(1, keepdims=True) + 6 * np.exp(2.0)
    softmax = np.exp(joint) / (np.exp(joint) + rivals)
    expected = np.mean(np.log(softmax)) + np.log(marginal.shape[1] + 1)
    term = local_term(encoder, bound="infonce", self_score=2.0)
    np.testing.assert_allclose(term.loss(encoder.features())[0], -expected, rtol=1e-4)


def test_sampled_places_are_places_of_their_image():
    # The critic of a map whose places all say which image they are of sees pairs of images only.
    images = np.arange(IMAGES, dtype=np.float32)
    local = np.tile(images[:, None, None, None], (1, 2, 3, 1))
    codes = np.tile(images[:, None, None, None], (1, 2, 2, 1))
    encoder = StoredEndpoints(**{"local": tf.constant(local), "global": tf.constant(codes)})
    critic = ConcatMapCritic((8,), seed=0)
    values = [
        term.loss(encoder.features(seed))[0]
        for term, seed in (
            (local_term(encoder, critic), (1, 2)),
            (local_term(encoder, critic, local_samples=2, global_samples=3), (1, 2)),
            (local_term(encoder, critic, local_samples=1), (3, 4)),
        )
    ]
    np.testing.assert_allclose(values[1:], values[0], rtol=1e-5)


def test_sampling_depends_on_the_seed_alone():
    encoder = stored((2, 2, 4))
    term = local_term(encoder, local_samples=2, global_samples=2, critic=ConcatMapCritic((8,)))
    first, again, other = (term.loss(encoder.features((1, seed)))[0] for seed in (2, 2, 3))
    assert first == again != other
    everything = local_term(
        encoder, local_samples=6, global_samples=4, critic=term.critic
    ).loss(encoder.features())[0]
    # All of them, in another order.
    full = local_term(encoder, critic=term.critic).loss(encoder.features())[0]
    np.testing.assert_allclose(everything, full, rtol=1e-5)


def global_critics(encoder):
    """Critics of whole maps, each with its scores of (codes, maps) in its own way."""
    tail = keras.Sequential([keras.layers.Flatten(), Dense(6, seed=1)])
    return {
        "inner_product": (InnerProdCritic(), "conv"),
        "concat": (ConcatCritic(8, seed=0), "conv"),
        "encoder_tail": (EncoderTailCritic(6, tail, seed=0), "local"),
    }


@pytest.mark.parametrize("name", ["inner_product", "concat", "encoder_tail"])
def test_global_pairs(name):
    encoder = stored((12,))
    critic, endpoint = global_critics(encoder)[name]
    term = GlobalInformation(critic, "infonce", weight=2.0, endpoint=endpoint)
    term.connect(EncodedViews({"image": encoder}))
    loss, metrics = term.loss(encoder.features())
    codes, maps = (encoder.endpoints(None)[one] for one in ("global", endpoint))
    flat = tf.reshape(maps, [IMAGES, -1])
    partner = maps if name == "encoder_tail" else flat
    scores = np.array([
        [critic(codes[i : i + 1], partner[j : j + 1])[0, 0] for j in range(IMAGES)]
        for i in range(IMAGES)
    ])
    if name == "inner_product":
        np.testing.assert_allclose(scores, codes @ tf.transpose(flat), rtol=1e-5)
    expected = bounds.infonce(scores)
    np.testing.assert_allclose(metrics["global_information"], expected, rtol=1e-5)
    np.testing.assert_allclose(loss, -2.0 * expected, rtol=1e-5)
    # The diagonal may be held against a constant, here of a high score.
    term = GlobalInformation(critic, "infonce", endpoint=endpoint, self_score=1.0)
    rivals = [
        np.log(sum(np.exp(scores[i, j]) for j in range(IMAGES) if j != i) + np.exp(1.0))
        for i in range(IMAGES)
    ]
    log_softmax = np.diag(scores) - np.logaddexp(np.diag(scores), rivals)
    expected = np.log(IMAGES) + log_softmax.mean()
    np.testing.assert_allclose(term.loss(encoder.features())[0], -expected, rtol=1e-5)


def test_several_globals_are_one_code_for_a_whole_map():
    maps = stored((2, 1, 6))
    endpoints = maps.endpoints(None)
    flat = StoredEndpoints(**{**endpoints, "global": tf.reshape(endpoints["global"], [IMAGES, 12])})
    losses = []
    for encoder in (maps, flat):
        term = GlobalInformation(InnerProdCritic())
        term.connect(EncodedViews({"image": encoder}))
        losses.append(term.loss(encoder.features())[0])
    assert losses[0] == losses[1]


@pytest.mark.parametrize("kind", ["local", "global"])
def test_the_activation_penalty_is_the_mean_square_of_the_embedding(kind):
    encoder = stored()
    critic = DotMapCritic(6, seed=0)
    if kind == "global":
        critic = EncoderTailCritic(6, keras.Sequential([keras.layers.Flatten(), Dense(6)]), seed=0)
    losses = []
    for penalty in (0.0, 0.3):
        options = {"weight": 0.5, "activation_penalty": penalty}
        term = (
            GlobalInformation(critic, endpoint="local", **options)
            if kind == "global"
            else LocalInformation(critic, **options)
        )
        term.connect(EncodedViews({"image": encoder}))
        losses.append(term.loss(encoder.features()))
    embedded = critic.embed_globals(encoder.endpoints(None)["global"], training=True).numpy()
    expected = 0.3 * np.mean(np.sum(embedded**2, axis=-1))
    np.testing.assert_allclose(losses[1][0] - losses[0][0], expected, rtol=1e-4)
    # The reported bound has no penalty in it.
    np.testing.assert_allclose(*(tuple(metrics.values()) for _, metrics in losses), rtol=1e-5)


def test_occluded_images_give_the_code_and_whole_ones_the_places():
    encoder = encoder_of("basic28x28", widths=(3, 4, 5), output_units=4, seed=0)
    encoder.build((None, 28, 28, 1))
    images = tf.constant(RNG.uniform(-1, 1, (4, 28, 28, 1)).astype(np.float32))
    features = Features(EncodedViews({"image": encoder}), {"image": images}, tf.constant([1, 2]))
    seen = features.read("occluded.global")
    assert np.abs(seen - features.read("global")).max() > 1e-4
    critic = DotMapCritic(5, seed=0)
    term = LocalInformation(critic, occluded=True)
    term.connect(EncodedViews({"image": encoder}))
    maps = critic(seen, features.read("local"))
    expected = bounds.jsd(PairScores.from_maps(maps))
    np.testing.assert_allclose(term.loss(features)[1]["local_information"], expected, rtol=1e-5)


def test_views_are_encoded_once_each():
    calls = []

    class Counting(StoredEndpoints):
        local_receptive_field = 2

        def endpoints(self, images, training=False):
            calls.append(training)
            return super().endpoints(images)

    endpoints = stored().endpoints(None)
    images = tf.zeros([IMAGES, 8, 8, 1])
    encoded = Counting(**endpoints).encoded()
    features = Features(encoded, {"image": images}, tf.constant([1, 2]), training=True)
    for occluded in (False, True, False, True):
        features.read("occluded.global" if occluded else "global")
    assert calls == [True, True]
    with pytest.raises(ValueError, match=r"no endpoint 'fc'. It has: local, conv, global"):
        features.read("fc")


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_bounds_are_float32_in_mixed_precision(policy):
    wide = stored()
    half = StoredEndpoints(**{
        name: tf.cast(value, policy.removeprefix("mixed_"))
        for name, value in wide.endpoints(None).items()
    })
    losses = []
    for encoder, dtype in ((wide, "float32"), (half, policy)):
        critic = DotMapCritic(6, seed=0, dtype=dtype)
        term = local_term(encoder, critic, activation_penalty=0.1, dtype=dtype)
        losses.append(term.loss(encoder.features())[0])
    assert losses[1].dtype == tf.float32
    np.testing.assert_allclose(losses[1], losses[0], rtol=0.05)


def terms():
    tail = keras.Sequential([keras.layers.Flatten(), Dense(6)])
    return [
        LocalInformation(
            DotMapCritic(6), "infonce", 0.5, True, 3, 2, 1, -10.0, 0.1, name="mine"
        ),
        LocalInformation(ConcatMapCritic((6, 5)), bounds.nwj),
        GlobalInformation(ConcatCritic(6), "nwj", 0.2, "fc", True, -10.0),
        GlobalInformation(EncoderTailCritic(6, tail), activation_penalty=0.1),
    ]


@pytest.mark.parametrize("position", range(4))
def test_config_makes_the_same_term(position):
    term = terms()[position]
    config = term.get_config()
    copy = type(term).from_config(config)
    # Reading a configuration does not use it up.
    again = type(term).from_config(config)
    through = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(term))
    for one in (copy, again, through):
        assert type(one.critic) is type(term.critic) and one.get_config() == term.get_config()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bound": "jds"}, r"Unknown bound 'jds'. Did you mean 'jsd'"),
        ({"bound": "minibatch_upper"}, r"reads scores: .*'minibatch_upper', which reads log_cond"),
        ({"weight": float("nan")}, r"`weight` must be 0 or more. Received: weight=nan"),
        ({"local_samples": 0}, r"`local_samples` must be a positive integer.* Received: .*0"),
        ({"local_samples": 7}, r"`local_samples` can be at most 6.* Received: .*7"),
        ({"global_samples": 2}, r"`global_samples` can be at most 1.* Received: .*2"),
        ({"negative_images": 5}, r"`negative_images` must be from 1 .* Received: .*=5"),
        ({"negative_images": 0}, r"`negative_images` must be from 1 .* Received: .*=0"),
        ({"activation_penalty": -1.0}, r"`activation_penalty` must be 0 or more. Received: .*-1.0"),
        (
            {"activation_penalty": 1.0, "critic": ConcatMapCritic()},
            r"activation penalty needs a critic that embeds.* Received: critic=ConcatMapCritic",
        ),
    ],
)
def test_wrong_options(options, message):
    encoder = stored()
    with pytest.raises(ValueError, match=message):
        local_term(encoder, **options).loss(encoder.features())


def test_endpoints_that_do_not_fit():
    codes = tf.zeros([3, 4])
    with pytest.raises(ValueError, match=r"'local' must be a map.* Received: shape \(5,\)"):
        local_term(StoredEndpoints(**{"local": tf.zeros([3, 5]), "global": codes}))
    with pytest.raises(ValueError, match=r"no endpoint 'local'. It has: global"):
        local_term(StoredEndpoints(**{"global": codes}))
    with pytest.raises(ValueError, match=r"no endpoint 'fc'. It has: global.* endpoint='fc'"):
        GlobalInformation(ConcatCritic(4), endpoint="fc").connect(
            StoredEndpoints(**{"global": codes}).encoded()
        )
    for tail, message in (
        (None, r"needs a tail.* Received: tail=None"),
        (keras.Sequential([keras.layers.Flatten()]), r"must have 6 outputs.* Received: .* 24"),
    ):
        with pytest.raises(ValueError, match=message):
            term = GlobalInformation(EncoderTailCritic(6, tail), endpoint="local")
            term.connect(stored().encoded())


@pytest.mark.parametrize("shared", ["critic", "layer"])
def test_terms_share_no_critic_and_no_layer(shared):
    tail = keras.layers.Dense(3)
    first = EncoderTailCritic(3, tail)
    second = first if shared == "critic" else EncoderTailCritic(3, tail)
    terms = [GlobalInformation(critic) for critic in (first, second)]
    for part in terms:
        assert checked_terms([part]) == [part]
    message = r"a critic, and other layers, of its own\. Received: .* objectives\[0\] and .*\[1\]"
    with pytest.raises(ValueError, match=message):
        checked_terms(terms)
    apart = [GlobalInformation(EncoderTailCritic(3, keras.layers.Dense(3))) for _ in range(2)]
    assert checked_terms(apart) == apart
