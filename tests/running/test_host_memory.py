"""Buffers of a step are kept for the next one: counted by page faults."""

import json
import subprocess
import sys

import pytest

# A buffer of 96 MB is freed and needed again in every round; the first rounds may fetch it.
PROGRAM = """
import json, resource
from tf_infomax.running.host_memory import keep_buffers
keep_buffers()
import tensorflow as tf
compute = tf.function(lambda x: tf.reduce_max(tf.reshape(x, [-1, 1]) + tf.range(6000.0)))
x = tf.zeros([4000])
for _ in range(3):
    compute(x)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    compute(x)
after = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
print(json.dumps([after - before, float(compute(x))]))
"""


def counted(program=PROGRAM, **environment):
    done = subprocess.run(
        [sys.executable, "-c", program], env={"TF_CPP_MIN_LOG_LEVEL": "3", **environment},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.skipif(sys.platform != "linux", reason="page faults are counted as Linux has them")
@pytest.mark.slow
def test_steps_do_not_fetch_their_buffers_again_unless_the_user_wants_it():
    faults, value = counted()
    # 5 rounds of 96 MB are 120,000 pages of 4 KB.
    assert faults < 2_000
    without, same = counted(TF_CPU_ALLOCATOR_USE_BFC="false")
    assert value == same == 5_999.0
    # A process that was never asked to keep anything says whether there is anything to save here:
    # where the system hands memory out in blocks of MB, there is not.
    unasked, _ = counted(PROGRAM.replace("\nkeep_buffers()", ""), TF_CPU_ALLOCATOR_USE_BFC="false")
    if unasked <= 20_000:
        pytest.skip(f"fetching buffers again costs no page faults here, but {unasked}")
    assert without > 20_000
