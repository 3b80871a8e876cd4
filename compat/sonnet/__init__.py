"""Sonnet 2's names on JAX."""

import compat.sonnet._src.axis_norm
import compat.sonnet._src.base
import compat.sonnet._src.batch_norm
import compat.sonnet._src.conv
import compat.sonnet._src.conv_transpose
import compat.sonnet._src.depthwise
import compat.sonnet._src.distribute
import compat.sonnet._src.dropout
import compat.sonnet._src.embed
import compat.sonnet._src.functional
import compat.sonnet._src.gradients
import compat.sonnet._src.group_norm
import compat.sonnet._src.initializers
import compat.sonnet._src.linear
import compat.sonnet._src.metrics
import compat.sonnet._src.mixed_precision
import compat.sonnet._src.nets
import compat.sonnet._src.optimizers
import compat.sonnet._src.pad
import compat.sonnet._src.recurrent
import compat.sonnet._src.regularizers
import compat.sonnet._src.reshape
import compat.sonnet._src.sequential
import compat.sonnet._src.tools
import compat.sonnet._src.unroll  # noqa: F401
