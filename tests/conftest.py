"""What every test process does once."""

import gc


def pytest_collection_finish():
    # TensorFlow, Keras and the collected tests are a million objects, which every full collection
    # of garbage would walk through: half a second each time.
    gc.collect()
    gc.freeze()
