"""TensorFlow's checkpoint files (tensor bundles), read and written without TensorFlow.

A checkpoint is an index file and one or more data files. `Bundle` reads one: tensors
are views of the mapped files, checksums are verified, damage is reported with file,
tensor and offset. `writing_bundle` writes one that TensorFlow restores. `ObjectGraph`
says which Python objects held which variables.
"""

from compat.bundle._src.checksum import as_bytes as as_bytes
from compat.bundle._src.checksum import extend as extend_checksum
from compat.bundle._src.checksum import of_array as checksum_of_array
from compat.bundle._src.entry import Entry as Entry
from compat.bundle._src.errors import BundleError as BundleError
from compat.bundle._src.errors import NoCheckpoint as NoCheckpoint
from compat.bundle._src.errors import OldFormat as OldFormat
from compat.bundle._src.graph import KEY as GRAPH_KEY
from compat.bundle._src.graph import VALUE as VALUE
from compat.bundle._src.graph import Attribute as Attribute
from compat.bundle._src.graph import Node as Node
from compat.bundle._src.graph import ObjectGraph as ObjectGraph
from compat.bundle._src.graph import Slot as Slot
from compat.bundle._src.graph import variable_key as variable_key
from compat.bundle._src.locate import latest as latest
from compat.bundle._src.locate import locate as locate
from compat.bundle._src.locate import write_state as write_state
from compat.bundle._src.reader import Bundle as Bundle
from compat.bundle._src.reader import Region as Region
from compat.bundle._src.writer import BundleWriter as BundleWriter
from compat.bundle._src.writer import writing_bundle as writing_bundle

__all__ = (
    "GRAPH_KEY",
    "VALUE",
    "Attribute",
    "Bundle",
    "BundleError",
    "BundleWriter",
    "Entry",
    "NoCheckpoint",
    "Node",
    "ObjectGraph",
    "OldFormat",
    "Region",
    "Slot",
    "as_bytes",
    "checksum_of_array",
    "extend_checksum",
    "latest",
    "locate",
    "variable_key",
    "write_state",
    "writing_bundle",
)
