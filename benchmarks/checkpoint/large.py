"""How fast, and in how much memory, a large checkpoint is converted.

    python benchmarks/checkpoint/large.py [--gib 2] [--rounds 5] [--tensorflow]
        [--orbax]

Writes a checkpoint of one huge tensor, an LSTM and 2000 small tensors, then converts
it to safetensors (checksums verified, output forced to disk) and, in turns, copies its
data file with ``cp`` and forces the copy to disk. Every run is a process of its own,
and the page cache holds the input in all of them. Printed: wall times, their ratio,
and, from one more run, the most anonymous memory in use above what it was just after
the join. With
``--tensorflow``, the same through TensorFlow's reader and ``numpy.savez``; with
``--orbax``, converted to an Orbax folder too.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(__file__))))
from tests.support.memory import Watch

SMALL = 1000
HIDDEN = 512


def write_checkpoint(prefix: str, gib: float) -> None:
    """Writes the input; its graph is that of a module with a list of layers."""
    from compat import bundle
    from compat.bundle import VALUE, Attribute, Node, ObjectGraph, variable_key

    rng = np.random.default_rng(0)
    rows = int(gib * 2**30 / 4 / 1024)
    block = rng.standard_normal((4096, 1024), dtype=np.float32)
    huge = np.resize(block, (rows, 1024))
    arrays = {("net", "_huge"): huge}
    for i in range(SMALL):
        arrays["net", "_layers", str(i), "w"] = block[:16, :16].copy()
        arrays["net", "_layers", str(i), "b"] = block[i, :16].copy()
    for name, rows in (("_w_i", 256), ("_w_h", HIDDEN)):
        arrays["net", "_core", name] = np.resize(block, (rows, 4 * HIDDEN))
    arrays["net", "_core", "b"] = np.resize(block, 4 * HIDDEN)
    nodes = [Node()]
    with bundle.writing_bundle(prefix) as writer:
        for path, array in arrays.items():
            at = 0
            for part in path:
                children = nodes[at].children
                if part not in children:
                    children[part] = len(nodes)
                    nodes.append(Node())
                at = children[part]
            key = variable_key(path)
            nodes[at].attributes.append(Attribute(VALUE, "", key))
            writer.add(key, array)
        writer.add_graph(ObjectGraph(nodes))


def program(rows: int):
    """The Haiku program that the checkpoint belongs to."""
    import jax.numpy as jnp

    import haiku_core as hk

    class Net(hk.Module):
        def __init__(self):
            super().__init__(name="net")
            self._layers = [hk.Linear(16) for _ in range(SMALL)]
            self._core = hk.LSTM(HIDDEN)

        def __call__(self, x):
            self._huge = hk.get_parameter("huge", [rows, 1024], init=jnp.zeros)
            for layer in self._layers:
                layer(x)
            core_input = jnp.zeros([1, 256])
            return self._core(core_input, self._core.initial_state(1))

    return Net


def run_ours(prefix: str, output: str, watch) -> dict:
    """Converts; the clock covers the join too, and imports apart."""
    began = time.perf_counter()
    from compat.bundle import Bundle
    from migrate.checkpoint._src import convert, files, values

    rows = Bundle(prefix).entry("net/_huge/.ATTRIBUTES/VARIABLE_VALUE").shape[0]
    net = program(rows)
    imported = time.perf_counter()
    x = np.zeros((1, 16), np.float32)
    plan = convert.make_plan(prefix, net, x)
    convert.refuse_incomplete(plan)
    joined, cpu = time.perf_counter(), time.process_time()
    with watch:
        files.write(output, values.of_plan(plan))
    ended = time.perf_counter()
    return {
        "import": imported - began,
        "join": joined - imported,
        "write": ended - joined,
        "cpu": time.process_time() - cpu,
    }


def run_tensorflow(prefix: str, output: str, watch) -> dict:
    """What one would do without this: read all, save with numpy."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf

    began = time.perf_counter()
    with watch:
        reader = tf.train.load_checkpoint(prefix)
        names = reader.get_variable_to_shape_map()
        arrays = {
            name.replace("/", "|"): reader.get_tensor(name)
            for name in names
            if not name.startswith("_CHECKPOINTABLE")
        }
        with open(output, "wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
    return {"write": time.perf_counter() - began, "cpu": time.process_time()}


def run_copy(prefix: str, output: str, watch) -> dict:
    """cp, and the copy forced to disk."""
    del watch
    began, used = time.perf_counter(), os.times()
    subprocess.run(["cp", prefix + ".data-00000-of-00001", output], check=True)
    handle = os.open(output, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
    now = os.times()
    cpu = now.children_user + now.children_system + now.system
    cpu -= used.children_user + used.children_system + used.system
    return {"write": time.perf_counter() - began, "cpu": cpu}


RUNS = {
    "copy": run_copy,
    "ours": run_ours,
    "orbax": run_ours,
    "tensorflow": run_tensorflow,
}
SUFFIXES = {"orbax": "", "tensorflow": ".npz"}


def in_process(name: str, prefix: str, output: str, watched: bool = False) -> dict:
    """Runs one contestant in a process of its own, then removes its output.

    Watching the memory takes time of its own, so it is done in another run.
    """
    command = [sys.executable, __file__, "--child", name, prefix, output]
    command += ["--watched"] * watched
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    if os.path.isdir(output):
        shutil.rmtree(output)
    else:
        os.unlink(output)
    os.sync()
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gib", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tensorflow", action="store_true")
    parser.add_argument("--orbax", action="store_true")
    parser.add_argument("--folder", default=None, help="where to write; default: /tmp")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--watched", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        name, prefix, output = options.child
        watch = Watch() if options.watched else contextlib.nullcontext()
        result = RUNS[name](prefix, output, watch)
        print(json.dumps(result | ({"memory": watch.taken} if options.watched else {})))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        prefix = os.path.join(folder, "large")
        write_checkpoint(prefix, options.gib)
        os.sync()
        names = ["copy", "ours"]
        names += [n for n in ("orbax", "tensorflow") if getattr(options, n)]
        results: dict[str, list[dict]] = {name: [] for name in names}
        outputs = {
            name: os.path.join(folder, name + SUFFIXES.get(name, ".safetensors"))
            for name in names
        }
        for _ in range(options.rounds):
            for name in names:
                result = in_process(name, prefix, outputs[name])
                results[name].append(result)
                print(name, {k: round(v, 3) for k, v in result.items()}, flush=True)
        memory = {
            name: in_process(name, prefix, outputs[name], True)["memory"] / 2**20
            for name in names[1:]
        }
    median = {
        name: {k: statistics.median(r[k] for r in rows) for k in rows[0]}
        for name, rows in results.items()
    }
    copy, ours = median["copy"]["write"], median["ours"]
    cpu = median["copy"]["cpu"]
    print(f"cp + fsync        {copy:6.2f} s            {cpu:.2f} s of CPU")
    print(
        f"convert, write    {ours['write']:6.2f} s   {ours['write'] / copy:.2f} x cp"
        f"   {ours['cpu']:.2f} s of CPU"
    )
    total = ours["write"] + ours["join"]
    print(f"with the join     {total:6.2f} s   {total / copy:.2f} x cp")
    print(f"with the imports  {total + ours['import']:6.2f} s")
    print(f"anonymous memory  {memory['ours']:6.0f} MiB above the join")
    for name in names[2:]:
        other = median[name]
        print(
            f"{name:<16}  {other['write']:6.2f} s   {other['write'] / copy:.2f} x cp"
            f"   {memory[name]:.0f} MiB"
        )


if __name__ == "__main__":
    main()
