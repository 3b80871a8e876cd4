"""A ResNet training step: batch norm state, mixed precision, loss scaling by hand."""

import jax
import jax.numpy as jnp
import jmp
import numpy as np
import optax


def run(hk):
    def net(images, is_training):
        model = hk.nets.ResNet(
            blocks_per_group=(1, 1, 1, 1),
            channels_per_group=(8, 8, 16, 16),
            use_projection=(False, True, True, True),
            strides=(1, 1, 2, 1),
            bottleneck=False,
            resnet_v2=True,
            num_classes=4,
            initial_conv_config={"output_channels": 8, "kernel_shape": 3, "stride": 1},
        )
        return model(images, is_training=is_training)

    f = hk.transform_with_state(net)
    half = jmp.get_policy("params=float32,compute=bfloat16,output=float32")
    full = jmp.get_policy("params=float32,compute=float32,output=bfloat16")
    rng = np.random.RandomState(0)
    images = rng.randn(8, 8, 8, 3).astype(np.float32)
    labels = rng.randint(0, 4, 8)
    optimizer = optax.sgd(0.05, momentum=0.9, nesterov=True)

    def loss(params, state, scale):
        logits, state = f.apply(params, state, None, images, is_training=True)
        terms = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
        return scale * jnp.mean(terms), (state, logits)

    @jax.jit
    def update(params, state, opt_state):
        (value, (state, logits)), grads = jax.value_and_grad(loss, has_aux=True)(
            params, state, 8.0
        )
        grads = jax.tree.map(lambda g: g / 8.0, grads)
        updates, opt_state = optimizer.update(grads, opt_state)
        return optax.apply_updates(params, updates), state, opt_state, value / 8.0

    with (
        hk.mixed_precision.push_policy(hk.nets.ResNet, half),
        hk.mixed_precision.push_policy(hk.BatchNorm, full),
    ):
        init = jax.jit(f.init, static_argnums=2)
        params, state = init(jax.random.PRNGKey(0), images, True)
        opt_state = optimizer.init(params)
        losses = []
        for _ in range(8):
            params, state, opt_state, value = update(params, state, opt_state)
            losses.append(float(value))
        evaluate = jax.jit(f.apply, static_argnums=4)
        logits, _ = evaluate(params, state, None, images, False)
    counters = {
        str(value)
        for name, bundle in state.items()
        for key, value in bundle.items()
        if key == "counter"
    }
    assert {p.dtype for p in jax.tree.leaves(params)} == {jnp.dtype("float32")}
    return {"losses": losses, "logits": np.asarray(logits), "counters": counters}
