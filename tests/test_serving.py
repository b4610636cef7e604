"""The client for TensorFlow Serving, against the signature of an export behind the REST protocol.

The server itself is not at hand: a small HTTP server answers as its documentation says.
"""

import http.server
import importlib.util
import json
import threading
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.tiny import determinism_undone, plan_tiny
from tf_infomax import export
from tf_infomax.running.run import execute

FOLDER = Path(__file__).parents[1] / "docs/serving"


@pytest.fixture(scope="module")
def client():
    spec = importlib.util.spec_from_file_location("client_under_test", FOLDER / "client.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The export of a run, as version 1 of the model."""
    workdir = tmp_path_factory.mktemp("serving")
    with determinism_undone():
        (run,) = plan_tiny(workdir, "critic_impact")
        execute(run)
    return export.export_model(run.directory, workdir / "models/encoder/1")


@pytest.fixture
def server(exported):
    """Address of a server with the predict call of TensorFlow Serving's REST API."""
    loaded = tf.saved_model.load(str(exported))

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                assert self.path == "/v1/models/encoder:predict"
                run = loaded.signatures[asked["signature_name"]]
                _, specs = run.structured_input_signature
                inputs = {name: tf.constant(value, specs[name].dtype)
                          for name, value in asked["inputs"].items()}
                outputs = {name: value.numpy().tolist() for name, value in run(**inputs).items()}
                # One output goes without its name.
                status, answer = 200, {"outputs": next(iter(outputs.values()))}
                if len(outputs) > 1:
                    answer = {"outputs": outputs}
            except Exception as error:
                status, answer = 400, {"error": str(error)}
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("localhost", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://localhost:{running.server_port}"
        running.shutdown()


@pytest.mark.slow
def test_codes_through_http_are_those_of_the_encoder(client, server, exported):
    views = np.random.default_rng(0).random((300, 32), np.float32)  # more than one request
    expected = export.load_encoder(exported)(views).numpy()
    np.testing.assert_allclose(client.codes_of(server, views), expected, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="refused the request: "):
        client.codes_of(server, views[:, :5])


def test_the_request_as_the_protocol_has_it(client):
    body = json.loads(client.request([[0.5, 0.25]]))
    assert body == {"signature_name": "encode", "inputs": {"view": [[0.5, 0.25]]}}
    named = client.response(b'{"outputs": {"code": [[1.0, 2.0]], "other": [0.0]}}')
    np.testing.assert_array_equal(named, [[1.0, 2.0]])


def test_the_configuration_names_the_model_of_the_client(client):
    text = (FOLDER / "models.config").read_text()
    assert 'name: "encoder"' in text and 'base_path: "/models/encoder"' in text
    assert text.count("{") == text.count("}")
