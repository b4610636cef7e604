"""Asks a TensorFlow Serving server for codes; needs NumPy only.

    python client.py http://localhost:8501 images.npy codes.npy

``images.npy`` holds what the export's README calls its input, for Deep InfoMax images
``[N, H, W, C]`` in [-1, 1], for MI-max flattened halves ``[N, D]`` in [0, 1].
"""

import json
import sys
import urllib.error
import urllib.request

import numpy as np

__all__ = ["codes_of", "request", "response"]

_AT_ONCE = 256  # examples in a request: JSON is text, and large


def request(examples, signature="encode", name="view"):
    """The body of a predict request: JSON, as bytes.

    Args:
        examples: ``[N, ...]``, as the signature takes them.
        signature: of the SavedModel.
        name: of its input; exports of images and of halves call it "view".
    """
    inputs = {name: np.asarray(examples, np.float32).tolist()}
    return json.dumps({"signature_name": signature, "inputs": inputs}).encode()


def response(body, output="code"):
    """The codes in the body of an answer, float32 ``[N, D]``."""
    outputs = json.loads(body)["outputs"]
    # The server leaves out the name of a single output.
    return np.asarray(outputs[output] if isinstance(outputs, dict) else outputs, np.float32)


def codes_of(server, examples, model="encoder", timeout=60.0):
    """Codes of many examples.

    Args:
        server: "http://host:8501".
        examples: ``[N, ...]``.
        model: its name in ``models.config``.
        timeout: seconds for each request.
    """
    found = []
    for start in range(0, len(examples), _AT_ONCE):
        asked = urllib.request.Request(
            f"{server}/v1/models/{model}:predict", request(examples[start : start + _AT_ONCE]),
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(asked, timeout=timeout) as answer:
                found.append(response(answer.read()))
        except urllib.error.HTTPError as error:
            # The server says what it expected.
            raise ValueError(f"{server} refused the request: {error.read().decode()}") from None
    return np.concatenate(found)


if __name__ == "__main__":
    address, source, target = sys.argv[1:]
    np.save(target, codes_of(address, np.load(source)))
