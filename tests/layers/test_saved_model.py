"""SavedModels hold what their functions need besides variables."""

import keras
import numpy as np
import tensorflow as tf

from tf_infomax import InfoMax
from tf_infomax.critics import BilinearCritic

WORDS = np.array([["a b c"], ["b c"], ["c"], ["a a"]])


def test_lookup_tables_are_exported(tmp_path):
    text = keras.layers.TextVectorization(output_sequence_length=4)
    text.adapt(WORDS)
    layers = [text, keras.layers.Embedding(9, 4), keras.layers.GlobalAveragePooling1D()]
    encoder = keras.Sequential([keras.Input((1,), dtype="string"), *layers])
    model = InfoMax(encoder, None, BilinearCritic(4, seed=0))
    model.build((WORDS.shape, WORDS.shape))
    expected = model((tf.constant(WORDS), tf.constant(WORDS)))
    assert len(np.unique(np.round(expected, 6), axis=0)) == 4
    signature = [tf.TensorSpec([None, 1], tf.string)] * 2
    model.export(tmp_path / "model", verbose=False, input_signature=signature)
    # Nothing of the model itself is left to look words up in.
    del model, encoder, layers, text
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    found = loaded.signatures["serve"](view_1=tf.constant(WORDS), view_2=tf.constant(WORDS))
    np.testing.assert_allclose(found["scores"], expected, rtol=1e-6)
