"""A small Transformer with gradients gathered over several batches."""

import math

import numpy as np
import sonnet as snt
import tensorflow as tf

from tests.compat.programs.programs import STEPS, Program, fill

WORDS, WIDTH, HEADS, TIME, BATCH, GATHERED = 9, 8, 2, 6, 4, 2


class Attention(snt.Module):
    def __init__(self, heads, init_scale=1.0, name=None):
        super().__init__(name=name)
        self.heads = heads
        self.init = snt.initializers.VarianceScaling(init_scale)

    @snt.once
    def _initialize(self, width):
        size = width // self.heads
        shape = [width, self.heads, size]
        self.w_qkv = [
            tf.Variable(self.init(shape, tf.float32), name=f"w_{letter}")
            for letter in "qkv"
        ]
        self.w_out = tf.Variable(self.init([self.heads, size, width], tf.float32))

    def __call__(self, x, mask):
        self._initialize(x.shape[-1])
        q, k, v = [tf.einsum("btd,dhk->bthk", x, w) for w in self.w_qkv]
        logits = tf.einsum("bthk,bshk->bhts", q, k) / math.sqrt(q.shape[-1])
        weights = tf.nn.softmax(logits + (1.0 - mask) * -1e9)
        return tf.einsum("bhts,bshk,hkd->btd", weights, v, self.w_out)


class Transformer(snt.Module):
    def __init__(self, words, width, heads, layers):
        super().__init__()
        self.embeddings = snt.Embed(
            words, width, initializer=tf.initializers.he_normal()
        )
        self.blocks = []
        for i in range(layers):
            self.blocks.append(
                (
                    snt.LayerNorm(-1, create_scale=True, create_offset=True),
                    Attention(heads, init_scale=2.0 / layers, name=f"attention_{i}"),
                    snt.LayerNorm(-1, create_scale=True, create_offset=True),
                    snt.nets.MLP(
                        [4 * width, width], activation=tf.nn.gelu, name=f"mlp_{i}"
                    ),
                )
            )
        self.dropout = snt.Dropout(0.0)
        self.bias = snt.Bias()

    def __call__(self, tokens, is_training):
        length = tokens.shape[1]
        angles = np.arange(length)[:, None] / 100.0 ** (np.arange(0, WIDTH, 2) / WIDTH)
        places = np.concatenate([np.sin(angles), np.cos(angles)], -1)
        x = self.embeddings(tokens) + tf.constant(places, tf.float32)
        mask = tf.linalg.band_part(tf.ones([length, length]), -1, 0)
        for norm_1, attention, norm_2, mlp in self.blocks:
            x += self.dropout(attention(norm_1(x), mask), is_training)
            x += mlp(norm_2(x))
        return self.bias(tf.matmul(x, self.embeddings.embeddings, transpose_b=True))


def build():
    rng = np.random.default_rng(0)
    tokens = rng.integers(0, WORDS, (STEPS, GATHERED, BATCH, TIME + 1)).astype(np.int32)
    model = Transformer(WORDS, WIDTH, HEADS, layers=2)
    model(tf.constant(tokens[0, 0, :, 1:]), is_training=False)
    fill([model], 1)
    model.bias.b.assign(tf.zeros_like(model.bias.b))
    rate = tf.Variable(0.0, trainable=False)
    optimizer = snt.optimizers.Adam(rate)
    gathered = [tf.Variable(tf.zeros_like(v)) for v in model.trainable_variables]

    @tf.function
    def gather(tokens):
        with tf.GradientTape() as tape:
            logits = model(tokens[:, :-1], is_training=True)
            smooth = 0.9 * tf.one_hot(tokens[:, 1:], WORDS) + 0.1 / WORDS
            loss = tf.reduce_mean(
                -tf.reduce_sum(smooth * tf.nn.log_softmax(logits), axis=-1)
            )
        grads = tape.gradient(loss, model.trainable_variables)
        for total, grad in zip(gathered, grads):  # noqa: B905
            total.assign_add(tf.convert_to_tensor(grad) / GATHERED)
        return loss

    @tf.function
    def update(number):
        number = tf.cast(number, tf.float32) + 1.0
        rate.assign(0.02 * tf.minimum(tf.math.rsqrt(number), number * 8.0**-1.5))
        optimizer.apply([g.read_value() for g in gathered], model.trainable_variables)
        for total in gathered:
            total.assign(tf.zeros_like(total))
        return tf.linalg.global_norm(model.trainable_variables)

    def step(i):
        losses = [gather(tf.constant(part)) for part in tokens[i]]
        return {"loss": sum(losses) / len(losses), "norm": update(tf.constant(i))}

    return Program(step, [model, optimizer])
