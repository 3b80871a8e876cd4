"""Damaged checkpoints: never a wrong value, never a crash."""

from __future__ import annotations

import os
import struct

import cramjam
import numpy as np
import pytest

from compat import bundle
from compat.bundle import VALUE, Attribute, Bundle, BundleError, Node, ObjectGraph
from compat.bundle._src import checksum, ordered, table, wire

ARRAYS = {
    "net/w": np.arange(12, dtype=np.float32).reshape(3, 4),
    "net/b": np.arange(3, dtype=np.int64),
    "text": np.array([b"abc", b"", b"de"], object),
    "flag": np.array(True),
}


def write(prefix):
    nodes = [Node({"net": 1}), Node({"w": 2, "b": 3}), Node(), Node()]
    nodes[2].attributes.append(Attribute(VALUE, "net/w:0", "net/w"))
    nodes[3].attributes.append(Attribute(VALUE, "", "net/b"))
    with bundle.writing_bundle(prefix) as writer:
        for key, array in ARRAYS.items():
            writer.add(key, array)
        writer.add_graph(ObjectGraph(nodes))
    return os.fspath(prefix)


def content(prefix):
    """Everything a reader can learn from a checkpoint."""
    reader = Bundle(prefix)
    graph = reader.graph
    arrays = {key: reader.get(key) for key in reader.keys()}
    return (
        {k: (a.dtype, a.shape, a.tolist()) for k, a in arrays.items()},
        None if graph is None else [(n.children, n.attributes) for n in graph.nodes],
    )


@pytest.fixture(scope="module")
def intact(tmp_path_factory):
    prefix = write(tmp_path_factory.mktemp("intact") / "c")
    files = {}
    for suffix in (".index", ".data-00000-of-00001"):
        with open(prefix + suffix, "rb") as file:
            files[suffix] = file.read()
    return files, content(prefix)


def lay(folder, files):
    for suffix, data in files.items():
        (folder / f"c{suffix}").write_bytes(data)
    return str(folder / "c")


@pytest.mark.parametrize("suffix", [".index", ".data-00000-of-00001"])
@pytest.mark.parametrize("how", ["flip", "zero", "high"])
def test_every_byte(suffix, how, intact, tmp_path):
    files, expected = intact
    change = {"flip": lambda b: b ^ 1, "zero": lambda b: 0, "high": lambda b: b ^ 0x80}
    seen = {"error": 0, "same": 0}
    for position in range(len(files[suffix])):
        data = bytearray(files[suffix])
        data[position] = change[how](data[position])
        prefix = lay(tmp_path, {**files, suffix: bytes(data)})
        try:
            result = content(prefix)
        except BundleError as error:
            assert "c." in str(error)
            seen["error"] += 1
        else:
            assert result == expected, (position, how)
            seen["same"] += 1
    assert seen["error"] > 0.3 * len(files[suffix])


@pytest.mark.parametrize("suffix", [".index", ".data-00000-of-00001"])
def test_every_truncation(suffix, intact, tmp_path):
    files, expected = intact
    for size in range(len(files[suffix])):
        prefix = lay(tmp_path, {**files, suffix: files[suffix][:size]})
        with pytest.raises(BundleError):
            content(prefix)


@pytest.mark.parametrize("width", [2, 7, 64])
def test_every_range(width, intact, tmp_path):
    files, expected = intact
    rng = np.random.default_rng(0)
    for suffix, data in files.items():
        for start in range(0, len(data) - width, max(1, width // 2)):
            noise = rng.bytes(width)
            broken = data[:start] + noise + data[start + width :]
            prefix = lay(tmp_path, {**files, suffix: broken})
            try:
                assert content(prefix) == expected
            except BundleError:
                continue


def test_checksums_right_but_nonsense_inside(tmp_path):
    """A forged index with valid checksums still can't make the reader misbehave."""
    files_prefix = write(tmp_path / "c")
    with open(files_prefix + ".index", "rb") as file:
        records = list(table.read(file.read(), "c"))
    rng = np.random.default_rng(1)
    outcomes = set()
    for _ in range(400):
        forged = []
        for key, value in records:
            value = bytearray(value)
            if value and rng.random() < 0.5:
                value[rng.integers(len(value))] = rng.integers(256)
            forged.append((key, bytes(value)))
        with open(files_prefix + ".index", "wb") as file:
            file.write(table.write(forged))
        try:
            content(files_prefix)
            outcomes.add("read")
        except BundleError:
            outcomes.add("error")
    assert "error" in outcomes


def test_missing_data_file_and_key(intact, tmp_path):
    prefix = lay(tmp_path, intact[0])
    os.unlink(prefix + ".data-00000-of-00001")
    with pytest.raises(BundleError, match=r"data-00000-of-00001.*missing.*'net/w'"):
        Bundle(prefix).get("net/w")
    with pytest.raises(BundleError, match="no such tensor.*'nope'"):
        Bundle(prefix).get("nope")


def test_the_error_names_file_key_and_offset(intact, tmp_path):
    files, _ = intact
    suffix = ".data-00000-of-00001"
    data = bytearray(files[suffix])
    data[5] ^= 4
    prefix = lay(tmp_path, {**files, suffix: bytes(data)})
    with pytest.raises(BundleError) as caught:
        Bundle(prefix).get("net/w")
    assert caught.value.key == "net/w" and caught.value.offset == 0
    assert "checksum" in str(caught.value) and suffix in str(caught.value)
    assert Bundle(prefix, verify=False).get("net/w").shape == (3, 4)


def test_snappy_blocks(intact, tmp_path):
    """Older TensorFlow compresses the index."""
    files, expected = intact
    prefix = lay(tmp_path, files)
    records = list(table.read(files[".index"], "c"))
    packed = bytes(cramjam.snappy.compress_raw(table._pack(records)))
    out = bytearray()

    def put(body, kind):
        handle = wire.varint(len(out)) + wire.varint(len(body))
        framed = body + bytes([kind])
        out.extend(framed + struct.pack("<I", checksum.mask(checksum.of(framed))))
        return handle

    listing = [(records[-1][0], put(packed, 1))]
    footer = put(table._pack([]), 0) + put(table._pack(listing), 0)
    out += footer.ljust(40, b"\0") + struct.pack("<Q", table.MAGIC)
    with open(prefix + ".index", "wb") as file:
        file.write(out)
    assert content(prefix) == expected
    out[3] ^= 0xFF
    with open(prefix + ".index", "wb") as file:
        file.write(out)
    with pytest.raises(BundleError, match="checksum"):
        Bundle(prefix)
    with pytest.raises(BundleError):
        Bundle(prefix, verify=False)


def test_large_index_has_many_blocks(tmp_path):
    arrays = {f"layer/{i:04d}/weights": np.float32(i) for i in range(3000)}
    with bundle.writing_bundle(tmp_path / "c") as writer:
        for key, array in arrays.items():
            writer.add(key, np.asarray(array))
    reader = Bundle(tmp_path / "c")
    assert reader.keys() == sorted(arrays)
    assert all(reader.get(key) == value for key, value in arrays.items())
    assert reader.graph is None


def test_an_exception_leaves_the_old_checkpoint(tmp_path):
    prefix = write(tmp_path / "c")
    before = content(prefix)
    with pytest.raises(RuntimeError), bundle.writing_bundle(prefix) as writer:
        writer.add("other", np.zeros(3))
        raise RuntimeError
    assert content(prefix) == before
    assert sorted(os.listdir(tmp_path)) == ["c.data-00000-of-00001", "c.index"]


@pytest.mark.parametrize(
    "extents, code",
    [
        (((0, 4),), b"\x80\x84"),
        (((0, -1), (64, 3)), b"\x80\x7f\xc0\x40\x83"),
        (((-65, 8191),), b"\x3f\xbf\xdf\xff"),
        (
            ((8192, 1 << 20),),
            b"\xe0\x20\x00\xe0\x10\x00\x00"[:3] + b"\xf0\x10\x00\x00"[:4],
        ),
    ],
)
def test_piece_keys_keep_number_order(extents, code):
    """Signed numbers as ordered byte strings."""
    key = ordered.piece_key("v", extents)
    assert key.startswith(b"\x00v\x00\x01" + bytes([1, len(extents)]))
    assert key.endswith(code)


def test_numbers_sort_as_their_codes():
    numbers = sorted({s * (1 << e) + d for e in range(0, 62) for s in (1, -1)
                      for d in (-1, 0, 1)})  # fmt: skip
    codes = [ordered._signed(n) for n in numbers]
    assert codes == sorted(codes) and len(set(codes)) == len(numbers)
