"""How fast compat is: against TensorFlow, and against plain JAX.

    python -m benchmarks.compat.bench                 # everything
    python -m benchmarks.compat.bench --only ops --pairs 30

Timed is process CPU time (all threads), in interleaved pairs of batches of calls, the
sides in alternating order; reported are the median of the pairs' ratios and their
quartiles, and the same for one side against itself.

    ops       the 20 ops used most in public Sonnet 2 code, eagerly, against TensorFlow
    eager     a training step of a small MLP (tape, Sonnet modules, Adam), eagerly
    function  the same step compiled, against plain `jax.jit` of the same pure step
    import    `import compat; compat.install()` beyond `import jax`
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import numpy as np

Call = Callable[[], object]


def cpu(call: Call, count: int) -> float:
    """CPU seconds of the process for so many calls."""
    start = time.process_time()
    for _ in range(count):
        call()
    return time.process_time() - start


def ratios(ours: Call, theirs: Call, pairs: int, seconds: float) -> list[float]:
    """ours / theirs, for each pair of batches of about `seconds`."""
    for call in (ours, theirs):
        cpu(call, 3)
    count = max(1, int(seconds / max(cpu(theirs, 5) / 5, 1e-7)))
    out = []
    for i in range(pairs):
        if i % 2:
            a, b = cpu(ours, count), cpu(theirs, count)
        else:
            b, a = cpu(theirs, count), cpu(ours, count)
        out.append(a / b)
    return out


def shown(values: list[float]) -> str:
    """Median and quartiles."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:6.3f}  [{low:.3f}, {high:.3f}]"


def op_calls(tf) -> dict[str, Call]:
    """A call of each of the ops, on arrays of an ordinary size."""
    rng = np.random.default_rng(0)
    x = tf.constant(rng.standard_normal((32, 64)).astype(np.float32))
    w = tf.constant(rng.standard_normal((64, 64)).astype(np.float32))
    i = tf.constant(rng.integers(0, 10, 32).astype(np.int32))
    column = tf.constant(rng.standard_normal((32, 1)).astype(np.float32))
    array = np.ones((32, 64), np.float32)
    return {
        "cast": lambda: tf.cast(i, tf.float32),
        "reduce_mean": lambda: tf.reduce_mean(x, axis=1),
        "reshape": lambda: tf.reshape(x, [64, 32]),
        "concat": lambda: tf.concat([x, x], axis=1),
        "reduce_sum": lambda: tf.reduce_sum(x),
        "constant": lambda: tf.constant(array),
        "expand_dims": lambda: tf.expand_dims(x, 1),
        "convert_to_tensor": lambda: tf.convert_to_tensor(array),
        "identity": lambda: tf.identity(x),
        "stop_gradient": lambda: tf.stop_gradient(x),
        "nn.relu": lambda: tf.nn.relu(x),
        "ones": lambda: tf.ones([32, 64]),
        "shape": lambda: tf.shape(x),
        "stack": lambda: tf.stack([x, x]),
        "range": lambda: tf.range(10),
        "transpose": lambda: tf.transpose(x),
        "einsum": lambda: tf.einsum("bi,ij->bj", x, w),
        "squeeze": lambda: tf.squeeze(column, -1),
        "math.log": lambda: tf.math.log(w),
        "where": lambda: tf.where(x > 0.0, x, 0.0),
    }


def bench_ops(pairs: int, seconds: float) -> None:
    import tensorflow

    from compat import tensorflow as ours

    mine, theirs = op_calls(ours), op_calls(tensorflow)
    medians = []
    print("ops, eagerly: compat / TensorFlow (CPU time)")
    for name, call in mine.items():
        found = ratios(call, theirs[name], pairs, seconds)
        medians.append(statistics.median(found))
        print(f"  {name:<18} {shown(found)}")
    mean = statistics.geometric_mean(medians)
    print(f"  geometric mean {mean:.3f} (bar 0.5), worst {max(medians):.3f} (bar 1.0)")


def learner(tf, snt, compiled: bool) -> Call:
    """A training step of an MLP on one batch."""
    rng = np.random.default_rng(0)
    x = tf.constant(rng.standard_normal((32, 16)).astype(np.float32))
    y = tf.constant(rng.standard_normal((32, 4)).astype(np.float32))
    net = snt.nets.MLP([64, 64, 4])
    optimizer = snt.optimizers.Adam(1e-3)

    def step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(net(x) - y))
        variables = net.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    step(x, y)
    run = tf.function(step) if compiled else step
    return lambda: run(x, y).numpy()


def plain_jax() -> Call:
    """The same step as one pure function under `jax.jit`."""
    import jax
    import jax.numpy as jnp
    import optax

    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.standard_normal((32, 16)), jnp.float32)
    y = jnp.asarray(rng.standard_normal((32, 4)), jnp.float32)
    sizes = [16, 64, 64, 4]
    params = [
        {
            "w": jnp.asarray(rng.standard_normal((a, b)) / a**0.5, jnp.float32),
            "b": jnp.zeros(b),
        }
        for a, b in zip(sizes, sizes[1:], strict=False)
    ]
    optimizer = optax.adam(1e-3)
    box = [params, optimizer.init(params)]

    def loss(params, x, y):
        for i, layer in enumerate(params):
            x = x @ layer["w"] + layer["b"]
            if i < len(params) - 1:
                x = jax.nn.relu(x)
        return jnp.mean(jnp.square(x - y))

    @jax.jit
    def step(params, state, x, y):
        value, gradients = jax.value_and_grad(loss)(params, x, y)
        updates, state = optimizer.update(gradients, state)
        return optax.apply_updates(params, updates), state, value

    def run():
        box[0], box[1], value = step(*box, x, y)
        return np.asarray(value)

    return run


def bench_eager(pairs: int, seconds: float) -> None:
    import sonnet
    import tensorflow

    from compat import sonnet as our_sonnet
    from compat import tensorflow as ours

    mine = learner(ours, our_sonnet, False)
    theirs = learner(tensorflow, sonnet, False)
    print("training step, eagerly: compat / TensorFlow + Sonnet (CPU time, bar 0.3)")
    print(f"  {shown(ratios(mine, theirs, pairs, seconds))}")
    print(f"  one against itself {shown(ratios(mine, mine, pairs, seconds))}")


def bench_function(pairs: int, seconds: float) -> None:
    from compat import sonnet as our_sonnet
    from compat import tensorflow as ours

    mine, theirs = learner(ours, our_sonnet, True), plain_jax()
    print("training step, compiled: compat's tf.function / jax.jit (bar 1.05)")
    print(f"  {shown(ratios(mine, theirs, pairs, seconds))}")
    print(f"  one against itself {shown(ratios(theirs, theirs, pairs, seconds))}")


def bench_import(pairs: int, seconds: float) -> None:
    code = (
        "import time, jax, jax.numpy; s = time.process_time();"
        "import compat; compat.install(); import tensorflow as tf, sonnet as snt;"
        "print(time.process_time() - s)"
    )
    light = code.replace("import tensorflow as tf, sonnet as snt;", "")

    def timed(text: str) -> list[float]:
        runs = []
        for _ in range(5):
            out = subprocess.run(
                [sys.executable, "-c", text], capture_output=True, text=True, check=True
            )
            runs.append(1000 * float(out.stdout))
        return runs

    print("beyond `import jax`, ms of CPU time, best of 5")
    print(
        f"  import compat; compat.install()           {min(timed(light)):.1f} (bar 150)"
    )
    print(f"  … and import sonnet, import tensorflow    {min(timed(code)):.1f}")


BENCHES = {
    "ops": bench_ops,
    "eager": bench_eager,
    "function": bench_function,
    "import": bench_import,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=sorted(BENCHES), action="append")
    parser.add_argument("--pairs", type=int, default=31)
    parser.add_argument("--seconds", type=float, default=0.05, help="of one batch")
    args = parser.parse_args()
    for name in args.only or BENCHES:
        BENCHES[name](args.pairs, args.seconds)


if __name__ == "__main__":
    main()
