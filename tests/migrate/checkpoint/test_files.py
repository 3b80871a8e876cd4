"""The formats: what goes in comes out, bit by bit, and others can read it."""

from __future__ import annotations

import io
import os
import pickle
import shutil
import types

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import safetensors.flax

from migrate import checkpoint
from migrate.checkpoint._src import casting
from migrate.checkpoint._src.target import parse_input
from migrate.errors import UserError

SUFFIXES = (".safetensors", ".npz", ".msgpack", ".pkl", "")
RNG = np.random.default_rng(0)
PARAMS = {
    "net/~/linear": {
        "w": RNG.normal(size=(3, 4)).astype(np.float32),
        "b": RNG.normal(size=4).astype(ml_dtypes.bfloat16),
    },
    "net": {"scale": np.float32(2.5), "empty": np.zeros((0, 3), np.float16)},
    "~": {"a:b//c%": np.arange(3, dtype=np.int8), "nan": np.float32([np.nan, -0.0])},
}
STATE = {"net/~/ema": {"counter": np.int32(7), "done": np.array([True, False])}}


def same(a, b):
    a, b = np.asarray(a), np.asarray(b)
    return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())


def check(loaded, saved):
    assert loaded.keys() == saved.keys()
    for module, entries in saved.items():
        assert loaded[module].keys() == entries.keys()
        for name, array in entries.items():
            assert same(loaded[module][name], array), (module, name)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_round_trip(suffix, tmp_path):
    path = tmp_path / f"model{suffix}"
    params = PARAMS
    if not suffix:
        # Orbax has no arrays of size zero.
        params = {**PARAMS, "net": {"scale": PARAMS["net"]["scale"]}}
    for _ in range(2):  # the second time over the first
        checkpoint.save(path, params, STATE, trust_pickle=True)
    loaded, state = checkpoint.load(path, trust_pickle=True)
    check(loaded, params)
    check(state, STATE)


def test_safetensors_is_read_by_its_own_library(tmp_path):
    path = tmp_path / "model.safetensors"
    checkpoint.save(path, PARAMS, STATE)
    loaded = safetensors.flax.load_file(path)
    assert same(loaded["params:net/~/linear:w"], PARAMS["net/~/linear"]["w"])
    assert same(loaded["params:net/~/linear:b"], PARAMS["net/~/linear"]["b"])
    assert loaded["params:net:scale"] == 2.5
    assert len(loaded) == 8


def test_msgpack_is_read_by_flax(tmp_path):
    from flax import serialization

    path = tmp_path / "model.msgpack"
    checkpoint.save(path, PARAMS, STATE)
    loaded = serialization.msgpack_restore(path.read_bytes())
    check(loaded["params"], PARAMS)
    check(loaded["state"], STATE)


def test_npz_is_read_by_numpy(tmp_path):
    path = tmp_path / "model.npz"
    checkpoint.save(path, PARAMS, STATE)
    with np.load(path) as file:
        assert same(file["params:net/~/linear:w"], PARAMS["net/~/linear"]["w"])


def test_pickles_need_trust(tmp_path):
    ran = tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return open, (str(ran), "w")

    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(UserError, match="can run any code"):
        checkpoint.load(path)
    with pytest.raises(UserError, match="can run any code"):
        checkpoint.save(path, PARAMS)
    assert not ran.exists()


def test_no_other_format_runs_code(tmp_path):
    """An .npz with a pickled array inside is refused, not loaded."""
    buffer = io.BytesIO()
    np.savez(buffer, x=np.array([{"a": 1}], object))
    (tmp_path / "model.npz").write_bytes(buffer.getvalue())
    with pytest.raises(UserError, match="no intact .npz"):
        checkpoint.load(tmp_path / "model.npz")


@pytest.mark.parametrize("suffix", [".safetensors", ".npz", ".msgpack"])
def test_damage_is_found(suffix, tmp_path):
    path = tmp_path / f"model{suffix}"
    checkpoint.save(path, PARAMS, STATE)
    whole = path.read_bytes()
    found = 0
    for position in range(0, len(whole), 3):
        data = bytearray(whole)
        data[position] ^= 0x10
        path.write_bytes(data)
        try:
            params, state = checkpoint.load(path)
        except UserError:
            found += 1
            continue
        check(params, PARAMS)  # it was in the padding, or in remarks about the source
        check(state, STATE)
    assert found > len(whole) / 12
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError):
        checkpoint.load(path)


def test_straight_onto_devices(tmp_path):
    path = tmp_path / "model.safetensors"
    checkpoint.save(path, {"m": {"w": np.arange(8.0, dtype=np.float32)}})
    mesh = jax.make_mesh((1,), ("x",))
    sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("x"))
    params, _ = checkpoint.load(path, sharding=sharding)
    assert params["m"]["w"].sharding == sharding
    params, _ = checkpoint.load(path, sharding=lambda name: sharding)
    np.testing.assert_array_equal(params["m"]["w"], np.arange(8.0))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_no_room_for_a_folder(tmp_path, monkeypatch):
    """It is told before Orbax begins, and the old folder stays."""
    checkpoint.save(tmp_path / "model", {"m": {"w": np.zeros(3)}})
    full = types.SimpleNamespace(free=100)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: full)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.save(tmp_path / "model", {"m": {"w": np.ones(3)}})
    params, _ = checkpoint.load(tmp_path / "model")
    np.testing.assert_array_equal(params["m"]["w"], 0)
    assert os.listdir(tmp_path) == ["model"]


@pytest.mark.parametrize("path, word", [
    ("absent.npz", "there is no file"),
    ("model.h5", "no format has the suffix"),
    (".", "a folder that was not written here"),
])  # fmt: skip
def test_what_is_no_file(path, word, tmp_path):
    with pytest.raises(UserError, match=word):
        checkpoint.load(tmp_path / path)


def test_complex_numbers_need_another_format(tmp_path):
    params = {"m": {"z": np.complex128([1j])}}
    with pytest.raises(UserError, match="no element type complex128.*npz"):
        checkpoint.save(tmp_path / "m.safetensors", params)
    checkpoint.save(tmp_path / "m.npz", params)
    check(checkpoint.load(tmp_path / "m.npz")[0], params)


@pytest.mark.parametrize("source, target, change", [
    ("float32", "float32", "NONE"), ("float32", "float64", "EXACT"),
    ("float64", "float32", "LOSSY"), ("bfloat16", "float32", "EXACT"),
    ("float16", "bfloat16", "LOSSY"), ("bfloat16", "float16", "LOSSY"),
    ("int64", "int32", "CHECKED"), ("int32", "int64", "EXACT"),
    ("int8", "uint8", "CHECKED"), ("bool", "int32", "LOSSY"),
    ("int32", "float32", "LOSSY"), ("float32", "complex64", "EXACT"),
    ("float64", "complex64", "LOSSY"), ("object", "float32", "LOSSY"),
])  # fmt: skip
def test_casts(source, target, change):
    found = casting.change(jnp.dtype(source) if source != "object" else
                           np.dtype(object), jnp.dtype(target))  # fmt: skip
    assert found is casting.Change[change]


@pytest.mark.parametrize("text, name, value", [
    ("float32[2,10]", None, jax.ShapeDtypeStruct((2, 10), np.float32)),
    ("int32[]", None, jax.ShapeDtypeStruct((), np.int32)),
    ("x=bfloat16[3]", "x", jax.ShapeDtypeStruct((3,), jnp.bfloat16)),
    ("is_training=False", "is_training", False),
    ("'text'", None, "text"),
    ("[]", None, []),
    ("{'a': (float32[1], 2)}", None,
     {"a": (jax.ShapeDtypeStruct((1,), np.float32), 2)}),
])  # fmt: skip
def test_inputs(text, name, value):
    assert parse_input(text) == (name, value)


@pytest.mark.parametrize("text", ["float32[", "float99[2]", "f()", "float32[-1]", "x"])
def test_wrong_inputs(text):
    with pytest.raises(UserError, match="can't be read"):
        parse_input(text)
