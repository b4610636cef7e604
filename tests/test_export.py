"""Exports of real, tiny runs: what they compute, what they say, and that a bad one is noticed."""

import errno
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_infomax
from tests.tiny import determinism_undone, plan_tiny
from tf_infomax import export
from tf_infomax.export import archive, formats, proof, trained
from tf_infomax.export.releases import release_name
from tf_infomax.naming import files
from tf_infomax.results.rows import Row, read_rows, write_rows
from tf_infomax.running import run as experiment_run

ROOT = Path(__file__).parents[1]
STEPS = 12
WIDTH = 32  # Half of a digit of 8 x 8 pixels.
SETTINGS = {
    "critic_impact": (
        "critic=separable", "encoder.layer_dimensions=16,6", "train.learning_rate=1e-2",
    ),
    "invertible": (),
    "adversarial": (),
    "dependent_samples": ("train.jit_compile=no",),
}


class Runs(dict):
    """Experiment -> directory of a run of it, carried out when it is first asked for."""

    def __init__(self, workdir):
        super().__init__()
        self._workdir = workdir

    def __missing__(self, name):
        with determinism_undone():
            (run,) = plan_tiny(self._workdir, name, *SETTINGS[name])
            assert experiment_run.execute(run) == experiment_run.FINISHED
        self[name] = run.directory
        return run.directory


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return Runs(tmp_path_factory.mktemp("work"))


@pytest.fixture(scope="module")
def exported(runs, tmp_path_factory):
    """The export of the MLP's run. Read only."""
    return export.export_model(runs["critic_impact"], tmp_path_factory.mktemp("out") / "model")


@pytest.fixture
def copied_run(runs, tmp_path):
    return Path(shutil.copytree(runs["critic_impact"], tmp_path / "copy"))


def views(rows, width=WIDTH, seed=0):
    return np.random.default_rng([seed, rows]).random((rows, width), np.float32)


def close(answer, expected):
    expected = np.asarray(expected)
    assert answer.shape == expected.shape
    scale = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(answer, expected, rtol=0, atol=1e-5 * scale)


def assert_computes_what_the_run_does(path, directory, num_rows=((1, 4), (5, 2), (64, 64))):
    """Against ``run.restore``, which rebuilds batches, optimizers and all."""
    trial, _ = experiment_run.restore(directory)
    loaded = tf.saved_model.load(str(path))
    width = loaded.signatures["score"].structured_input_signature[1]["view_1"].shape[1]
    for rows_1, rows_2 in num_rows:
        x, y = views(rows_1, width), views(rows_2, width, seed=1)
        score = loaded.signatures["score"](view_1=tf.constant(x), view_2=tf.constant(y))
        assert list(score) == ["scores"] and score["scores"].shape == (rows_1, rows_2)
        model = trial.model
        expected = model.critic(model.encoder_1(x), model.encoder_2(y))
        close(score["scores"], expected)
        if trial.encoder is not None:
            encode = loaded.signatures["encode"](view=tf.constant(x))
            assert list(encode) == ["code"]
            close(encode["code"], trial.encoder(x))


def test_signatures_compute_what_the_run_does_at_any_batch_size(exported, runs):
    assert_computes_what_the_run_does(exported, runs["critic_impact"])
    loaded = tf.saved_model.load(str(exported))
    assert set(loaded.signatures) == {"encode", "score"}


def test_flattened_or_not_by_the_saved_model_and_in_keras(exported):
    loaded, encoder = tf.saved_model.load(str(exported)), export.load_encoder(exported)
    flat, images = views(3), views(3).reshape(3, 4, 8, 1)
    for inputs in (flat, images):
        close(loaded.signatures["encode"](view=tf.constant(inputs))["code"], encoder(flat))
        close(encoder(inputs), encoder(flat))
    # Of another size: not cut into other rows.
    with pytest.raises(tf.errors.InvalidArgumentError, match="reshape"):
        loaded.signatures["encode"](view=tf.constant(views(3, 64)))
    assert "flattened or not" in export.summary(exported)


def test_both_views_have_encoders_of_their_own_in_score(exported):
    loaded = tf.saved_model.load(str(exported))
    score = loaded.signatures["score"]
    x, y = (tf.constant(views(3, seed=seed)) for seed in (0, 1))
    swapped = tf.transpose(score(view_1=y, view_2=x)["scores"])
    assert np.abs(score(view_1=x, view_2=y)["scores"] - swapped).max() > 1e-3


def test_the_trained_weights_are_exported_not_the_initial_ones(exported, runs):
    before = trained.build_model(
        experiment_run.RunDirectory.open(runs["critic_impact"]).experiment, (4, 8, 1)
    )
    code = tf.saved_model.load(str(exported)).signatures["encode"](view=tf.constant(views(4)))
    assert np.abs(code["code"] - before.encoder_1(views(4))).max() > 1e-3


@pytest.mark.slow
def test_flow(runs, tmp_path):
    path = export.export_model(runs["invertible"], tmp_path / "flow")
    assert_computes_what_the_run_does(path, runs["invertible"])
    x = views(6)
    codes = export.load_encoder(path)
    np.testing.assert_allclose(codes.inverse(codes(x)), x, atol=1e-5)


@pytest.mark.slow
def test_a_run_without_encoder_exports_its_critic_only(runs, tmp_path):
    path = export.export_model(runs["dependent_samples"], tmp_path / "critic")
    assert_computes_what_the_run_does(path, runs["dependent_samples"])
    assert set(tf.saved_model.load(str(path)).signatures) == {"score"}
    card = json.loads((path / "card.json").read_text(encoding="utf-8"))
    assert card["code_width"] is None and card["view"]["range"] is None
    assert not (path / "encoder.keras").exists()
    for place in (path, runs["dependent_samples"]):
        with pytest.raises(ValueError, match="Expected a run with an encoder"):
            export.load_encoder(place)


@pytest.mark.slow
def test_a_run_without_critic_encodes_only(runs):
    restored = export.restore_trained(runs["adversarial"])
    found = export.signatures(restored)
    assert set(found) == {"encode"} and restored.step == STEPS
    trial, _ = experiment_run.restore(runs["adversarial"])
    close(found["encode"].function(views(3))["code"], trial.encoder(views(3)))


# By default the export's own proof does it, for the fixture.
@pytest.mark.slow
def test_works_in_a_process_without_this_package(exported, runs):
    script = (
        "import sys; sys.modules['tf_infomax'] = None\n"
        "import numpy as np, tensorflow as tf\n"
        "view = np.random.default_rng([0, 2]).random((2, 32), np.float32)\n"
        f"loaded = tf.saved_model.load({str(exported)!r})\n"
        "print(loaded.signatures['encode'](view=tf.constant(view))['code'].numpy().tolist())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    trial, _ = experiment_run.restore(runs["critic_impact"])
    close(np.asarray(json.loads(done.stdout.splitlines()[-1])), trial.encoder(views(2)))


def test_the_proof_refuses_a_process_in_which_the_package_can_be_imported():
    blocking = "sys.meta_path.insert(0, Blocked())\n"
    assert blocking in proof._SCRIPT
    done = subprocess.run(
        [sys.executable, "-c", proof._SCRIPT.replace(blocking, "")],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )
    assert done.returncode == 1 and "tf_infomax can be imported" in done.stderr


def test_card(exported, runs):
    card = json.loads((exported / "card.json").read_text(encoding="utf-8"))
    expected = {
        "experiment": "critic_impact", "variant": "separable-infonce", "seed": 0, "step": STEPS,
        "dataset": "digits", "code_width": 6,
        "view": {
            "shape": [4, 8, 1], "flattened": 32, "range": [0, 1],
            "accepted": [[None, 32], [None, 4, 8, 1]],
        },
        "signatures": {
            "encode": {"inputs": {"view": [None, 32]}, "outputs": {"code": [None, 6]}},
            "score": {
                "inputs": {"view_1": [None, 32], "view_2": [None, 32]},
                "outputs": {"scores": [None, None]},
            },
        },
    }
    assert {key: card[key] for key in expected} == expected
    assert card["source"].startswith("Tschannen et al. (2020)")
    # 12 steps of 32 of the 1,437 digits.
    assert card["training"]["epochs"] == pytest.approx(12 * 32 / 1437)
    assert card["training"]["images"] == 1437 and card["training"]["batch_size"] == 32
    assert len(card["data_checksum"]) == 64
    page = (exported / "README.md").read_text(encoding="utf-8")
    (accuracy,) = (number["value"] for number in card["numbers"]
                   if number["metric"] == "probe/linear/accuracy" and number["step"] == STEPS)
    for text in ("Data: Digits (`digits`)", "12 steps of 32 examples, 0.267 epochs of 1,437 images",
                 "float32 4 x 8 x 1, pixels in [0, 1], flattened to 32 numbers",
                 f"| probe/linear/accuracy | test | code | 12 | {accuracy:.4f} |"):
        assert text in page, text
    assert card["versions"]["tensorflow"] == tf.__version__
    assert set(card["proof"]["largest_difference"]) == {
        "encode/code", "score/scores", "encoder.keras"
    }
    assert max(card["proof"]["largest_difference"].values()) <= 1e-5
    rows = read_rows(runs["critic_impact"] / "rows.jsonl")
    for metric, split, features, step in (
        ("probe/linear/accuracy", "test", "code", STEPS),
        ("probe/linear/accuracy", "test", "pixels", 0),
        ("bound", "test", None, STEPS),
        ("bound", "train", None, STEPS),
        ("train/bound", "train", None, STEPS),
    ):
        what = (metric, split, features, step)
        (number,) = [
            entry for entry in card["numbers"]
            if (entry["metric"], entry["split"], entry.get("features"), entry["step"]) == what
        ]
        (row,) = [
            row for row in rows
            if (row.metric, row.split, row.tags.get("features"), row.step) == what
        ]
        assert (number["value"], number["unit"]) == (row.value, row.unit)
    assert len(card["numbers"]) == 5


def test_the_card_ignores_rows_younger_than_the_checkpoint(copied_run):
    with open(copied_run / "rows.jsonl", encoding="utf-8") as file:
        late = {**json.loads(file.readlines()[-1]), "step": STEPS + 10, "value": 99.0}
    with open(copied_run / "rows.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps(late) + "\n")
    card = archive._card(copied_run, export.restore_trained(copied_run), {}, {})
    assert card["numbers"] and all(number["value"] != 99.0 for number in card["numbers"])


def test_images_are_needed_only_where_the_shape_of_views_was_not_noted(copied_run, monkeypatch):
    loaded = []
    load = trained.load_images

    def counted(experiment, data_dir):
        loaded.append(experiment.data.name)
        return load(experiment, data_dir)

    monkeypatch.setattr(trained, "load_images", counted)
    first = export.restore_trained(copied_run)
    assert loaded == [] and first.view_shape == (4, 8, 1)
    (copied_run / "views.json").unlink()
    second = export.restore_trained(copied_run)
    assert loaded == ["digits"] and second.view_shape == (4, 8, 1)
    np.testing.assert_array_equal(first.encoder(views(3)), second.encoder(views(3)))


@pytest.mark.slow
def test_an_export_that_differs_is_noticed_and_the_former_one_stays(
    copied_run, exported, tmp_path, monkeypatch
):
    former = Path(shutil.copytree(exported, tmp_path / "out/model"))
    card = (former / "card.json").read_bytes()

    def save_and_change_the_live_model(found, variables, path):
        shapes = archive_save(found, variables, path)
        variables[0].assign_add(tf.fill(variables[0].shape, 1e-3))
        return shapes

    archive_save = archive.save
    monkeypatch.setattr(archive, "save", save_and_change_the_live_model)
    with pytest.raises(export.ProofError, match=r"encode/code of the export .* a difference of"):
        export.export_model(copied_run, former)
    assert [entry.name for entry in former.parent.iterdir()] == ["model"]
    assert (former / "card.json").read_bytes() == card


@pytest.mark.slow
def test_an_export_that_cannot_be_loaded_is_noticed(copied_run, tmp_path, monkeypatch):
    def save_and_damage(found, variables, path):
        shapes = archive_save(found, variables, path)
        (path / "saved_model.pb").write_bytes(b"")
        return shapes

    archive_save = archive.save
    monkeypatch.setattr(archive, "save", save_and_damage)
    with pytest.raises(export.ProofError, match="must load in a fresh process"):
        export.export_model(copied_run, tmp_path / "out/model")
    assert list((tmp_path / "out").iterdir()) == []


def _measured(folder):
    """Puts rows of a later evaluation into the folder of an export; returns the file's bytes."""
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    row = Row(card["experiment"], card["variant"], 0, STEPS, "test", "rankme", 3.0, "1")
    write_rows(folder / "evaluation.jsonl", [row])
    return (folder / "evaluation.jsonl").read_bytes()


def test_an_export_behind_a_link_is_replaced_there_with_its_measurements(
    copied_run, exported, tmp_path, monkeypatch
):
    # The proof, in a process of its own, is another test's matter.
    monkeypatch.setattr(archive, "prove", lambda path, found: {"encode/code": 0.0})
    real = Path(shutil.copytree(exported, tmp_path / "disk/model"))
    rows = _measured(real)
    link = tmp_path / "served"
    link.symlink_to(real)
    export.export_model(copied_run, link)
    assert link.is_symlink() and sorted(tmp_path.glob(".served*")) == []
    assert [entry.name for entry in real.parent.iterdir()] == ["model"]
    card = json.loads((link / "card.json").read_text(encoding="utf-8"))
    assert card["proof"]["largest_difference"]["encode/code"] == 0.0
    assert (real / "evaluation.jsonl").read_bytes() == rows
    # Rows of another run's export do not stay.
    (real / "card.json").write_text(json.dumps({**card, "seed": 1}), encoding="utf-8")
    export.export_model(copied_run, link)
    assert not (real / "evaluation.jsonl").exists()


def test_what_killed_exports_left_is_removed(exported, tmp_path):
    output = Path(shutil.copytree(exported, tmp_path / "model"))
    left, held, young = (tmp_path / f".model.partial-{number}" for number in (1, 2, 3))
    for folder in (left, held, young, tmp_path / ".model.former-1", tmp_path / ".other.partial-1"):
        folder.mkdir()
        os.utime(folder, (1e9, 1e9))
    os.utime(young)
    handle = os.open(held, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with archive._written_in_one_move(output) as partial:
        (partial / "card.json").write_text("{}", encoding="utf-8")
    os.close(handle)
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        held.name, young.name, ".other.partial-1", "model",
    ]  # fmt: skip
    assert [path.name for path in output.iterdir()] == ["card.json"]


def test_an_export_onto_a_full_disk_is_one_sentence(copied_run, exported, tmp_path, monkeypatch):
    former = Path(shutil.copytree(exported, tmp_path / "out/model"))
    card = (former / "card.json").read_bytes()

    def full(module, path, signatures):
        raise tf.errors.ResourceExhaustedError(None, None, f"{path}; No space left on device")

    monkeypatch.setattr(tf.saved_model, "save", full)
    wanted = r"The export cannot be written to .*/out \(.*No space left.*\)\. Make room there, and"
    with pytest.raises(OSError, match=wanted):
        export.export_model(copied_run, former)
    assert [entry.name for entry in former.parent.iterdir()] == ["model"]
    assert (former / "card.json").read_bytes() == card


def test_a_release_that_cannot_be_written_leaves_the_former_one(exported, tmp_path, monkeypatch):
    packed = export.release(exported, tmp_path)
    before = packed.read_bytes()

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match=rf"No space left on device: '{packed}'"):
        export.release(exported, tmp_path)
    assert packed.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["SHA256SUMS", packed.name])


@pytest.mark.parametrize(
    ("answer", "expected", "difference"),
    [
        ([[1.0, 2.0]], [[1.0, 2.5]], 0.5 / 2.5),
        ([[0.1]], [[0.2]], 0.1),
        ([[1.0]], [[1.0], [1.0]], np.inf),
        ([[np.nan]], [[1.0]], np.nan),
        (None, [[1.0]], np.inf),
    ],
)
def test_largest_difference(answer, expected, difference):
    np.testing.assert_allclose(proof.largest_difference(answer, expected), difference, rtol=1e-12)


def test_folders_of_others_are_never_replaced(copied_run, exported, tmp_path):
    mixed = Path(shutil.copytree(exported, tmp_path / "mixed"))
    (mixed / "notes.txt").write_text("mine", encoding="utf-8")
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "card.json").write_text('{"format": "of others"}', encoding="utf-8")
    file = tmp_path / "file"
    file.touch()
    for output in (mixed, foreign, file, copied_run):
        with pytest.raises(ValueError, match="new folder, or an earlier export") as caught:
            export.export_model(copied_run, output)
        assert str(output) in str(caught.value)
    assert (mixed / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_errors_about_the_run(copied_run, runs, tmp_path):
    both = [runs[name] for name in ("critic_impact", "dependent_samples")]
    with pytest.raises(FileNotFoundError, match="the work directory") as caught:
        export.export_model(both[0].parents[3])
    assert all(str(directory) in str(caught.value) for directory in both)
    with pytest.raises(FileNotFoundError, match="Expected the directory of one run"):
        export.export_model(tmp_path / "nowhere")
    for file in (copied_run / "checkpoints").glob("step-*.data*"):
        file.write_bytes(b"damaged")
    with pytest.raises(ValueError, match=r"step-\d+\.data.* is damaged"):
        export.export_model(copied_run)
    shutil.rmtree(copied_run / "checkpoints")
    (copied_run / "checkpoints").mkdir()
    with pytest.raises(FileNotFoundError, match="Expected a checkpoint"):
        export.export_model(copied_run)
    (copied_run / "experiment.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ValueError, match=r"experiment\.json cannot be read as .* \(KeyError"):
        export.export_model(copied_run)
    assert not (copied_run / "export").exists()


def test_a_checkpoint_of_another_model_is_refused(copied_run):
    description = copied_run / "experiment.json"
    plain = json.loads(description.read_text(encoding="utf-8"))
    plain["encoder"]["options"]["layer_dimensions"] = [12, 6]
    description.write_text(json.dumps(plain), encoding="utf-8")
    with pytest.raises(ValueError, match=r"holds other variables than the experiment\.json"):
        export.restore_trained(copied_run)


def test_the_encoder_in_a_keras_model_of_ones_own(exported, runs):
    encoder = export.load_encoder(exported)
    np.testing.assert_array_equal(
        encoder(views(4)), export.load_encoder(runs["critic_impact"])(views(4))
    )
    model = keras.Sequential([encoder, keras.layers.Dense(10)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = encoder(views(4)).numpy()
    history = model.fit(views(8), np.arange(8), epochs=1, verbose=0)
    assert np.isfinite(history.history["loss"][0])
    assert np.abs(encoder(views(4)) - before).max() > 0
    assert encoder.count_params() == 32 * 16 + 16 + 16 * 6 + 6


def test_a_packed_export_is_loaded_as_it_was(exported, tmp_path):
    x = views(3)
    expected = export.load_encoder(exported)(x).numpy()
    for name in ("encoder.zip", "encoder.tar.gz"):
        packed = export.pack(exported, tmp_path / name)
        assert packed == tmp_path / name
        loaded = export.load_pretrained(packed)
        np.testing.assert_array_equal(loaded(x).numpy(), expected)
        assert loaded.card["experiment"] == "critic_impact" and loaded.card["step"] == STEPS
        assert loaded.card["versions"]["tf_infomax"] == tf_infomax.__version__
    np.testing.assert_array_equal(tf_infomax.load_pretrained(exported)(x).numpy(), expected)
    (tmp_path / "other.zip").write_bytes(b"no archive")
    with pytest.raises(ValueError, match=r"Expected a \.zip or \.tar\.gz.*Received: "):
        export.load_pretrained(tmp_path / "other.zip")
    with pytest.raises(ValueError, match=r"must end in \.zip or \.tar\.gz. Received: output="):
        export.pack(exported, tmp_path / "encoder.rar")


def test_a_release_is_named_after_what_was_trained_and_has_a_checksum(exported, tmp_path):
    folder = tmp_path / "dist"
    packed = export.release(exported, folder)
    card = json.loads(Path(exported, "card.json").read_text(encoding="utf-8"))
    epochs = card["step"] * card["training"]["batch_size"] / card["training"]["images"]
    assert packed.parent == folder
    assert packed.name == (
        f"critic_impact-{card['variant'].replace('-', '_')}-digits-{epochs:.3g}epochs-seed0-"
        f"{tf_infomax.__version__}.zip"
    )
    np.testing.assert_array_equal(
        tf_infomax.load_pretrained(packed)(views(3)).numpy(),
        export.load_encoder(exported)(views(3)).numpy(),
    )
    with zipfile.ZipFile(packed) as archive:
        assert {Path(name).parts[0] for name in archive.namelist()} == {packed.stem}
    # Another release stays beside it; the same one again has one line.
    sums = folder / "SHA256SUMS"
    other = "0" * 64 + "  a.zip"
    sums.write_text(f"{other}\n{sums.read_text(encoding='utf-8')}", encoding="utf-8")
    export.release(exported, folder)
    digest = hashlib.sha256(packed.read_bytes()).hexdigest()
    assert sums.read_text(encoding="utf-8") == f"{other}\n{digest}  {packed.name}\n"
    with pytest.raises(FileNotFoundError, match="Expected the folder of an export"):
        export.release(tmp_path, folder)
    with pytest.raises(ValueError, match=rf"another folder .* Received: output={exported}\."):
        export.release(exported, exported)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "dim_local-infonce-cifar10-50epochs-seed0-0.1.0"),
        ({"variant": "default"}, "dim_local-cifar10-50epochs-seed0-0.1.0"),
        ({"dataset": "/home/me/my faces.npz"}, "dim_local-infonce-my_faces-50epochs-seed0-0.1.0"),
        ({"training": {"epochs": None, "steps": 200}},
         "dim_local-infonce-cifar10-200steps-seed0-0.1.0"),
    ],
)  # fmt: skip
def test_names_of_releases(changes, name):
    card = {
        "experiment": "dim_local", "variant": "infonce", "dataset": "cifar10", "seed": 0,
        "training": {"epochs": 49.98, "steps": 39_050}, "versions": {"tf_infomax": "0.1.0"},
    }  # fmt: skip
    assert release_name({**card, **changes}) == name


def test_formats_are_checked_before_any_work(runs, monkeypatch):
    with pytest.raises(ValueError, match=r"Unknown format 'onx'. Did you mean 'onnx'"):
        export.export_model(runs["critic_impact"], formats=["onx"])
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(ImportError, match=r"pip install tf_infomax\[onnx\]"):
        export.export_model(runs["critic_impact"], formats=["onnx"])
    assert not Path(runs["critic_impact"], "export").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tflite", "onnx"])
def test_further_formats_compute_what_the_run_does(name, runs, tmp_path):
    if name == "onnx":
        pytest.importorskip("tf2onnx")
        onnxruntime = pytest.importorskip("onnxruntime")
    path = export.export_model(runs["critic_impact"], tmp_path / "model", formats=[name])
    x = views(5)
    if name == "tflite":
        interpreter = tf.lite.Interpreter(str(path / "model.tflite"))
        code = interpreter.get_signature_runner("encode")(view=x)["code"]
    else:
        session = onnxruntime.InferenceSession(str(path / "encode.onnx"))
        (code,) = session.run(None, {session.get_inputs()[0].name: x})
    close(code, export.load_encoder(path)(x).numpy())
    found = json.loads((path / "card.json").read_text())["proof"]["largest_difference"]
    files = {"tflite": "model.tflite/score", "onnx": "score.onnx/score"}
    assert found[f"{files[name]}/scores"] <= 1e-5
    # An export with further formats is replaced like any other.
    assert export.export_model(runs["critic_impact"], path) == path


@pytest.mark.slow
def test_a_wrong_format_is_noticed(runs, tmp_path, monkeypatch):
    def shifted(found, variables, path):
        for file, signature, run in write(found, variables, path):
            yield file, signature, lambda values, run=run: {
                key: value + 1e-3 for key, value in run(values).items()
            }

    write = formats.FORMATS["tflite"]
    monkeypatch.setitem(formats.FORMATS, "tflite", shifted)
    with pytest.raises(export.ProofError, match=r"model.tflite/encode/code must equal"):
        export.export_model(runs["critic_impact"], tmp_path / "model", formats=["tflite"])
    assert not (tmp_path / "model").exists()
