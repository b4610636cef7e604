"""What the benchmarks stand on: that formulations are compared, and the right ratio is shown."""

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import evaluation_share, flops, growth, measure, product_times, rates, speed
from benchmarks.measure import Result, compare, table

WAYS = {
    "first": "tests.toy_formulations:ones", "second": "tests.toy_formulations:off_by_a_little",
}


def test_formulations_that_disagree_are_no_comparison():
    with pytest.raises(ArithmeticError, match=r"second must give what first gives.*0\.00(1|099)"):
        compare("work", WAYS, {"size": 3}, seconds=0.0)
    first, second = compare("work", WAYS, {"size": 3}, seconds=0.0, tolerance=1e-2)
    assert first.difference is None and second.difference == pytest.approx(1e-3)
    # 32 MiB were allocated in the one, nothing in the other.
    assert 25 < first.megabytes < 80 and second.megabytes < 10
    assert first.seconds > 0 and first.cpu_seconds > 0
    assert first.ratio == 1.0 and first.quartiles == (1.0, 1.0)
    # 32 MiB of zeros, against some numbers.
    assert second.quartiles[0] <= second.ratio <= second.quartiles[1] and second.ratio > 10


@pytest.mark.slow
def test_memory_of_a_step_is_that_of_its_buffers(monkeypatch):
    # Of 128 x 128 pairs, 200 numbers each, at least two float32 arrays: inputs, hidden values.
    # Where TensorFlow keeps its regions, as commands ask it to, they would not be seen.
    monkeypatch.setenv("TF_CPU_ALLOCATOR_USE_BFC", "true")
    sizes = {"size": 128, "width": 100, "hidden": 200, "xla": False}
    found = measure.in_process("benchmarks.concat_critic:tiled_pairs", sizes)
    assert found["megabytes"] > 2 * 128**2 * 200 * 4 / 2**20


def test_comparisons_that_cannot_run_are_named_before_the_first_one(
    monkeypatch, tmp_path, capsys
):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(speed.importlib.util, "find_spec", lambda name: None)
    made, said = [], []

    def measured(one, seconds):
        made.append(one.work)
        said.append(capsys.readouterr().err)
        return [Result(one.work, label, 1.0, 1.0, 1.0, (1.0, 1.0), 1.0, None) for label in one.ways]

    monkeypatch.setattr(speed, "_measured", measured)
    monkeypatch.setattr(speed.rates, "flop_of", lambda one: 1)
    monkeypatch.setattr(speed.rates, "rate_of_a_product", lambda: 1.0)
    speed.run(tmp_path)
    (probe,) = {one.work for one in speed.COMPARISONS} - {*made}
    assert "MNIST" in probe and not {one.work for one in speed.AGAINST_TORCH} & {*made}
    lines = said[0].splitlines()
    assert len(lines) == 1 + len(speed.AGAINST_TORCH) and not any(said[1:])
    assert probe in lines[0] and "The data set 'mnist' is not here" in lines[0]
    assert all("PyTorch is not installed: pip install" in line for line in lines[1:])


def test_a_comparison_that_fails_does_not_end_the_others(monkeypatch, tmp_path):
    first, second = speed.COMPARISONS[:2]

    def measured(one, seconds):
        if one is first:
            raise ArithmeticError(f"{one.work}: they differ")
        return [Result(one.work, "alone", 2.0, 2.0, 1.0, (1.0, 1.0), 10.0, None)]

    monkeypatch.setattr(speed, "_measured", measured)
    with pytest.raises(ArithmeticError, match=r"K = 128.* they differ$"):
        speed.run(tmp_path, "concat critic, K = 128")
    assert list(measure.known_in(tmp_path / "speed.json")) == [second.work]
    assert "| alone | 2,000.0 | 1.00 |" in (tmp_path / "speed.md").read_text()


def test_ratios_are_those_of_the_baseline_to_each():
    results = [
        Result("one", "slow", 0.5, 0.6, 1.0, (1.0, 1.0), 80.0, None),
        # Of the same turn, not of the medians.
        Result("one", "fast", 0.1, 0.2, 5.1, (4.9, 5.25), 20.0, 1e-7),
        Result("other", "alone", 2.0, 2.0, 1.0, (1.0, 1.0), 10.0, None),
    ]
    lines = table(results).splitlines()
    assert lines[3] == (
        "| one | fast | 100.0 | 5.10 | 4.90 to 5.25 | 200.0 | 3.00 | 20 | 4.00 | 1e-07 |"
    )
    assert lines[4] == "| other | alone | 2,000.0 | 1.00 |  | 2,000.0 | 1.00 | 10 | 1.00 |  |"


def test_differences_are_relative_but_of_scalars():
    baseline = [np.array(1e-3), np.array([10.0, 0.1])]
    found = measure._difference([np.array(2e-3), np.array([10.0, 0.15])], baseline)
    assert found == pytest.approx(0.05 / 10)
    found = measure._difference([np.array(9e-3), np.array([10.0, 0.1])], baseline)
    assert found == pytest.approx(8e-3)
    # What is zero but for rounding is measured on the scale of the rest.
    found = measure._difference([np.ones(2), np.array([3e-9])], [np.ones(2), np.array([1e-9])])
    assert found == pytest.approx(2e-9)


SMALL = {
    "concat_critic": {"size": 6, "width": 3, "hidden": 4},
    "local_infonce": {"images": 3, "places": 4, "units": 5},
    "bounds_of_large_batches": {"critic": "concat", "bound": "nwj", "size": 7},
    "few_negatives": {"images": 4, "side": 2, "units": 6, "negative_images": 2},
    "gradient_cache": {"size": 6, "side": 8, "chunk": 4},
    "jacobians": {"inputs": 3, "width": 6, "layers": 2, "read": "log_condition"},
}


# The others are formulations of the package, which tests of their own compare.
SHORT = {"concat_critic", "jacobians", "few_negatives"}


@pytest.mark.parametrize(
    "module", [pytest.param(one, marks=() if one in SHORT else pytest.mark.slow) for one in SMALL]
)
def test_formulations_give_the_same(module):
    """In this process and small, all that ``make bench`` compares, but for whole training steps."""
    ways = {
        where
        for one in speed.COMPARISONS
        for where in one.ways.values()
        if where.startswith(f"{module}:")
    }
    assert len(ways) == 2
    baseline, other = (builder(where)(**SMALL[module])() for where in sorted(ways))
    assert measure._difference(*([np.asarray(one) for one in found] for found in (
        other, baseline,
    ))) < 1e-4


def builder(where):
    module, name = where.split(":")
    return getattr(__import__(f"benchmarks.{module}", fromlist=[name]), name)


STEPS = {
    "training_steps": {
        "experiment": "critic_impact", "settings": ["critic=separable", "bound=nwj"],
    },
    "deep_infomax_steps": {"bound": "infonce", "units": 8, "images": 4},
}


@pytest.mark.slow
@pytest.mark.parametrize("module", STEPS)
def test_whole_steps_give_the_same(module):
    baseline, *others = (
        builder(f"{module}:{name}")(**STEPS[module])()
        for name in ("released", "package", "without_xla", "on_one_batch")
    )
    for other in others:
        assert measure._difference(other, baseline) < 1e-4


@pytest.mark.slow
def test_seeds_train_the_same_side_by_side():
    sizes = {
        "experiment": "staircase", "seeds": 3, "steps": 2,
        "settings": ["critic=separable", "bound=infonce", "transform=identity"],
    }
    baseline, *others = (
        builder(f"many_seeds:{name}")(**sizes)()
        for name in ("one_after_the_other", "processes", "stacked")
    )
    assert baseline[0].shape == (3,) and len(set(baseline[0])) == 3
    for other in others:
        assert measure._difference(other, baseline) < 1e-4


def test_operations_of_products_and_convolutions():
    @tf.function
    def step(x, kernel, weights):
        with tf.GradientTape() as tape:
            tape.watch([kernel, weights])
            maps = tf.nn.conv2d(x, kernel, 2, "SAME")
            loss = tf.reduce_sum(tf.reshape(maps, [2, 4 * 4 * 5]) @ weights)
        return tape.gradient(loss, [kernel, weights])

    shapes = ([2, 8, 8, 3], [3, 3, 3, 5], [80, 7])
    concrete = step.get_concrete_function(*(tf.TensorSpec(shape) for shape in shapes))
    convolution, product = 2 * (2 * 4 * 4 * 5) * (3 * 3 * 3), 2 * 2 * 80 * 7
    # Forward the convolution alone (nobody reads the loss), backward its kernel's derivative and
    # both of the product's; that by the images is not needed.
    assert flops.count(concrete) == 2 * convolution + 2 * product
    # Called, and in a loop of three passes.
    called = tf.function(lambda *inputs: [one[0] for one in tf.while_loop(
        lambda *_: True, lambda *_: step(*inputs), step(*inputs), maximum_iterations=3,
    )])
    concrete = called.get_concrete_function(*(tf.TensorSpec(shape) for shape in shapes))
    assert flops.count(concrete) == 4 * (2 * convolution + 2 * product)
    with pytest.raises(ValueError, match="outside branches and loops of unknown length"):
        flops.count(tf.function(lambda n: tf.while_loop(
            lambda k: k < n, lambda k: k + 1, [0]
        )).get_concrete_function(tf.TensorSpec([], tf.int32)))


def test_products_are_computed_alone_as_in_their_graph():
    @tf.function
    def step(x, kernel, weights):
        with tf.GradientTape() as tape:
            tape.watch([x, kernel, weights])
            maps = tf.nn.conv2d(x, kernel, 2, "SAME")
            loss = tf.reduce_sum(tf.reshape(maps, [2, 4 * 4 * 5]) @ weights)
        return loss, tape.gradient(loss, [x, kernel, weights])

    shapes = ([2, 8, 8, 3], [3, 3, 3, 5], [80, 7])
    found = flops.products(step.get_concrete_function(*(tf.TensorSpec(one) for one in shapes)))
    assert sorted(one.kind for one in found.elements()) == [
        "Conv2D", "Conv2DBackpropFilter", "Conv2DBackpropInput", "MatMul", "MatMul", "MatMul",
    ]
    # 2 x 80 x 7 numbers are multiplied and added by every product, however it is transposed.
    assert {one.flop for one in found if one.kind == "MatMul"} == {2 * 2 * 80 * 7}
    for product in found:
        compute, drawn = product_times._alone(product)
        results = compute(drawn)
        assert {tuple(one.shape) for one in results} == {product.output}
        assert len(results) == product_times._MOST_IN_A_CALL
        assert not np.allclose(results[0], results[1])


def test_a_step_counts_its_products_in_the_faster_way():
    products = [
        {"number": 3, "flop": 2_000_000_000, "ms": {"xla": 5.0, "without_xla": 4.0}},
        {"number": 1, "flop": 500_000_000, "ms": {"xla": 1.0, "without_xla": 7.0}},
    ]
    found = {"products": products, "adam_ms": {"xla": 3.0, "without_xla": 2.0}, "step_ms": 20.0}
    assert product_times.shares(found) == (6.5, 13.0, 2.0)
    assert "| 15.0 | 20.0 | 75% |" in product_times._table({"some": found})


def test_exponents_are_those_of_the_last_three_points():
    sizes = [1, 10, 20, 40]
    assert growth.exponent(sizes, [5.0, *(3.0 * size**1.7 for size in sizes[1:])]) == (
        pytest.approx(1.7)
    )
    assert np.isnan(growth.exponent(sizes, [1.0, 1.0, 0.0, 1.0]))


def test_curves_are_drawn_and_tabled(tmp_path):
    points = [
        {"size": size, "seconds": 1e-3 * size**2, "cpu_seconds": 1.0, "megabytes": 2.0 * size}
        for size in (4, 8, 16)
    ]
    entry = {"panel": "P", "curve": "c", "size": "pairs K", "work": "w", "points": points}
    assert growth.table({"k": entry}).splitlines()[2] == (
        "| w | pairs K | 4 | 16 | 16.0 to 256.0 | 2.00 | 8 to 32 | 1.00 |"
    )
    growth.draw({"k": entry, "l": {**entry, "panel": "Q"}}, tmp_path / "growth.png")
    assert (tmp_path / "growth.png").stat().st_size > 10_000


def test_rates_are_those_of_the_package():
    seconds = {"package": 0.02, "package, one batch": 0.01, "the released way": 0.05}
    ratios = {"package": 1.9, "package, one batch": 2.0, "the released way": 1.0}
    found = {"w": {"flop": 1.2e9, "seconds": seconds, "ratios": ratios, "of_a_product": 1e11}}
    assert rates.table(found).splitlines()[2] == "| w | 1.20 | 20.0 | 60 | 60% | 5.0% |"


def test_the_share_of_evaluations_is_of_the_planned_run():
    # Five evaluations of 3 s, whose first took 4 s more, and one of 10 s, in 1,000 steps of 20 ms.
    evaluations = {"probe": (5, 7.0, 3.0), "spectra": (1, 10.0, 10.0)}
    training, measuring = evaluation_share.shares(0.02, 1_000, evaluations)
    assert training == pytest.approx(20.0) and measuring == {"probe": 19.0, "spectra": 10.0}
