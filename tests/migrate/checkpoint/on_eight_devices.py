"""Loading onto a mesh of devices; `test_sharded.py` runs this where there are eight."""

from __future__ import annotations

import jax
import ml_dtypes
import numpy as np
import pytest
from jax.sharding import Mesh, NamedSharding, PartitionSpec

import haiku_core as hk
from migrate import checkpoint
from migrate.checkpoint._src import files
from migrate.checkpoint._src.content import FORMAT, Content, Value, ordered
from migrate.checkpoint._src.keys import PARAMS, Key, Leaf
from migrate.errors import UserError
from tests.support.memory import Watch

MIB = 1 << 20
RNG = np.random.default_rng(0)


def random(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def program(x):
    return hk.nets.MLP([32, 16])(x)


PARAMS_OF_MLP = {
    "mlp/~/linear_0": {"w": random(8, 32), "b": random(32)},
    "mlp/~/linear_1": {"w": random(32, 16), "b": random(16)},
}
STATE = {"counter": {"steps": np.int32(7), "scale": ml_dtypes.bfloat16(2.5)}}


@pytest.fixture(scope="module")
def mesh():
    assert len(jax.devices()) == 8
    devices = np.reshape(jax.devices(), (4, 2))
    return Mesh(devices, ("rows", "columns"))


@pytest.fixture(params=["net.safetensors", "net.npz", "net.msgpack", "net"])
def path(request, tmp_path):
    path = tmp_path / request.param
    checkpoint.save(path, PARAMS_OF_MLP, STATE)
    return path


def layout(mesh):
    """Weights in eight parts, biases in two, the rest whole on every device."""

    def sharding(name):
        spec = ()
        if name.endswith(":w"):
            spec = ("rows", "columns")
        elif name.endswith(":b"):
            spec = ("columns",)
        return NamedSharding(mesh, PartitionSpec(*spec))

    return sharding


def test_each_device_holds_its_part(path, mesh):
    params, state = checkpoint.load(path, sharding=layout(mesh))
    for module, entries in PARAMS_OF_MLP.items():
        for name, expected in entries.items():
            array = params[module][name]
            assert array.sharding == layout(mesh)(name and f":{name}")
            shards = array.addressable_shards
            assert len({shard.device for shard in shards}) == 8
            parts = 8 if name == "w" else 2
            for shard in shards:
                assert shard.data.size == expected.size // parts
                np.testing.assert_array_equal(shard.data, expected[shard.index])
    for name, expected in STATE["counter"].items():
        array = state["counter"][name]
        assert array.is_fully_replicated and len(array.devices()) == 8
        assert (array.dtype, array.shape) == (expected.dtype, ())
        assert array == expected
    x = random(5, 8)
    run = jax.jit(hk.without_apply_rng(hk.transform(program)).apply)
    whole, _ = checkpoint.load(path)
    np.testing.assert_allclose(run(params, x), run(whole, x), rtol=1e-5, atol=1e-5)


def test_one_sharding_for_all(path, mesh):
    params, _ = checkpoint.load(path, sharding=NamedSharding(mesh, PartitionSpec()))
    assert params["mlp/~/linear_0"]["w"].is_fully_replicated


def test_what_can_not_be_divided(path, mesh):
    eighths = NamedSharding(mesh, PartitionSpec(("rows", "columns")))
    with pytest.raises(UserError, match=r"state:counter:\w+ of shape \[\] can't be"):
        checkpoint.load(path, sharding=eighths)
    squares = NamedSharding(mesh, PartitionSpec("rows", "columns"))
    with pytest.raises(UserError, match=r":b of shape \[32\] .* function from names"):
        checkpoint.load(path, sharding=lambda n: squares if n[-3:] == "0:b" else None)


def test_some_stay_in_numpy(path, mesh):
    def sharding(name):
        return layout(mesh)(name) if name.endswith(":w") else None

    params, _ = checkpoint.load(path, sharding=sharding)
    assert isinstance(params["mlp/~/linear_0"]["b"], np.ndarray)
    assert isinstance(params["mlp/~/linear_0"]["w"], jax.Array)


# One array, and what is under way. How much that is with Orbax depends on how far the
# disk is behind: TensorStore writes from threads, in chunks and files of its own.
@pytest.mark.parametrize(
    ("name", "most"), [("net.safetensors", 48 + 100), ("net", 48 + 192)]
)
def test_writing_streams(name, most, tmp_path):
    """Of ten arrays of 48 MiB few are ever in memory."""
    leaf = Leaf((48, 1 << 18), np.dtype(np.float32))
    keys = [Key(PARAMS, "m", str(i)) for i in range(10)]

    def values():
        for i, key in enumerate(keys):
            yield key, Value(np.full(leaf.shape, i, leaf.dtype))

    content = Content(ordered(dict.fromkeys(keys, leaf)), values, {"format": FORMAT})
    checkpoint.save(tmp_path / f"warm-{name}", {"m": {"w": np.zeros(3)}})
    with Watch() as watch:
        files.write(tmp_path / name, content)
    assert watch.taken < most * MIB
    params, _ = checkpoint.load(tmp_path / name)
    assert all(np.all(params["m"][str(i)] == i) for i in range(10))
