"""The installed RLax wheel, whose tests are run, and the frozen list of cases.

Nothing of RLax's is stored here but the names of its cases.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
from pathlib import Path

HERE = Path(__file__).resolve().parent
LISTS = HERE / "lists.json"


class SetUpError(Exception):
    """Nothing can be tested."""


class Upstream:
    """What the wheel says of itself: version, public names, test files.

    Attributes:
      owner: public name → the module below ``rlax._src`` that defines it.
    """

    def __init__(self) -> None:
        found = importlib.util.find_spec("rlax")  # without importing it
        if found is None or not found.submodule_search_locations:
            raise SetUpError("rlax is not installed: its tests are read from it")
        self.root = Path(found.submodule_search_locations[0])
        self.owner: dict[str, str] = {}
        self.version = ""
        for node in ast.parse(self.read("__init__.py")).body:
            if isinstance(node, ast.ImportFrom) and node.module:
                module = node.module.rpartition(".")[2]
                for alias in node.names:
                    self.owner[alias.asname or alias.name] = module
            elif isinstance(node, ast.Assign):
                (target,) = node.targets
                if isinstance(target, ast.Name) and target.id == "__version__":
                    self.version = ast.literal_eval(node.value)

    def read(self, path: str) -> str:
        """A file of the wheel."""
        return (self.root / path).read_text(encoding="utf-8")

    def tests(self) -> list[str]:
        """The test files, relative to the package."""
        files = [*self.root.glob("*_test.py"), *self.root.glob("_src/*_test.py")]
        return sorted(str(f.relative_to(self.root)) for f in files)

    def modules(self) -> list[str]:
        """The modules below ``rlax._src``, tests left out."""
        names = (f.stem for f in sorted((self.root / "_src").glob("*.py")))
        return [n for n in names if n != "__init__" and not n.endswith("_test")]

    def digest(self) -> dict[str, str]:
        """A hash of each test file."""
        return {
            path: hashlib.sha256(self.read(path).encode()).hexdigest()
            for path in self.tests()
        }


def frozen(upstream: Upstream) -> dict:
    """The lists, made on the RLax that is installed.

    Raises:
      SetUpError: the wheel's tests are not those of the lists.
    """
    lists = json.loads(LISTS.read_text(encoding="utf-8"))
    if lists["files"] != upstream.digest():
        raise SetUpError(
            f"the tests of rlax {upstream.version} are not those of the lists, which "
            f"are of rlax {lists['rlax']}: run --impl rlax --freeze"
        )
    return lists
