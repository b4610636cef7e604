"""Presets shorten every experiment of the catalogue, and each has a cost."""

import pytest

from tf_infomax.experiments import catalog, extent, presets
from tf_infomax.experiments.overrides import override
from tf_infomax.experiments.study import study

EXPERIMENTS = {
    f"{name}: {one.name}": one for name in catalog.names() for one in catalog.get(name)
}


@pytest.mark.parametrize("key", sorted(EXPERIMENTS))
def test_short_is_short_and_has_a_cost(key):
    experiment = EXPERIMENTS[key]
    short = override(experiment, presets.preset(experiment, "short"))
    cost = presets.cost(experiment)
    assert 0 < cost.short <= cost.paper and set(cost.measured) <= set(presets.PRESETS)
    # Nothing is swept that was not, and an experiment keeps its evaluators and its data.
    assert {path for path, _ in short.sweep} <= {path for path, _ in experiment.sweep}
    if hasattr(experiment, "train"):
        assert short.train.steps <= experiment.train.steps
        assert short.data == experiment.data
        assert [one.name for one in short.evaluate] == [one.name for one in experiment.evaluate]


def test_what_is_short_already_stays_as_it_is():
    # 236 CPU seconds were measured.
    members = catalog.get("quick_start")
    assert all(presets.preset(one, "short") == () for one in members)
    assert extent.cpu_time(members) == extent.cpu_time(members, "short") == "~4 min"
    (paper,) = catalog.get("critic_impact")
    assert presets.cost(paper).paper > 60 * presets.cost(members[0]).paper


def test_explicit_settings_come_after_the_preset():
    (experiment,) = catalog.get("critic_impact")
    short = override(experiment, presets.preset(experiment, "short"))
    assert override(short, ["train.steps=77"]).train.steps == 77 != short.train.steps


def test_paper_is_the_catalogue():
    (experiment,) = catalog.get("critic_impact")
    assert presets.preset(experiment, "paper") == ()


def test_unknown_presets_and_experiments():
    (experiment,) = catalog.get("critic_impact")
    with pytest.raises(ValueError, match=r"Unknown preset 'shrot'\. Did you mean 'short'"):
        presets.preset(experiment, "shrot")
    with pytest.raises(ValueError, match=r"mine has no short form.*Received: preset='short'\."):
        presets.preset(study("mine", "nowhere"), "short")
    assert presets.cost(study("mine", "nowhere")) is None
