"""`python -m tests.corpus.classes`: do the corpus's module classes keep their numbers?

All subclasses of `snt.Module` in Sonnet's nets, bsuite's agents and Acme's networks are
rewritten, given a checkpoint of the original, and compared with it: outputs, loss,
gradients, state. Prints a table; exits with 1 if fewer pass than `floor.txt` says.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
FLOOR = HERE / "floor.txt"
CLASSES = HERE / "classes.txt"
PACKAGES = ("acme", "bsuite")
NETS = ("mlp", "cifar10_convnet", "resnet", "vqvae")


def folder_of(package: str) -> pathlib.Path:
    """Where a package is installed; it is not imported."""
    spec = importlib.util.find_spec(package)
    return pathlib.Path(spec.submodule_search_locations[0])


def classes() -> list[str]:
    """The classes that count: a frozen list, each still found in the sources."""
    listed = CLASSES.read_text().split()
    root = folder_of("acme").parent
    for entry in listed:
        file, _, name = entry.partition("::")
        tree = ast.parse((root / file).read_text())
        assert any(
            isinstance(n, ast.ClassDef) and n.name == name for n in ast.walk(tree)
        ), f"{entry} is not in the installed corpus"
    return listed


def rewrite(source: pathlib.Path, target: pathlib.Path) -> None:
    command = [sys.executable, "-m", "sonnet2haiku", "rewrite", str(source)]
    subprocess.run(
        [*command, "--out", str(target)], check=True, stdout=subprocess.DEVNULL
    )


def measure(work: pathlib.Path) -> dict[str, object]:
    """What `migrated_side` reports, by class."""
    tree = work / "tree"
    nets = work / "nets"
    nets.mkdir()
    for name in NETS:
        shutil.copy(folder_of("sonnet") / "src" / "nets" / f"{name}.py", nets)
    for package in PACKAGES:
        rewrite(folder_of(package), tree / package)
    rewrite(nets, tree / "nets")
    environment = {
        **os.environ,
        "JAX_PLATFORMS": "cpu",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": "0",
    }
    report = work / "report.json"
    for side in (
        ["legacy_side", str(work / "reference")],
        ["migrated_side", str(work / "reference"), str(tree), str(report)],
    ):
        subprocess.run(
            [sys.executable, "-m", f"tests.corpus.classes.{side[0]}", *side[1:]],
            check=True,
            env=environment,
            stderr=subprocess.DEVNULL,
        )
    return json.loads(report.read_text())


def passes(found: object) -> bool:
    """Whether every error measured is within its tolerance."""
    return isinstance(found, dict) and all(a <= b for a, b in found.values())


def main() -> int:
    listed = classes()
    with tempfile.TemporaryDirectory() as folder:
        report = measure(pathlib.Path(folder))
    passed = 0
    for name in listed:
        found = report.get(name, "no test specification")
        good = passes(found)
        passed += good
        if isinstance(found, dict):
            text = "  ".join(f"{k} {a:.1e} (≤ {b:.1e})" for k, (a, b) in found.items())
        else:
            text = found.strip().splitlines()[-1][:100]
        print(f"{'ok  ' if good else 'FAIL'} {name:70s} {text}")
    floor = int(FLOOR.read_text())
    print(f"{passed} passed of {len(listed)} (floor {floor})")
    return int(passed < floor)


if __name__ == "__main__":
    raise SystemExit(main())
