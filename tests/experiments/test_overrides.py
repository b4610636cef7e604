"""What a user types after ``--set=``, and what a user means by it."""

import re

import pytest

from tf_infomax.experiments import catalog
from tf_infomax.experiments.overrides import override
from tf_infomax.experiments.spec import Pick, check_seeds, pick, replace_at

TERM = "objectives.mutual_information"


def original(name="critic_impact"):
    return catalog.get(name)[0]


def changed(*settings, name="critic_impact"):
    return override(original(name), settings)


def variants(experiment):
    return [variant for variant, seed, _ in experiment.runs() if seed == experiment.seeds[0]]


def critics(experiment):
    return {one.name: one.options for one in dict(experiment.sweep)[f"{TERM}.critic"]}


@pytest.mark.parametrize(
    ("name", "setting", "path", "value"),
    [
        ("critic_impact", "train.steps=2000", "train.steps", 2000),
        ("critic_impact", "steps=2000", "train.steps", 2000),
        ("critic_impact", " steps = 2e3 ", "train.steps", 2000),
        ("critic_impact", "learning_rate=1e-3", "train.learning_rate", 1e-3),
        ("critic_impact", "train.learning_rate=1", "train.learning_rate", 1.0),
        ("critic_impact", "data=cifar10", "data.name", "cifar10"),
        ("critic_impact", "data.name=cifar10", "data.name", "cifar10"),
        ("critic_impact", "data=/x/a=b.npz", "data.name", "/x/a=b.npz"),
        ("critic_impact", "noise_sd=0.1", "data.noise_sd", 0.1),
        ("critic_impact", "seeds=0,1,2", "seeds", (0, 1, 2)),
        ("critic_impact", "seeds=(0, 1)", "seeds", (0, 1)),
        ("critic_impact", "seeds=5", "seeds", (5,)),
        ("critic_impact", "target=2", f"{TERM}.target", 2.0),
        ("critic_impact", "jit_compile=no", "train.jit_compile", "no"),
        ("critic_impact", "bound.every=7", "evaluate.bound.every", 7),
        ("critic_impact", "evaluate.linear_probe.every=5", "evaluate.linear_probe.every", 5),
        ("critic_impact", "encoder.layer_dimensions=16,8", "encoder.layer_dimensions", (16, 8)),
        ("critic_impact", "layer_dimensions=16", "encoder.layer_dimensions", (16,)),
        ("critic_impact", "encoder.activation=tanh", "encoder.activation", "tanh"),
        ("critic_impact", "encoder.shortcuts=true", "encoder.shortcuts", True),
        ("critic_impact", "encoder=convnet", "encoder", pick("convnet")),
        ("invertible", "critic=separable", f"{TERM}.critic", pick("separable")),
        ("invertible", "hidden_units=8", "encoder.hidden_units", (8,)),
        ("invertible", "num_couplings=2", "encoder.num_couplings", 2),
        ("invertible", "encoder.scale=softplus", "encoder.scale", "softplus"),
        ("non_invertible", "layer_dimensions=input,9", "encoder.layer_dimensions", ("input", 9)),
        ("adversarial", "warmup_steps=5", "objectives.label_confusion.warmup_steps", 5),
        ("adversarial", "data=digits", "data.name", "digits"),
        ("dependent_samples", "critic.layers=2", f"{TERM}.critic.layers", 2),
    ],
)
def test_one_value_replaces_one_field(name, setting, path, value):
    after = changed(setting, name=name)
    assert after == replace_at(original(name), path, value)
    assert after != original(name)


def test_commas_of_a_path_that_exists_do_not_part_it(tmp_path):
    folder = tmp_path / "a,b"
    folder.mkdir()
    assert changed(f"data={folder}").data.name == str(folder)
    several = dict(changed(f"data={folder},digits").sweep)["data.name"]
    assert several == (str(tmp_path / "a"), "b", "digits")


def test_none_unsets_what_may_be_none():
    assert changed("target=none", name="encoder_impact").sweep[1] == (f"{TERM}.target", (None,))
    limited = override(changed("target=2"), ["target=None"])
    assert limited.objectives[0].target is None


def test_what_is_not_there_has_no_options():
    for settings in (["encoder=none", "layer_dimensions=8"],
                     ["encoder=none,mlp", "layer_dimensions=8"]):
        with pytest.raises(ValueError, match=r"Without encoder there is no encoder\.layer_dim"):
            changed(*settings)


def test_no_settings_change_nothing():
    assert changed() == original()


def test_naming_some_alternatives_keeps_these_as_they_are():
    after = changed("critic=bilinear,concat")
    assert critics(after) == {"bilinear": {}, "concat": {"hidden_dim": 200, "layers": 1}}
    assert variants(after) == ["bilinear-infonce", "bilinear-nwj", "concat-infonce", "concat-nwj"]
    # One alternative still names the variant, so that runs of several commands sit side by side.
    assert variants(changed("critic=concat", "bound=nwj")) == ["concat-nwj"]
    assert variants(changed("bound=nwj", "encoder=convnet", name="encoder_impact")) == [
        "convnet-target_2-nwj", "convnet-target_4-nwj",
    ]
    assert changed("encoder=mlp").encoder == original().encoder


def test_an_alternative_that_was_not_listed_may_be_named():
    after = changed("critic=inner_product,bilinear", "bound=tuba")
    assert critics(after) == {"inner_product": {}, "bilinear": {}}
    assert variants(after) == ["inner_product-tuba", "bilinear-tuba"]


@pytest.mark.parametrize("path", ["critic.hidden_dim", "hidden_dim", f"{TERM}.critic.hidden_dim"])
def test_an_option_goes_to_the_alternatives_that_list_it(path):
    assert critics(changed(f"{path}=50")) == {
        "bilinear": {},
        "separable": {"hidden_dim": 50, "output_dim": 100, "layers": 1},
        "concat": {"hidden_dim": 50, "layers": 1},
    }


def test_an_option_that_none_lists_goes_to_all():
    # Whether it exists is known to the classes, which are asked before any work starts.
    after = critics(changed("critic=separable,concat", "critic.activation=tanh"))
    assert [options["activation"] for options in after.values()] == ["tanh", "tanh"]


def test_things_come_before_their_options_in_any_order():
    for settings in (["critic=concat", "critic.hidden_dim=50"],
                     ["critic.hidden_dim=50", "critic=concat"]):
        after = changed(*settings, name="invertible")
        assert after.objectives[0].critic == pick("concat", hidden_dim=50)
    # Of two values for one field the last one stands, as with any flag.
    assert changed("steps=5", "train.steps=6").train.steps == 6


def test_several_values_make_a_sweep():
    after = changed("train.learning_rate=1e-3,1e-4", name="adversarial")
    assert after.sweep == (("train.learning_rate", (1e-3, 1e-4)),)
    assert variants(after) == ["learning_rate_0.001", "learning_rate_0.0001"]
    after = changed("data=mnist,cifar10", "critic=bilinear", "bound=nwj")
    assert variants(after) == ["bilinear-nwj-mnist", "bilinear-nwj-cifar10"]
    assert [run.data.name for _, _, run in after.runs()] == ["mnist", "cifar10"]
    after = changed("encoder=mlp,convnet", "critic=bilinear", "bound=nwj")
    assert [run.encoder for _, _, run in after.runs()] == [original().encoder, Pick("convnet")]
    after = changed("target=none,3", "critic=bilinear", "bound=nwj")
    assert [run.objectives[0].target for _, _, run in after.runs()] == [None, 3.0]
    after = changed("layer_dimensions=(16,8),(32,8)", "critic=bilinear", "bound=nwj")
    assert [run.encoder.options["layer_dimensions"] for _, _, run in after.runs()] == [
        (16, 8), (32, 8),
    ]


def test_several_values_of_an_option_make_a_sweep_too():
    expected = {("concat", 50), ("concat", 100)}
    for name, settings in (
        ("critic_impact", ["critic=concat", "critic.hidden_dim=50,100", "bound=nwj"]),
        ("invertible", ["critic.hidden_dim=50,100", "critic=concat", "bound=nwj"]),
        ("dependent_samples", ["hidden_dim=50,100", "dependent=true", "bound=nwj"]),
    ):
        runs = changed(*settings, name=name).runs()
        critics_of_runs = [run.objectives[0].critic for _, _, run in runs]
        assert {(one.name, one.options["hidden_dim"]) for one in critics_of_runs} == expected
        assert len({variant for variant, _, _ in runs}) == len(runs) == 2


def test_later_settings_refine_earlier_sweeps():
    assert changed("seeds=0,1", "seeds=2").seeds == (2,)
    assert variants(override(changed("steps=5,6", name="adversarial"), ["steps=7"])) == ["steps_7"]


@pytest.mark.parametrize(
    ("setting", "nearest"),
    [
        ("train.stpes=2000", "train.steps"),
        ("stpes=2000", "train.steps"),
        ("trian.steps=2000", "train.steps"),
        ("learning_rat=1", "train.learning_rate"),
        ("criitc=concat", f"{TERM}.critic"),
        ("critc.hidden_dim=3", f"{TERM}.critic.hidden_dim"),
        ("evaluate.liner_probe.every=3", "evaluate.linear_probe.every"),
        ("objectives.mutual_info.bound=nwj", f"{TERM}.bound"),
    ],
)
def test_a_misspelt_field_names_the_nearest(setting, nearest):
    path = setting.partition("=")[0]
    with pytest.raises(ValueError) as raised:
        changed(setting)
    expected = f"Experiment 'critic_impact' has no field '{path}'. Nearest: {nearest}"
    assert str(raised.value).startswith(expected)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "setting", ["train=3", "objectives=3", "sweep=3", "name=x", "source=x",
                "data.nam.e=3", "nonsense=1", "a..b=1", "critic.=3", "train.steps.x=3"],
)
def test_what_is_no_field_lists_the_fields(setting):
    with pytest.raises(ValueError, match=r"has no field.*Fields: .*train\.steps"):
        changed(setting)


@pytest.mark.parametrize("setting", ["", "=", "steps", "steps=", "=3", "critic=,", " = "])
def test_what_is_no_setting_is_shown_one(setting):
    with pytest.raises(ValueError, match=r"must read path=value, as in train\.steps=2000\. Rec"):
        changed(setting)


def test_an_ending_that_fits_twice_names_both():
    with pytest.raises(ValueError) as raised:
        changed("every=5")
    assert str(raised.value) == (
        "'every' is ambiguous. It may mean: evaluate.linear_probe.every, evaluate.bound.every."
    )


@pytest.mark.parametrize(
    ("setting", "wanted"),
    [
        ("steps=abc", "train.steps must be an integer. Received: 'abc'."),
        ("steps=1.5", "train.steps must be an integer. Received: '1.5'."),
        ("steps=1e999", "train.steps must be an integer. Received: '1e999'."),
        ("steps=none", "train.steps must be an integer. Received: 'none'."),
        ("steps=true", "train.steps must be an integer. Received: 'true'."),
        ("steps=5,x", "train.steps must be an integer. Received: 'x'."),
        ("learning_rate=fast", "train.learning_rate must be a number. Received: 'fast'."),
        ("learning_rate=nan", "train.learning_rate must be a number. Received: 'nan'."),
        ("target=high", f"{TERM}.target must be a number. Received: 'high'."),
        ("dependent=1", "data.dependent must be true or false. Received: '1'."),
        ("seeds=a", "seeds must be integers. Received: 'a'."),
        ("seeds=0.5", "seeds must be integers. Received: '0.5'."),
        ("seeds=0,true", "seeds must be integers. Received: '0,true'."),
        ("seeds=(0,1),(2,3)", "seeds must be integers. Received: '(0,1),(2,3)'."),
        ("critic.hidden_dim=wide", f"{TERM}.critic.hidden_dim must be an integer. Rec"),
    ],
)
def test_a_value_of_the_wrong_type_names_the_field_and_the_value(setting, wanted):
    with pytest.raises(ValueError) as raised:
        changed(setting)
    assert str(raised.value).startswith(wanted)


def test_lists_of_an_unlisted_option_are_values_of_their_own():
    one = changed("encoder.widths=(8,8,8,16)")
    assert one.encoder.options["widths"] == (8, 8, 8, 16) and one.sweep == original().sweep
    two = changed("encoder.widths=(8,8,8,16),[4,4,4,8]")
    assert dict(two.sweep)["encoder.widths"] == ((8, 8, 8, 16), [4, 4, 4, 8])


def test_evaluate_chooses_what_is_measured():
    listed = changed("evaluate=bound")
    assert [entry.name for entry in listed.evaluate] == ["bound"]
    assert listed.evaluate[0] == experiment_entry("bound")
    added = changed("evaluate=conditioning,bound", "evaluate.conditioning.every=5")
    assert [(entry.name, entry.every) for entry in added.evaluate] == [
        ("conditioning", 5), ("bound", experiment_entry("bound").every),
    ]
    assert changed("evaluate=none").evaluate == ()


def experiment_entry(name):
    (experiment,) = catalog.get("critic_impact")
    return next(entry for entry in experiment.evaluate if entry.name == name)


def test_several_values_of_an_evaluations_option_are_one_value():
    chosen = changed("evaluate=linear_probe", "evaluate.linear_probe.endpoints=fc,global")
    assert chosen.evaluate[0].options == {"endpoints": ("fc", "global")}
    assert chosen.sweep == original().sweep



@pytest.mark.parametrize(
    ("setting", "received"),
    [
        ("evaluate=bound,bound", "evaluate=bound,bound"),
        ("evaluate=linear_probe,bound,linear_probe", "evaluate=linear_probe,bound,linear_probe"),
        ("bound=nwj,nwj", "objectives.mutual_information.bound=nwj,nwj"),
        ("bound=smile(clip=1),smile(clip=1)", "smile(clip=1),smile(clip=1)"),
        ("critic=bilinear,bilinear", "critic=bilinear,bilinear"),
        ("seeds=0,1,0", "seeds=0,1,0"),
        ("train.learning_rate=1e-4,0.0001", "train.learning_rate=0.0001,0.0001"),
    ],
)
def test_what_would_count_twice_is_refused(setting, received):
    with pytest.raises(ValueError, match=rf"counted twice\. Received: .*{re.escape(received)}\.$"):
        changed(setting)


def test_an_option_of_a_bound_is_set_once():
    message = r"bound must set an option once\. Received: 'smile\(clip=1,clip=2\)'\.$"
    with pytest.raises(ValueError, match=message):
        changed("bound=nwj,smile(clip=1,clip=2)")


@pytest.mark.parametrize("seeds", ["()", "[]", "0,-1"])
def test_seeds_are_not_negative_and_at_least_one(seeds):
    with pytest.raises(ValueError, match=r"0 or more\. Received: \("):
        check_seeds(changed(f"seeds={seeds}"))
