"""Names that a person must replace: why, and what to do instead."""

from compat.dictionary import (
    BOOL,
    DTYPE,
    TENSOR,
    UNKNOWN,
    Kind,
    manual,
)

CLASS = Kind("class")
FUNCTION = Kind("function")

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
