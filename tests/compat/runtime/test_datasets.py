"""Random pipelines of `tf.data`, on TensorFlow and on compat.tensorflow."""

import random

import numpy as np
import pytest
import tensorflow

import compat.tensorflow

LONGEST = 60  # elements that are looked at


def sources(rng):
    """A source: a function of `tf` that makes a dataset."""
    length = rng.randrange(0, 9)
    rows = np.arange(length * 2, dtype=np.float32).reshape(length, 2)
    start, step = rng.randrange(-3, 3), rng.choice([1, 2, -1])
    ragged = [np.arange(n, dtype=np.int32) for n in range(length)]
    return rng.choice(
        [
            lambda tf: tf.data.Dataset.range(length),
            lambda tf: tf.data.Dataset.range(start, start + length * step, step),
            lambda tf: tf.data.Dataset.range(length, output_type=tf.int32),
            lambda tf: tf.data.Dataset.from_tensor_slices(rows),
            lambda tf: tf.data.Dataset.from_tensor_slices(
                {"b": rows, "a": np.arange(length)}
            ),
            lambda tf: tf.data.Dataset.from_tensor_slices(
                (rows, rows[:, 0], {"k": rows})
            ),
            lambda tf: tf.data.Dataset.from_tensors((rows, [1, 2])),
            lambda tf: tf.data.Dataset.from_generator(
                lambda: iter(ragged),
                output_signature=tf.TensorSpec([None], tf.int32),
            ),
            lambda tf: tf.data.Dataset.from_generator(
                lambda: ((i, i / 2) for i in range(length)),
                (tf.int64, tf.float64),
                ([], []),
            ),
            lambda tf: tf.data.Dataset.from_generator(
                lambda: (str(i) for i in range(length)), tf.string, []
            ),
        ]
    )  # fmt: skip


def first_leaf(tf, *element):
    return tf.nest.flatten(element)[0]


def stages(rng):
    """A stage: a function of `tf` and a dataset that makes another."""
    n, m = rng.randrange(1, 5), rng.randrange(1, 4)
    flag = rng.random() < 0.5

    def doubled(tf):
        def one(x):
            return x if x.dtype == tf.string else x * 2

        return lambda *e: tf.nest.map_structure(one, e if len(e) > 1 else e[0])

    def number(tf, *element):
        x = first_leaf(tf, *element)
        if x.dtype == tf.string:
            return tf.size(x, tf.int64)
        return tf.cast(tf.reduce_sum(x), tf.int64)

    return rng.choice(
        [
            lambda tf, d: d.map(doubled(tf)),
            lambda tf, d: d.map(lambda *e: (first_leaf(tf, *e), number(tf, *e))),
            lambda tf, d: d.map(lambda *e: {"x": first_leaf(tf, *e)}),
            lambda tf, d: d.map(lambda *e: first_leaf(tf, *e)[..., None]),
            lambda tf, d: d.filter(lambda *e: number(tf, *e) % (n + 1) != 0),
            lambda tf, d: d.take_while(lambda *e: number(tf, *e) < 3 * n),
            lambda tf, d: d.batch(n, drop_remainder=flag),
            lambda tf, d: d.padded_batch(n, drop_remainder=flag),
            lambda tf, d: d.unbatch(),
            lambda tf, d: d.repeat(n - 1),
            lambda tf, d: d.repeat().take(3 * n),
            lambda tf, d: d.take(n),
            lambda tf, d: d.take(-1),
            lambda tf, d: d.skip(n),
            lambda tf, d: d.skip(-1) if flag and m == 1 else d.skip(1),
            lambda tf, d: d.shard(n, n - 1),
            lambda tf, d: d.cache(),
            lambda tf, d: d.prefetch(m),
            lambda tf, d: d.enumerate(n),
            lambda tf, d: d.concatenate(d.take(m)),
            lambda tf, d: tf.data.Dataset.zip((d, d.skip(1))),
            lambda tf, d: tf.data.Dataset.zip({"u": d, "v": tf.data.Dataset.range(n)}),
            lambda tf, d: d.flat_map(
                lambda *e: tf.data.Dataset.from_tensors(e).repeat(m)
            ),
            lambda tf, d: d.interleave(
                lambda *e: tf.data.Dataset.from_tensors(e).repeat(
                    number(tf, *e) % (n + 1)
                ),
                cycle_length=m,
                block_length=n,
            ),
            lambda tf, d: d.map(lambda *e: number(tf, *e)).window(
                n, shift=m, stride=1 + flag, drop_remainder=flag
            ).flat_map(lambda w: w.batch(n)),
            lambda tf, d: d.map(first_leaf_of(tf)).window(n, drop_remainder=flag),
            lambda tf, d: d.scan(
                np.int64(0),
                lambda s, *e: (s + 1, (s, e[0] if len(e) == 1 else e)),
            ),
            lambda tf, d: d.with_options(tf.data.Options()),
            lambda tf, d: d.apply(lambda x: x.take(n)),
        ]
    )  # fmt: skip


def first_leaf_of(tf):
    return lambda *e: first_leaf(tf, *e)


def plain(element):
    """An element in terms that both sides share."""
    if hasattr(element, "cardinality"):
        return ["dataset", *map(plain, element)]
    if hasattr(element, "numpy"):
        value = np.asarray(element.numpy())
        return element.dtype.name, list(value.shape), value.tolist()
    if isinstance(element, dict):
        return {k: plain(element[k]) for k in sorted(element)}
    return tuple(plain(part) for part in element)


def outcome(tf, source, chosen):
    """What a pipeline gives: elements, specs, cardinality; or that it fails."""
    try:
        dataset = source(tf)
        for stage in chosen:
            dataset = stage(tf, dataset)
        elements = [plain(e) for e in dataset.take(LONGEST)]
    except Exception as error:
        return "fails", error
    return "runs", elements, dataset


@pytest.mark.parametrize("seed", range(400))
def test_a_random_pipeline(seed):
    rng = random.Random(seed)
    source = sources(rng)
    chosen = [stages(rng) for _ in range(rng.randrange(1, 5))]
    want = outcome(tensorflow, source, chosen)
    have = outcome(compat.tensorflow, source, chosen)
    if want[0] == "fails" and have[:2] == ("runs", []):
        return  # a function fails when it is called, not before
    assert have[0] == want[0], (want[1], have[1])
    if want[0] == "fails":
        return
    assert have[1] == want[1]
    assert int(have[2].cardinality()) == int(want[2].cardinality())
    assert str(have[2].element_spec) == str(want[2].element_spec)


def numbers(dataset):
    return [int(x) for x in dataset]


def test_shuffling():
    tf = compat.tensorflow
    data = tf.data.Dataset.range(20)
    mixed = data.shuffle(5, seed=3)
    first, second = numbers(mixed), numbers(mixed)
    assert sorted(first) == sorted(second) == list(range(20)) and first != second
    # From a buffer of five, nothing comes more than four places early.
    assert all(x <= place + 4 for place, x in enumerate(first))
    same = data.shuffle(20, seed=3, reshuffle_each_iteration=False)
    assert numbers(same) == numbers(same)
    twice = numbers(data.shuffle(20, seed=3).repeat(2))
    assert sorted(twice[:20]) == list(range(20)) and twice[:20] != twice[20:]


def test_sampling_follows_the_weights():
    tf = compat.tensorflow
    parts = [tf.data.Dataset.from_tensors(i).repeat() for i in range(3)]
    drawn = tf.data.Dataset.sample_from_datasets(parts, [0.0, 0.25, 0.75], seed=1)
    found = np.bincount(numbers(drawn.take(2000)), minlength=3) / 2000
    np.testing.assert_allclose(found, [0, 0.25, 0.75], atol=0.05)


MISUSES = {
    "batch_size": lambda tf, d: d.batch(0),
    "buffer_size": lambda tf, d: list(d.shuffle(0)),
    "shard": lambda tf, d: list(d.shard(2, 2)),
    "window": lambda tf, d: list(d.window(0)),
    "unlike shapes": lambda tf, d: list(
        tf.data.Dataset.from_generator(
            lambda: iter([[1], [1, 2]]),
            output_signature=tf.TensorSpec([None], tf.int32),
        ).batch(2)
    ),
    "smaller padding": lambda tf, d: list(d.batch(3).padded_batch(2, [2])),
    "a generator's shape": lambda tf, d: list(
        tf.data.Dataset.from_generator(
            lambda: iter([[1]]), output_signature=tf.TensorSpec([2], tf.int32)
        )
    ),
    "a generator's dtype": lambda tf, d: list(
        tf.data.Dataset.from_generator(lambda: iter(["a"]), tf.int32)
    ),
    "unlike lengths": lambda tf, d: tf.data.Dataset.from_tensor_slices(([1, 2], [1])),
    "scalars": lambda tf, d: tf.data.Dataset.from_tensor_slices(1),
    "no callable": lambda tf, d: tf.data.Dataset.from_generator([1]),
    "infinite": lambda tf, d: len(d.repeat()),
    "unknown": lambda tf, d: len(d.filter(lambda x: x > 1)),
    "single": lambda tf, d: d.get_single_element(),
}


@pytest.mark.parametrize("case", MISUSES)
def test_misuse_raises_alike(case):
    def kind(tf):
        try:
            MISUSES[case](tf, tf.data.Dataset.range(5))
        except Exception as error:
            named = (
                tf.errors.InvalidArgumentError,
                tf.errors.DataLossError,
                TypeError,
                ValueError,
            )
            return next(c.__name__ for c in named if isinstance(error, c))
        return "nothing raised"

    assert kind(compat.tensorflow) == kind(tensorflow)
