"""An encoder and an attending decoder over sequences of several lengths."""

import collections

import numpy as np
import sonnet as snt
import tensorflow as tf

from tests.compat.programs.programs import STEPS, Program, fill

WORDS, WIDTH, TIME, BATCH = 11, 8, 6, 5

DecoderState = collections.namedtuple("DecoderState", ["core", "context"])


class Decoder(snt.RNNCore):
    """Feeds what it last attended to back into its core."""

    def __init__(self, width, memory, mask):
        super().__init__(name="decoder")
        self._core = snt.GRU(width)
        self._query = snt.Linear(width, with_bias=False)
        self._memory, self._mask = memory, mask

    def attend_to(self, memory, mask):
        self._memory, self._mask = memory, mask

    def __call__(self, inputs, state):
        hidden, core = self._core(tf.concat([inputs, state.context], -1), state.core)
        scores = tf.einsum("bd,tbd->bt", self._query(hidden), self._memory)
        scores = tf.where(self._mask, scores, -1e9 * tf.ones_like(scores))
        context = tf.einsum("bt,tbd->bd", tf.nn.softmax(scores), self._memory)
        return tf.concat([hidden, context], axis=-1), DecoderState(core, context)

    def initial_state(self, batch_size):
        context = tf.zeros([batch_size, WIDTH])
        return DecoderState(self._core.initial_state(batch_size), context)


class Translator(snt.Module):
    def __init__(self):
        super().__init__()
        self.embed = snt.Embed(vocab_size=WORDS, embed_dim=WIDTH)
        self.encoder = snt.LSTM(WIDTH)
        self.decoder = Decoder(WIDTH, None, None)
        self.vocabulary = snt.BatchApply(snt.Linear(WORDS))

    def __call__(self, source, lengths, target):
        batch = tf.shape(source)[0]
        inputs = tf.transpose(self.embed(source), [1, 0, 2])
        memory, _ = snt.dynamic_unroll(
            self.encoder,
            inputs,
            self.encoder.initial_state(batch),
            sequence_length=lengths,
        )
        self.decoder.attend_to(memory, tf.sequence_mask(lengths, TIME))
        shifted = tf.pad(target[:, :-1], [[0, 0], [1, 0]])
        outputs, _ = snt.dynamic_unroll(
            self.decoder,
            tf.transpose(self.embed(shifted), [1, 0, 2]),
            self.decoder.initial_state(batch),
        )
        return tf.transpose(self.vocabulary(outputs), [1, 0, 2])


def build():
    rng = np.random.default_rng(0)
    source = rng.integers(1, WORDS, (STEPS, BATCH, TIME)).astype(np.int32)
    target = source[:, :, ::-1].copy()
    lengths = rng.integers(2, TIME + 1, (STEPS, BATCH)).astype(np.int32)
    model = Translator()
    model(*map(tf.constant, (source[0], lengths[0], target[0])))
    fill([model], 1)
    optimizer = snt.allow_empty_variables(
        snt.optimizers.Momentum(0.05, 0.9, use_nesterov=True)
    )
    ints = [
        tf.TensorSpec([None, TIME], tf.int32),
        tf.TensorSpec([None], tf.int32),
        tf.TensorSpec([None, TIME], tf.int32),
    ]

    @tf.function(input_signature=ints)
    def train(source, lengths, target):
        with tf.GradientTape() as tape:
            logits = model(source, lengths, target)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(target, logits)
            weights = tf.sequence_mask(lengths, TIME, dtype=tf.float32)
            loss = tf.reduce_sum(losses * weights) / tf.reduce_sum(weights)
        variables = model.trainable_variables
        grads = tape.gradient(loss, variables)
        grads, norm = tf.clip_by_global_norm(grads, 1.0)
        optimizer.apply(grads, variables)
        right = tf.equal(tf.argmax(logits, -1, output_type=tf.int32), target)
        accuracy = tf.reduce_mean(
            tf.boolean_mask(tf.cast(right, tf.float32), weights > 0)
        )
        return loss, norm, accuracy

    def step(i):
        loss, norm, accuracy = train(source[i], lengths[i], target[i])
        return {"loss": loss, "norm": norm, "accuracy": accuracy}

    return Program(step, [model, optimizer])
