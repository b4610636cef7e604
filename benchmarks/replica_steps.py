"""A training step of ``InfoMax`` on one batch, split over replicas that share this machine's cores.

What grows with the number of replicas is overhead: every replica scores its own rows of the matrix,
so that all together compute what one device does.
"""

import tensorflow as tf

from tf_infomax import InfoMax, critics
from tf_infomax.encoders import MLP
from tf_infomax.layers import optimizers

WIDTH = 392


def of_replicas(replicas, size):
    """A step on ``size`` pairs, by ``MirroredStrategy`` on logical CPUs if there are several."""
    (cpu,) = tf.config.list_physical_devices("CPU")
    logical = tf.config.LogicalDeviceConfiguration()
    tf.config.set_logical_device_configuration(cpu, [logical] * replicas)
    strategy = tf.distribute.get_strategy()
    if replicas > 1:
        strategy = tf.distribute.MirroredStrategy([f"CPU:{number}" for number in range(replicas)])
    with strategy.scope():
        encoders = [MLP((300, 300, 100), seed=seed) for seed in (0, 1)]
        model = InfoMax(*encoders, critics.SeparableCritic(seed=2), "infonce")
        model.build(((None, WIDTH), (None, WIDTH)))
        model.compile(optimizers.Adam(1e-4))
        model.optimizer.build(model.trainable_variables)
    x, noise = (tf.random.stateless_normal([size, WIDTH], [0, k]) for k in (0, 1))
    own = size // replicas

    def of_replica(context):
        first = context.replica_id_in_sync_group * own
        return x[first : first + own], (x + noise)[first : first + own]

    pairs = strategy.experimental_distribute_values_from_function(of_replica)

    @tf.function
    def step():
        results = strategy.run(lambda pair: model.update(*pair), args=(pairs,))
        return [strategy.experimental_local_results(results["loss"])[0]]

    return step


def of_each(replicas, size_of_each):
    """As ``of_replicas``, with the same number of pairs on every replica, whatever their number."""
    return of_replicas(replicas, replicas * size_of_each)
