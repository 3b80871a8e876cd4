"""Names that are no ops: rules of the rewriter, and what stays."""

from compat.dictionary import (
    BOOL,
    SHAPE,
    UNKNOWN,
    VARIABLE,
    Kind,
    stays,
    structural,
    value,
)

CLASS = Kind("class")
FUNCTION = Kind("function")
STRING = Kind("string")

# ------------------------------------------------------------------ rules

structural("tf.Variable", rule="variables", returns=VARIABLE)
structural(
    "tf.VariableSynchronization",
    "tf.VariableSynchronization.*",
    "tf.VariableAggregation",
    "tf.VariableAggregation.*",
    "tf.variable_creator_scope",
    rule="variables",
    returns=UNKNOWN,
)
structural(
    "tf.GradientTape",
    "tf.autodiff.GradientTape",
    "tf.UnconnectedGradients",
    "tf.UnconnectedGradients.*",
    rule="tape",
    returns=Kind("tape"),
)
structural("tf.function", rule="function", returns=FUNCTION)
structural(
    "tf.name_scope",
    "tf.compat.v1.name_scope",
    "tf.get_current_name_scope",
    rule="namescope",
    returns=UNKNOWN,
)
structural(
    "tf.control_dependencies",
    "tf.group",
    "tf.no_op",
    "tf.init_scope",
    rule="control_dependencies",
    returns=UNKNOWN,
)
structural("tf.device", "tf.DeviceSpec", rule="control_dependencies", returns=UNKNOWN)
structural(
    "tf.train.Checkpoint",
    "tf.train.CheckpointManager",
    "tf.train.latest_checkpoint",
    "tf.train.CheckpointOptions",
    rule="checkpoint",
    returns=Kind("checkpoint"),
)
structural("tf.random.set_seed", "tf.compat.v1.set_random_seed", rule="random_seed")
structural("tf.Module", rule="module_class", returns=CLASS)
structural(
    "tf.executing_eagerly",
    "tf.inside_function",
    "tf.autograph.experimental.do_not_convert",
    "tf.autograph.experimental.set_loop_options",
    rule="autograph",
    returns=BOOL,
)

# ------------------------------------------------------------------ values

value("tf.Tensor", spelling="jnp.ndarray", returns=CLASS)
value("tf.newaxis", spelling="None", returns=UNKNOWN)
value("tf.DType", "tf.dtypes.DType", spelling="jnp.dtype", returns=CLASS)
value("tf.TypeSpec", spelling="jax.ShapeDtypeStruct", returns=CLASS)
value(
    "tf.TensorShape",
    spelling="tuple",
    returns=SHAPE,
    because="JAX's shapes are plain tuples, each size known",
)
value(
    "tf.custom_gradient",
    spelling="jax.custom_gradient",
    returns=FUNCTION,
    because="exact where the function takes no `variables` argument",
)
value("tf.recompute_grad", spelling="jax.checkpoint", returns=FUNCTION)
value("tf.math.pi", "tf.experimental.numpy.pi", spelling="np.pi", returns=UNKNOWN)

# ------------------------------------------------------------------ what stays

stays(
    "tf.data.*",
    because="an input pipeline feeds JAX as well as TensorFlow",
    instead="iterate over dataset.as_numpy_iterator()",
    returns=UNKNOWN,
)
stays(
    "tf.data.Dataset",
    "tf.data.Dataset.*",
    because="an input pipeline feeds JAX as well as TensorFlow",
    instead="iterate over dataset.as_numpy_iterator()",
    returns=Kind("dataset"),
)
stays(
    "tf.io.*",
    "tf.train.Feature",
    "tf.train.Features",
    "tf.train.Example",
    "tf.train.SequenceExample",
    "tf.train.BytesList",
    "tf.train.FloatList",
    "tf.train.Int64List",
    "tf.lookup.*",
    "tf.strings.*",
    "tf.string",
    "tf.dtypes.string",
    "tf.as_string",
    "tf.strings.as_string",
    "tf.RaggedTensor",
    "tf.ragged.*",
    "tf.RaggedTensorSpec",
    "tf.image.decode_image",
    "tf.image.decode_jpeg",
    "tf.image.decode_png",
    "tf.image.decode_and_crop_jpeg",
    "tf.image.encode_jpeg",
    "tf.image.encode_png",
    "tf.image.extract_jpeg_shape",
    because="reading and parsing of data runs on the host, before JAX",
    instead="leave it in the input pipeline",
    returns=UNKNOWN,
)
stays(
    "tf.summary.*",
    because="summaries are written from the host, outside of compiled code",
    instead="leave it there, or write with tensorboardX or clu.metric_writers",
    returns=UNKNOWN,
)
stays(
    "tf.errors.*",
    "tf.errors.InvalidArgumentError",
    because="it names what TensorFlow's own functions raise",
    instead="where only JAX code is guarded, catch ValueError or TypeError",
    returns=CLASS,
)
stays(
    "tf.get_logger",
    "tf.logging",
    "tf.logging.*",
    "tf.compat.v1.logging.*",
    "tf.autograph.set_verbosity",
    because="it sets the logging of TensorFlow itself",
    instead="use absl.logging for your own messages",
    returns=UNKNOWN,
)
stays(
    "tf.config.experimental.set_memory_growth",
    "tf.config.experimental.set_visible_devices",
    "tf.config.set_visible_devices",
    because="where TensorFlow feeds the data, it must be kept off the accelerator",
    instead="tf.config.set_visible_devices([], 'GPU') at the start of the program",
    returns=UNKNOWN,
)
stays(
    "tf.test.TestCase",
    "tf.test.main",
    "tf.test.*",
    because="the test harness is yours to choose",
    instead="absl.testing.parameterized.TestCase and absl.testing.absltest.main",
    returns=CLASS,
)
stays(
    "tf.__version__",
    "tf.version.*",
    "tf.compat.v1.version.*",
    "tf.compat.v2.__version__",
    because="it asks for the version of TensorFlow itself",
    instead="jax.__version__",
    returns=STRING,
)
stays(
    "tf.compat.v2.enable_v2_behavior",
    "tf.compat.v1.enable_v2_behavior",
    "tf.enable_v2_behavior",
    "tf.compat.v1.enable_eager_execution",
    because="it switches TensorFlow's own behaviour, which JAX does not have",
    instead="remove the call once no TensorFlow is left",
    returns=UNKNOWN,
)
stays(
    "tf.python",
    "tf.python.*",
    because="it reaches into TensorFlow's private modules",
    instead="find the public name, or drop it",
    returns=UNKNOWN,
)
