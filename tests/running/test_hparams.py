"""The settings of a run as TensorBoard's table has them."""

from tf_infomax.experiments import catalog
from tf_infomax.running.hparams import flat_settings


def test_settings_are_flat_and_named():
    (experiment,) = catalog.get("critic_impact")
    _, _, run = experiment.runs()[0]
    found = flat_settings(run.to_dict())
    assert found["train.batch_size"] == 128 and found["train.learning_rate"] == 1e-4
    assert found["encoder"] == "mlp" and found["data.name"] == "mnist"
    assert found["encoder.layer_dimensions"] == "300, 300, 100"
    assert found["objectives.mutual_information.critic"] == "bilinear"
    assert found["objectives.mutual_information.bound"] == "infonce"
    assert "seeds" in found and "evaluate" not in found
    assert all(isinstance(value, (str, bool, int, float)) for value in found.values())
