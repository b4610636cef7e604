"""Local InfoNCE from one log-sum-exp an anchor, against a row of logits for every positive.

Both compute the loss of a batch of N images with L places and one global each, and its gradient by
the scores; both exclude the places of the own image. The first is ``bounds.infonce`` on
``PairScores.from_maps``; the second writes the softmax out, as ``N L`` rows of ``1 + N L`` logits.
Every measurement is a process of its own, so that its peak of memory is its own; the value of the
loss is compared, and the ratios are printed.

    python benchmarks/local_infonce.py [--images 64] [--places 64] [--repetitions 10] [--xla]
"""

import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import time


def from_scores(u):
    """The package's InfoNCE without its normaliser."""
    import tensorflow as tf

    from tf_infomax import bounds
    from tf_infomax.scores import PairScores

    scores = PairScores.from_maps(u)
    return tf.math.log(scores.num_marginal + 1.0) - bounds.infonce(scores)


def from_rows(u):
    """The same as a cross entropy over one row of logits for every positive."""
    import tensorflow as tf

    num_images, num_globals, _, num_places = u.shape
    own = tf.eye(num_images, dtype=tf.bool)[:, tf.newaxis, :, tf.newaxis]
    negatives = tf.where(own, -float("inf"), u)
    negatives = tf.reshape(negatives, [num_images, num_globals, 1, num_images * num_places])
    rows = [num_images, num_globals, num_places, num_images * num_places]
    images = tf.range(num_images)
    positives = tf.gather(u, images, axis=2, batch_dims=1)[..., tf.newaxis]
    logits = tf.concat([positives, tf.broadcast_to(negatives, rows)], axis=-1)
    return -tf.reduce_mean(tf.nn.log_softmax(logits)[..., 0])


FORMS = {"one log-sum-exp an anchor": from_scores, "a row of logits a positive": from_rows}


def measure(form, images, places, repetitions, xla):
    """(median seconds, GiB of memory beyond what is there before the first step, loss)."""
    import tensorflow as tf

    @tf.function(jit_compile=xla)
    def loss_and_gradient(u):
        with tf.GradientTape() as tape:
            tape.watch(u)
            loss = FORMS[form](u)
        return loss, tape.gradient(loss, u)

    u = tf.random.stateless_normal([images, 1, images, places], [0, 0])
    before = _peak()
    loss = float(loss_and_gradient(u)[0])
    seconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        loss_and_gradient(u)[1].numpy()
        seconds.append(time.perf_counter() - start)
    return sorted(seconds)[len(seconds) // 2], _peak() - before, loss


def _peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--places", type=int, default=64)
    parser.add_argument("--repetitions", type=int, default=10)
    parser.add_argument("--xla", action="store_true")
    parser.add_argument("--form", choices=FORMS, help="measure this one in the process itself")
    options = parser.parse_args()
    if options.form is not None:
        arguments = {name: value for name, value in vars(options).items() if name != "form"}
        print(json.dumps(measure(options.form, **arguments)))
        return
    # Imports TensorFlow and the package wherever this is started from.
    root = str(pathlib.Path(__file__).resolve().parents[1])
    environment = {**os.environ, "PYTHONPATH": root, "TF_CPP_MIN_LOG_LEVEL": "3"}
    found = []
    for form in FORMS:
        command = [sys.executable, __file__, *sys.argv[1:], "--form", form]
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        found.append(json.loads(done.stdout.splitlines()[-1]))
        seconds, gigabytes, loss = found[-1]
        print(f"{form:>27}: {1000 * seconds:9.1f} ms, {gigabytes:7.3f} GiB, loss {loss:.6f}")
    (fast, small, loss), (slow, large, other_loss) = found
    assert abs(loss - other_loss) < 1e-4 * abs(other_loss), "the two losses differ"
    print(f"{'ratio':>27}: {slow / fast:9.1f}     {large / small:8.1f}")


if __name__ == "__main__":
    main()
