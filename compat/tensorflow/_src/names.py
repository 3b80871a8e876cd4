"""Names that are no ops: rules of the rewriter, what stays, what a person must do."""

from compat.dictionary import (
    BOOL,
    DTYPE,
    SHAPE,
    TENSOR,
    UNKNOWN,
    VARIABLE,
    Kind,
    manual,
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

# ------------------------------------------------------------------ what is manual

manual(
    "tf.keras.*",
    because="Keras models and layers are no Sonnet code",
    instead="rewrite as a Haiku module, or keep Keras 3 on its JAX backend",
    returns=UNKNOWN,
)
manual(
    "tf.keras.Model",
    "tf.keras.Sequential",
    "tf.keras.models.*",
    "tf.keras.Input",
    because="a Keras model holds its own variables and training loop",
    instead="rewrite as hk.Module or hk.Sequential with an explicit update step",
    returns=CLASS,
)
manual(
    "tf.keras.layers.*",
    because="Keras layers create their variables by Keras' own rules",
    instead="use the Haiku layer: Dense is hk.Linear, Conv2D is hk.Conv2D, ...",
    returns=CLASS,
)
manual(
    "tf.keras.optimizers.*",
    "tf.optimizers.*",
    because="Keras optimizers hold slots that refer to variables",
    instead="use the optax optimizer of that name",
    returns=CLASS,
)
manual(
    "tf.keras.optimizers.schedules.*",
    "tf.optimizers.schedules.*",
    because="Keras schedules are objects",
    instead="use optax.exponential_decay, optax.cosine_decay_schedule, ...",
    returns=CLASS,
)
manual(
    "tf.keras.losses.*",
    "tf.losses.*",
    "tf.compat.v1.losses.*",
    because="Keras losses reduce by rules of their own",
    instead="use optax.losses and take the mean yourself",
    returns=FUNCTION,
)
manual(
    "tf.keras.metrics.*",
    "tf.metrics.*",
    because="Keras metrics hold state",
    instead="compute the metric with jnp and average it on the host",
    returns=CLASS,
)
manual(
    "tf.keras.activations.*",
    because="Keras looks activations up by name",
    instead="use the function of jax.nn",
    returns=FUNCTION,
)
manual(
    "tf.keras.backend.*",
    because="it is Keras' own machinery",
    instead="use the jnp function of that meaning",
    returns=UNKNOWN,
)
manual(
    "tf.keras.initializers.*",
    "tf.initializers.*",
    because="an initializer is a class with TensorFlow's signature",
    instead="use hk.initializers.Constant, VarianceScaling, RandomNormal, ...",
    returns=CLASS,
)
manual(
    "tf.distribute.*",
    because="JAX spreads computation by sharding, not by strategies",
    instead="use jax.sharding with jit, or jax.pmap",
    returns=UNKNOWN,
)
manual(
    "tf.tpu.*",
    because="JAX finds TPUs by itself",
    instead="remove it; see jax.devices()",
    returns=UNKNOWN,
)
manual(
    "tf.config.*",
    because="JAX has its own settings and device lists",
    instead="jax.devices(), jax.local_devices(), jax.config.update(...)",
    returns=UNKNOWN,
)
manual(
    "tf.saved_model.*",
    because="a SavedModel is a TensorFlow graph",
    instead="export with jax2tf or jax.export, save parameters with safetensors",
    returns=UNKNOWN,
)
manual(
    "tf.TensorArray",
    because="a TensorArray is written to step by step, JAX arrays are not",
    instead="collect with hk.scan, or write with x.at[i].set(v)",
    returns=Kind("tensor_array"),
)
manual(
    "tf.IndexedSlices",
    "tf.SparseTensor",
    "tf.sparse.*",
    "tf.SparseTensorSpec",
    "tf.SparseTensor.*",
    because="JAX gradients and arrays are dense",
    instead="use dense arrays, or jax.experimental.sparse",
    returns=UNKNOWN,
)
manual(
    "tf.py_function",
    "tf.numpy_function",
    because="Python runs inside of the graph",
    instead="use jax.pure_callback with the result's shape and dtype",
    returns=TENSOR,
)
manual(
    "tf.print",
    because="printing from compiled code names its values by a format",
    instead="jax.debug.print('x = {}', x)",
    returns=UNKNOWN,
)
manual(
    "tf.Assert",
    "tf.debugging.*",
    "tf.assert_equal",
    "tf.assert_greater",
    "tf.assert_less",
    "tf.compat.v1.assert_equal",
    because="compiled JAX code cannot raise by a value",
    instead="check shapes with chex or assert; values with jax.experimental.checkify",
    returns=UNKNOWN,
)
manual(
    "tf.gradients",
    "tf.hessians",
    because="it differentiates a graph",
    instead="use jax.grad, jax.jacobian or jax.hessian of a function",
    returns=TENSOR,
)
manual(
    "tf.Graph",
    "tf.compat.v1.*",
    "tf.placeholder",
    "tf.reset_default_graph",
    "tf.disable_v2_behavior",
    "tf.Session",
    "tf.get_default_graph",
    "tf.train.SingularMonitoredSession",
    "tf.Operation",
    "tf.import_graph_def",
    "tf.graph_util.*",
    because="it is TensorFlow 1: a graph built first and run in a session",
    instead="turn it into eager TensorFlow 2 code first",
    returns=UNKNOWN,
)
manual(
    "tf.train.list_variables",
    "tf.train.load_checkpoint",
    "tf.train.load_variable",
    "tf.train.experimental.PythonState",
    "tf.train.ExponentialMovingAverage",
    "tf.train.Coordinator",
    "tf.train.*",
    because="it reads or writes TensorFlow's checkpoints",
    instead="convert the file once with convert-checkpoint and load the result",
    returns=UNKNOWN,
)
manual(
    "tf.random.Generator",
    "tf.random.Generator.*",
    "tf.random.experimental.Generator",
    "tf.random.experimental.Generator.*",
    "tf.random.get_global_generator",
    "tf.random.set_global_generator",
    "tf.random.create_rng_state",
    because="a Generator holds its state in a variable",
    instead="keep a jax.random key and split it",
    returns=UNKNOWN,
)
manual(
    "tf.experimental.*",
    because="it is not a settled part of TensorFlow",
    instead="use the jnp function of the same meaning",
    returns=UNKNOWN,
)
manual(
    "tf.experimental.numpy.*",
    because="it follows numpy's rules of types, not TensorFlow's",
    instead="use the jnp function of the same name",
    returns=TENSOR,
)
manual(
    "tf.raw_ops",
    "tf.raw_ops.*",
    because="raw operations have many more arguments than their public names",
    instead="use the public function, then its JAX counterpart",
    returns=UNKNOWN,
)
manual(
    "tf.autograph.*",
    because="JAX traces Python as it is",
    instead="remove it, or use jax.lax control flow",
    returns=UNKNOWN,
)
manual(
    "tf.xla.*",
    because="JAX compiles with XLA by itself",
    instead="use jax.jit",
    returns=FUNCTION,
)
manual(
    "tf.quantization.*",
    "tf.qint8",
    "tf.qint16",
    "tf.qint32",
    "tf.quint8",
    "tf.quint16",
    "tf.dtypes.qint8",
    "tf.dtypes.qint16",
    "tf.dtypes.qint32",
    "tf.dtypes.quint8",
    "tf.dtypes.quint16",
    "tf.variant",
    "tf.resource",
    "tf.dtypes.variant",
    "tf.dtypes.resource",
    because="JAX has no such dtype",
    instead="use the plain integer dtype, or AQT for quantised training",
    returns=DTYPE,
)
manual(
    "tf.register_tensor_conversion_function",
    because="JAX asks an object for `__jax_array__`",
    instead="give the class a `__jax_array__` method",
    returns=UNKNOWN,
)
manual(
    "tf.get_static_value",
    because="outside of jit a JAX array has its value, inside it has not",
    instead="np.asarray(x) outside of jit; make the argument static inside",
    returns=UNKNOWN,
)
manual(
    "tf.is_tensor",
    "tf.is_symbolic_tensor",
    "tf.debugging.is_numeric_tensor",
    because="which values are meant depends on the code around it",
    instead="isinstance(x, jax.Array)",
    returns=BOOL,
)
manual(
    "tf.parallel_stack",
    because="it exists for graphs only",
    instead="jnp.stack(values)",
    returns=TENSOR,
)
manual(
    "tf.TensorSpec.from_spec",
    "tf.TensorSpec.from_tensor",
    "tf.TypeSpec.*",
    "tf.type_spec_from_value",
    because="specifications of tensors are made in other ways in JAX",
    instead="jax.ShapeDtypeStruct(x.shape, x.dtype)",
    returns=UNKNOWN,
)
manual(
    "tf.image.*",
    because="JAX has few functions of images",
    instead="use jax.image, dm-pix, or do it in the input pipeline",
    returns=TENSOR,
)
manual(
    "tf.signal.*",
    because="it has no entry here",
    instead="use jnp.fft or jax.scipy.signal",
    returns=TENSOR,
)
manual(
    "tf.nn.ctc_loss",
    "tf.nn.ctc_greedy_decoder",
    "tf.nn.ctc_beam_search_decoder",
    because="the shapes of labels and lengths differ",
    instead="optax.ctc_loss takes paddings of zeros and ones",
    returns=TENSOR,
)
manual(
    "tf.nn.nce_loss",
    "tf.nn.sampled_softmax_loss",
    "tf.nn.all_candidate_sampler",
    "tf.nn.fixed_unigram_candidate_sampler",
    "tf.nn.learned_unigram_candidate_sampler",
    "tf.random.uniform_candidate_sampler",
    "tf.random.log_uniform_candidate_sampler",
    because="JAX has no candidate samplers",
    instead="sample with jax.random.choice and compute the loss of those classes",
    returns=TENSOR,
)
manual(
    "tf.nn.RNNCellDropoutWrapper",
    "tf.nn.RNNCellResidualWrapper",
    "tf.nn.RNNCellDeviceWrapper",
    because="they wrap Keras cells",
    instead="hk.ResetCore, hk.DeepRNN or a core of your own",
    returns=CLASS,
)
manual(
    "tf.linalg.LinearOperator",
    because="JAX has no linear operator classes",
    instead="tfp.substrates.jax.tf2jax.linalg, or the matrix itself",
    returns=CLASS,
)
manual(
    "tf.linalg.eig",
    "tf.linalg.eigvals",
    "tf.eig",
    "tf.eigvals",
    because="their order is free, and JAX has them on the CPU only",
    instead="jnp.linalg.eig, sorted as you need it",
    returns=TENSOR,
)
manual(
    "tf.linalg.lu",
    "tf.linalg.lu_solve",
    "tf.linalg.lu_reconstruct",
    "tf.linalg.lu_matrix_inverse",
    because="TensorFlow's factors come as one matrix and a permutation",
    instead="jax.scipy.linalg.lu_factor and lu_solve",
    returns=TENSOR,
)
manual(
    "tf.linalg.*",
    "tf.sets.*",
    "tf.audio.*",
    "tf.feature_column.*",
    "tf.estimator.*",
    "tf.lite.*",
    "tf.mlir.*",
    "tf.queue.*",
    "tf.profiler.*",
    "tf.sysconfig.*",
    "tf.types.*",
    "tf.contrib.*",
    "tf.math.*",
    "tf.nn.*",
    "tf.random.*",
    "tf.nest.*",
    "tf.bitwise.*",
    "tf.dtypes.*",
    because="it has no entry here",
    instead="look for the function of that meaning in jax, jnp, jax.scipy or optax",
    returns=UNKNOWN,
)
manual(
    "tf.*",
    because="it has no entry here",
    instead="look for the function of that meaning in jax, jnp, jax.scipy or optax",
    returns=UNKNOWN,
)


# tf.experimental.numpy is numpy's API already; its 64-bit defaults become 32-bit ones.
NUMPY = """
abs all allclose amax amin any append arange arccos arccosh arcsin arcsinh arctan
arctan2 arctanh argmax argmin argsort around array asarray atleast_1d atleast_2d
atleast_3d average broadcast_arrays broadcast_to ceil clip concatenate conj cos cosh
count_nonzero cross cumprod cumsum diag diagflat diagonal diff divide dot dstack einsum
empty empty_like equal exp exp2 expand_dims expm1 eye fabs flip fliplr flipud float32
float64 floor floor_divide full full_like geomspace greater greater_equal hsplit hstack
hypot identity imag inner int32 int64 isclose isfinite isinf isnan kron less less_equal
linspace log log10 log1p log2 logaddexp logical_and logical_not logical_or logspace
matmul max maximum mean median meshgrid min minimum mod moveaxis multiply nan_to_num
ndim negative newaxis nonzero not_equal ones ones_like outer pad positive power prod
ptp ravel real reciprocal remainder repeat reshape roll rot90 round shape sign sin sinc
sinh size sort split sqrt square squeeze stack std subtract sum swapaxes take
take_along_axis tan tanh tensordot tile trace transpose tri tril triu true_divide vander
var vdot vsplit vstack where zeros zeros_like
""".split()
for _name in NUMPY:
    value(
        f"tf.experimental.numpy.{_name}",
        spelling=f"jnp.{_name}".replace("64", "32"),
        returns=UNKNOWN,
        because="its 64-bit defaults become 32-bit ones",
    )
