"""What is the runtime's own of tensors, dispatch, random numbers and functions."""

import copy
import pickle

import jax
import numpy as np
import pytest

from compat import tensorflow as tf
from compat.runtime import Plan, as_array, run, unwrap


def test_tensors_are_copies_of_what_they_are_made_of():
    for size in (3, 1 << 20):
        array = np.ones(size, np.float32)
        for _ in range(20):
            tensor, variable = tf.constant(array), tf.Variable(array)
        array[:] = 5
        assert tensor.numpy()[0] == 1 and variable.numpy()[-1] == 1
        shown = tensor.numpy()
        shown[:] = 7
        assert tensor.numpy()[0] == 1


def test_a_changing_number_does_not_compile_anew():
    x = tf.constant([1.0, 2.0])
    tf.multiply(x, 0.5)
    (plan,) = {id(p): p for p in _plans_of(tf.multiply)}.values()
    before = plan.jitted._cache_size()
    for i in range(50):
        tf.multiply(x, 0.9**i)
    assert plan.jitted._cache_size() == before


def _plans_of(function):
    make = function.__globals__["_make"]
    return make.args[1].values()


def test_indices_and_starts_do_not_compile_anew():
    from compat.runtime import indexing

    x = tf.reshape(tf.range(100), [50, 2])
    x[0], x[0:10]
    plans = indexing._plan.cache_info().currsize
    for i in range(40):
        assert x[i].numpy()[0] == 2 * i
        assert x[i : i + 10].numpy()[0, 0] == 2 * i
    assert indexing._plan.cache_info().currsize == plans


def test_copies_and_pickles():
    x = tf.constant([1.0, 2.0], tf.float64)
    for made in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert made.dtype == tf.float64 and made.numpy().tolist() == [1, 2]
    v = tf.Variable(tf.constant([2**40]), name="v", trainable=False)
    for made in (copy.deepcopy(v), pickle.loads(pickle.dumps(v))):
        assert made.numpy()[0] == 2**40 and made.name == "v:0" and not made.trainable
        made.assign([0])
        assert v.numpy()[0] == 2**40
    assert pickle.loads(pickle.dumps(tf.nn.relu)) is tf.nn.relu
    assert pickle.loads(pickle.dumps(tf.float32)) is tf.float32


def test_as_array_and_unwrap_give_bare_arrays():
    v = tf.Variable([1.0])
    assert isinstance(as_array(v), jax.Array) and isinstance(
        as_array([1, 2]), jax.Array
    )
    out = unwrap({"a": v, "b": [tf.constant(1), "text"]})
    assert isinstance(out["a"], jax.Array) and out["b"][1] == "text"
    with tf.GradientTape() as tape:
        tape.watch(v)
        with pytest.raises(TypeError, match="compat.pure"):
            as_array(v)


def test_plans_are_recorded_and_compiled_once():
    traces = []

    def pure(x, y):
        traces.append(1)
        return {"sum": x + y, "parts": (x * y, None)}

    plan = Plan(pure)
    x, y = tf.constant(2.0), tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        out = run(plan, [x, y])
        out = run(plan, [x, y])
        total = out["sum"] + out["parts"][0]
    assert tape.gradient(total, x).numpy() == 4.0
    assert len(traces) == 2  # forwards, and once more for the pull-back


def test_seeds_make_programs_repeat():
    def draw():
        tf.random.set_seed(3)
        f = tf.function(lambda: tf.random.normal([2]))
        return [
            tf.random.normal([2]).numpy().tolist(),
            tf.random.uniform([2], seed=5).numpy().tolist(),
            f().numpy().tolist(),
            f().numpy().tolist(),
        ]

    first = draw()
    assert first == draw()
    assert first[2] != first[3]
    tf.random.set_seed(4)
    assert tf.random.normal([2]).numpy().tolist() != first[0]


def test_seeded_ops_in_functions_start_as_outside():
    tf.random.set_seed(1)
    f = tf.function(lambda: tf.random.normal([3], seed=42))
    outside, inside, later = tf.random.normal([3], seed=42), f(), f()
    np.testing.assert_array_equal(outside.numpy(), inside.numpy())
    assert (inside.numpy() != later.numpy()).all()


def test_generators():
    a, b = tf.random.Generator.from_seed(1), tf.random.Generator.from_seed(1)
    one, two = a.normal([4]), a.normal([4])
    assert (one.numpy() != two.numpy()).any()
    np.testing.assert_array_equal(one.numpy(), b.normal([4]).numpy())
    compiled = tf.function(lambda: b.normal([4]))
    np.testing.assert_array_equal(compiled().numpy(), two.numpy())
    whole = a.uniform([1000], 0, 10, tf.int32).numpy()
    assert whole.min() == 0 and whole.max() == 9


def test_variables_cannot_swallow_tracers():
    v = tf.Variable(1.0)

    def f(x):
        v.assign(x)
        return x

    with pytest.raises(ValueError, match="compat.pure"):
        jax.jit(lambda a: f(tf.convert_to_tensor(a))._array)(1.0)
    assert v.numpy() == 1.0


def test_summaries_reach_the_file(tmp_path):
    writer = tf.summary.create_file_writer(str(tmp_path))
    with writer.as_default():
        tf.summary.scalar("eager", 1.5, step=1)
        tf.function(lambda x: tf.summary.scalar("compiled", x, step=2))(
            tf.constant(2.5)
        )
        with pytest.raises(ValueError, match="step"):
            tf.summary.scalar("no step", 1.0)
    assert not tf.summary.scalar("no writer", 1.0, step=1)
    jax.effects_barrier()
    writer.close()
    (file,) = tmp_path.iterdir()
    data = file.read_bytes()
    assert b"eager" in data and b"compiled" in data


def test_files(tmp_path):
    gfile = tf.io.gfile
    folder = gfile.join(str(tmp_path), "a", "b")
    gfile.makedirs(folder)
    path = gfile.join(folder, "x.txt")
    with gfile.GFile(path, "w") as file:
        file.write("hello")
    assert gfile.exists(path) and gfile.isdir(folder)
    assert gfile.glob(f"{folder}/*.txt") == [path] and gfile.listdir(folder) == [
        "x.txt"
    ]
    assert tf.io.read_file(path).numpy() == b"hello"
    assert gfile.stat(path).length == 5
    gfile.copy(path, path + "2")
    with pytest.raises(tf.errors.AlreadyExistsError):
        gfile.copy(path, path + "2")
    gfile.rename(path + "2", path, overwrite=True)
    gfile.remove(path)
    with pytest.raises(tf.errors.NotFoundError):
        gfile.remove(path)
    with pytest.raises(tf.errors.NotFoundError):
        gfile.GFile(path).read()
    gfile.rmtree(str(tmp_path / "a"))
    assert not gfile.exists(folder)
