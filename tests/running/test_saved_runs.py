"""Run directories of the code before the rewriting: they go on, and give the rows they would have.
"""

import json
import math
import pathlib
import shutil

import numpy as np
import pytest

from tests.saved_before import make_runs
from tests.tiny import determinism_undone
from tf_infomax import export
from tf_infomax.results import read_rows
from tf_infomax.running.run import FINISHED, Run, execute
from tf_infomax.running.run_directory import RunDirectory

FOLDER = pathlib.Path(make_runs.__file__).parent / "runs"


@pytest.fixture
def continued(request, tmp_path):
    """The directory of a run that an older version left at step 4 of 8, carried out to its end."""
    directory = tmp_path / "runs" / "experiment" / "variant" / "seed_0"
    shutil.copytree(FOLDER / request.param, directory)
    description = directory / "experiment.json"
    plain = json.loads(description.read_text(encoding="utf-8"))
    plain["data"]["name"] = str(FOLDER / "stripes.npz")
    description.write_text(json.dumps(plain), encoding="utf-8")
    experiment = RunDirectory.open(directory).experiment
    with determinism_undone():
        assert execute(Run(experiment, "variant", directory)) == FINISHED
    return directory


@pytest.mark.parametrize(
    "continued",
    # One of pairs and one of images.
    [
        pytest.param(one, marks=() if one in ("mine", "images") else pytest.mark.slow)
        for one in make_runs.RUNS
    ],
    indirect=True,
)
def test_a_run_goes_on_where_the_version_before_was_stopped(continued):
    whole = json.loads((continued / "whole_rows.json").read_text(encoding="utf-8"))
    ours = {(r.step, r.metric, r.split, r.tags.get("features")): r for r in read_rows(continued)}
    steps = {row["step"] for row in whole}
    assert {2, 4, 6, 8} <= steps
    for row in whole:
        found = ours[row["step"], row["metric"], row["split"], row.get("features")]
        assert found.unit == row["unit"]
        # Rows of up to step 4 are theirs; after it other versions of TensorFlow may round anew.
        assert math.isclose(found.value, row["value"], rel_tol=1e-4, abs_tol=1e-6), row
    assert len(ours) == len(read_rows(continued)), "a row is doubled"


@pytest.mark.parametrize("continued", ["pairs"], indirect=True)
def test_its_encoder_is_exported(continued):
    halves = np.zeros((2, 14 * 28), np.float32)
    assert export.load_encoder(continued)(halves).shape == (2, 4)
