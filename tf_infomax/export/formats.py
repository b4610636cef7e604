"""Further formats of an export: TFLite (LiteRT) and ONNX, each read back and compared."""

import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf

from tf_infomax.export.proof import TOLERANCE, ProofError, largest_difference
from tf_infomax.layers.saved_model import write_saved_model
from tf_infomax.naming.registry import unknown_name
from tf_infomax.running.run_directory import EXPORT_FORMATS

__all__ = ["FORMATS", "check_formats", "file_names", "write_formats"]

TFLITE = "model.tflite"
_ROWS = ((1, 3), (4, 2))  # of the first and the second input


def check_formats(names):
    """Raises before any work: ``ValueError`` on an unknown format, ``ImportError`` on one whose
    libraries are missing."""
    for name in names:
        if name not in FORMATS:
            raise unknown_name("format", name, FORMATS)
    if "onnx" in names:
        _onnx_libraries()


def file_names(signatures):
    """Names of the files that the formats may write for signatures of these names."""
    return {TFLITE, *(f"{name}.onnx" for name in signatures)}


def write_formats(names, found, variables, path):
    """Writes the formats, reads them back and compares them with the live model.

    Args:
        names: of ``FORMATS``.
        found: dict of name -> ``Signature``.
        variables: the Keras variables behind them.
        path: folder of the export.

    Returns:
        Dict of "model.tflite/encode/code" and so on -> largest difference, as in ``proof.prove``.

    Raises:
        ValueError: if the model has an operation that the format lacks.
        ProofError: if a difference is above 1e-5.
    """
    differences = {}
    for name in names:
        for file, signature, run in FORMATS[name](found, variables, Path(path)):
            differences.update(_compared(file, signature, found[signature], run))
    return differences


def _compared(file, name, signature, run):
    rng = np.random.default_rng(0)
    differences = {}
    for rows in _ROWS:
        values = {
            spec.name: rng.random((rows[place % 2], *spec.shape[1:]), np.float32)
            for place, spec in enumerate(signature.inputs)
        }
        answers = run(values)
        tensors = {key: tf.constant(value) for key, value in values.items()}
        for output, expected in signature.function(**tensors).items():
            where = f"{file}/{name}/{output}"
            difference = largest_difference(answers.get(output), expected.numpy())
            # Not `>`: NaN must fail, too.
            if not difference <= TOLERANCE:
                raise ProofError(
                    f"The output {where} must equal the live model's to {TOLERANCE}. "
                    f"Received: a difference of {difference:.3g} at {rows[0]} rows."
                )
            differences[where] = max(differences.get(where, 0.0), difference)
    return differences


def _write_tflite(found, variables, path):
    """One file with all signatures; yields (file, signature, function of arrays by name)."""
    functions = {
        name: tf.function(signature.function).get_concrete_function(*signature.inputs)
        for name, signature in found.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        write_saved_model(folder, variables, functions)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=list(functions)
        )
        # Kernels of TFLite itself: a file that every interpreter reads.
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        try:
            (path / TFLITE).write_bytes(converter.convert())
        # The converter's own class of errors is not public.
        except Exception as error:
            raise _lacking("TFLite", error) from None
    interpreter = tf.lite.Interpreter(str(path / TFLITE))
    for name in found:
        yield TFLITE, name, _named(interpreter.get_signature_runner(name))


def _named(runner):
    return lambda values: runner(**values)


def _write_onnx(found, variables, path):
    """One file for each signature."""
    tf2onnx, onnxruntime = _onnx_libraries()
    for name, signature in found.items():
        file = path / f"{name}.onnx"
        # ONNX calls outputs by the names of the function's tensors.
        outputs = list(signature.function(**_one_row(signature)))

        @tf.function(input_signature=list(signature.inputs))
        def function(*tensors, signature=signature):
            given = {
                spec.name: value for spec, value in zip(signature.inputs, tensors, strict=True)
            }
            return {
                key: tf.identity(value, name=key)
                for key, value in signature.function(**given).items()
            }

        try:
            tf2onnx.convert.from_function(
                function, input_signature=list(signature.inputs), output_path=str(file)
            )
        except Exception as error:
            raise _lacking("ONNX", error) from None
        session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        yield file.name, name, _in_session(session, signature, outputs)


def _one_row(signature):
    return {spec.name: tf.zeros([1, *spec.shape[1:]], spec.dtype) for spec in signature.inputs}


def _in_session(session, signature, outputs):
    inputs = [one.name for one in session.get_inputs()]

    def run(values):
        given = {
            key: values[spec.name] for key, spec in zip(inputs, signature.inputs, strict=True)
        }
        return dict(zip(outputs, session.run(None, given), strict=True))

    return run


def _onnx_libraries():
    try:
        import onnxruntime
        import tf2onnx
    except ImportError as error:
        raise ImportError(
            "The format onnx needs tf2onnx and onnxruntime: pip install tf_infomax[onnx]. "
            f"Received: no module {error.name!r}."
        ) from None
    return tf2onnx, onnxruntime


def _lacking(format_name, error):
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    reason = (lines or [type(error).__name__])[0].strip().rstrip(".")
    return ValueError(f"{format_name} lacks an operation of this model. Received: {reason}.")


# Name -> generator of (file, signature, function that runs it after reading it back).
FORMATS = dict(zip(EXPORT_FORMATS, (_write_tflite, _write_onnx), strict=True))
