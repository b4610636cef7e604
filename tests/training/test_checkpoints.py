"""Checkpoints: everything comes back, exactly."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.layers.optimizers import Adam
from tf_infomax.training.checkpoints import Checkpoints


def variables(seed):
    """Keras' and TensorFlow's, of several types, and an optimizer's slots."""
    rng = np.random.default_rng(seed)
    weight = keras.Variable(rng.normal(size=(3, 2)), dtype="float32")
    optimizer = Adam(1e-2)
    optimizer.build([weight])
    for _ in range(seed):
        optimizer.apply([tf.constant(rng.normal(size=(3, 2)), tf.float32)], [weight])
    return [weight, *optimizer.variables, tf.Variable(rng.normal(size=4)), tf.Variable(seed)]


def test_nothing_to_restore(tmp_path):
    mine = variables(1)
    before = [variable.numpy() for variable in mine]
    assert Checkpoints(tmp_path / "none", mine).restore() is None
    for ours, theirs in zip(mine, before, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_saved_and_restored_exactly(tmp_path):
    saved, fresh = variables(3), variables(1)
    Checkpoints(tmp_path, saved).save(step=7000, row_bytes=123_456_789_012)
    assert not np.array_equal(fresh[0], saved[0])
    # As a new process does it: other variables of the same kinds.
    assert Checkpoints(tmp_path, fresh).restore() == (7000, 123_456_789_012)
    for ours, theirs in zip(fresh, saved, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_last_two_are_kept(tmp_path):
    mine = variables(2)
    checkpoints = Checkpoints(tmp_path, mine)
    for step in (1000, 2000, 10_000):
        mine[-1].assign(step)
        checkpoints.save(step, row_bytes=step)
    assert {path.stem for path in tmp_path.glob("step-*")} == {"step-2000", "step-10000"}
    # TensorFlow's own tools find it, too.
    assert tf.train.latest_checkpoint(str(tmp_path)) == str(tmp_path / "step-10000")
    mine[-1].assign(0)
    assert Checkpoints(tmp_path, mine).restore() == (10_000, 10_000)
    assert mine[-1].numpy() == 10_000


def test_variables_of_another_model_are_refused(tmp_path):
    Checkpoints(tmp_path, variables(1)).save(1, 0)
    for other in (
        [*variables(1), tf.Variable(0.0)],
        [keras.Variable(np.zeros((5, 5)), dtype="float32"), *variables(1)[1:]],
        variables(1)[:-1],
    ):
        with pytest.raises(ValueError, match=rf"{tmp_path}/step-1 holds other variables"):
            Checkpoints(tmp_path, other).restore()


# ---- What time, disks and people do to the files. ------------------------------------------------


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def empty(path):
    path.write_bytes(b"")


HARMS = (cut, flip, empty, lambda path: path.unlink())
ENDS = ("index", "data-00000-of-00001")


def saved_at(folder, *steps):
    for step in steps:
        Checkpoints(folder, [tf.Variable([float(step)])]).save(step, 10 * step)


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("end", [*ENDS, "json"])
def test_a_damaged_checkpoint_is_passed_over_or_named(end, harm, tmp_path):
    saved_at(tmp_path, 4, 8)
    harm(tmp_path / f"step-8.{end}")
    weight, notes = tf.Variable([0.0]), []
    checkpoints = Checkpoints(tmp_path, [weight], notes.append)
    assert checkpoints.restore() == (4, 40)
    assert weight.numpy() == [4.0]
    (note,) = notes
    assert str(tmp_path / "step-8") in note and "step 4 is used instead" in note
    # With nothing left that can be read, the run must not start anew.
    harm(tmp_path / f"step-4.{end}")
    with pytest.raises(ValueError, match=rf"{tmp_path}/step-8.*delete the run"):
        checkpoints.restore()


def test_after_damage_the_damaged_one_is_forgotten(tmp_path):
    saved_at(tmp_path, 4, 8)
    flip(tmp_path / "step-8.data-00000-of-00001")
    checkpoints = Checkpoints(tmp_path, [tf.Variable([0.0])], lambda text: None)
    assert checkpoints.restore() == (4, 40)
    checkpoints.save(6, 60)
    assert {path.stem for path in tmp_path.glob("step-*")} == {"step-4", "step-6"}
    assert checkpoints.restore() == (6, 60)


@pytest.mark.parametrize("state", [None, "", "garbage {{{", 'model_checkpoint_path: "step-4"'])
def test_tensorflows_list_of_checkpoints_is_not_needed(state, tmp_path):
    saved_at(tmp_path, 4, 8)
    (tmp_path / "checkpoint").unlink()
    if state is not None:
        (tmp_path / "checkpoint").write_text(state)
    assert Checkpoints(tmp_path, [tf.Variable([0.0])]).restore() == (8, 80)


def of_earlier_version(folder, step):
    """As this package wrote them: by TensorFlow's manager, which kept one."""
    checkpoint = tf.train.Checkpoint(
        step=tf.Variable(step, dtype=tf.int64), row_bytes=tf.Variable(10 * step, dtype=tf.int64),
        variables=[tf.Variable([float(step)])],
    )
    tf.train.CheckpointManager(
        checkpoint, str(folder), max_to_keep=1, checkpoint_name="step"
    ).save(checkpoint_number=step)


def test_directories_of_earlier_versions_go_on(tmp_path):
    of_earlier_version(tmp_path, 4)
    # What it was writing when it was killed is no checkpoint.
    (tmp_path / "step-8.index").write_bytes(b"half")
    (tmp_path / "step-8_temp").mkdir()
    weight = tf.Variable([0.0])
    checkpoints = Checkpoints(tmp_path, [weight], pytest.fail)
    checkpoints.recover()
    assert checkpoints.restore() == (4, 40) and weight.numpy() == [4.0]
    assert checkpoints.measured is None  # It was saved after all measurements.
    checkpoints.save(8, 80)
    assert checkpoints.restore() == (8, 80) and checkpoints.measured == ()
    assert sorted(path.suffix for path in tmp_path.glob("step-*")) == [
        ".data-00000-of-00001", ".index", ".json",
    ]


@pytest.mark.parametrize("state_too", [False, True])
@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("end", ENDS)
def test_the_only_checkpoint_of_an_earlier_version_is_never_forgotten(
    end, harm, state_too, tmp_path
):
    of_earlier_version(tmp_path, 4)
    harm(tmp_path / f"step-4.{end}")
    if state_too:
        (tmp_path / "checkpoint").unlink()
    with pytest.raises(ValueError, match=rf"{tmp_path}/step-4"):
        Checkpoints(tmp_path, [tf.Variable([0.0])]).restore()


def test_what_a_dying_process_leaves_is_finished_or_removed(tmp_path):
    mine = [tf.Variable([1.0])]
    saved_at(tmp_path, 4, 8)
    before = {path.name for path in tmp_path.iterdir()}
    # Killed while moving the files of step 8, whose description tells that they were complete...
    state = (tmp_path / "checkpoint").read_text()
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "step-4"')
    for name in ("json", "index"):
        (tmp_path / f"step-8.{name}").rename(tmp_path / f"unfinished-8.{name}")
    # ... and while writing those of step 12.
    (tmp_path / "unfinished-12.data-00000-of-00001").write_bytes(b"half")
    (tmp_path / "unfinished-12.json").write_bytes(b"{")
    (tmp_path / "step-8.json.partial").write_bytes(b"{")
    checkpoints = Checkpoints(tmp_path, mine, pytest.fail)
    # A reader beside the process that writes touches nothing.
    assert checkpoints.restore() == (4, 40)
    assert (tmp_path / "unfinished-12.json").is_file()
    checkpoints.recover()
    assert {path.name for path in tmp_path.iterdir()} == before
    assert checkpoints.restore() == (8, 80)
    checkpoints.save(8, 80)
    assert (tmp_path / "checkpoint").read_text() == state


def test_what_was_measured_is_noted_with_the_length_of_the_rows(tmp_path):
    mine = [tf.Variable([1.0])]
    checkpoints = Checkpoints(tmp_path, mine)
    checkpoints.save(8, 80)
    checkpoints.note_measured("bound", 95)
    checkpoints.note_measured("linear_probe", 120)
    again = Checkpoints(tmp_path, mine)
    assert again.restore() == (8, 120) and again.measured == ("bound", "linear_probe")
    again.save(12, 130)
    assert again.restore() == (12, 130) and again.measured == ()


def test_wildcards_in_the_path(tmp_path):
    for name in ("run [1]", "a*b", "what?", "back\\slash", "per%20cent", "ü 'quoted\""):
        saved_at(tmp_path / name, 4)
        weight = tf.Variable([0.0])
        assert Checkpoints(tmp_path / name, [weight]).restore() == (4, 40), name
        assert weight.numpy() == [4.0]
