"""Imports everything that enters names in the dictionary."""

import importlib
import pkgutil

from compat.sonnet import _src as _sonnet
from compat.tensorflow import _src as _tensorflow
from compat.trfl import _src as _trfl

for _package in (_tensorflow, _sonnet, _trfl):
    for _module in pkgutil.iter_modules(_package.__path__, f"{_package.__name__}."):
        importlib.import_module(_module.name)
