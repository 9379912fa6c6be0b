"""Attention: KERAS_BACKEND=jax python tests/keras/families_attention.py"""

from dataclasses import dataclass

from keras import layers

from families import Case, write_family

Attention, Additive = layers.Attention, layers.AdditiveAttention
MHA, GQA = layers.MultiHeadAttention, layers.GroupQueryAttention


@dataclass
class Attends(Case):
    """One shape: attention of a sequence to itself."""

    masked: bool = False  # the sequences go through Masking
    pairs: bool = False  # the last input is a mask of the scores

    def called(self, tensors):
        call = dict(self.call)
        if self.pairs:
            *tensors, call["attention_mask"] = tensors
        if self.masked:
            tensors = [layers.Masking()(t) for t in tensors]
        if len(tensors) == 1:
            tensors = tensors * 2
        listed = isinstance(self.layer, Attention)
        return self.layer(tensors, **call) if listed else self.layer(*tensors, **call)


def some_steps(k, x):
    """Zeros in a step of every query, and in some of each other sequence, in all of the last sample's."""
    if k == 0:
        x[:, 1] = 0
    else:
        x[1, k:] = 0
        x[2] = 0
    return x


def mask_of_pairs(k, x):
    """The third input is 0 or 1; in a row of the first sample 0."""
    if k == 2:
        x = (x > -0.1).astype("float32")
        x[0, 1] = 0
    return x


CAUSAL, SCORES = {"use_causal_mask": True}, {"return_attention_scores": True}

write_family("attention", [
    Attends("mha", (5, 4), MHA(2, 3)),
    Attends("mha_one", (1, 1), MHA(1, 1, use_bias=False)),
    Attends("mha_output", (6, 17), MHA(2, 4, output_shape=7), CAUSAL),
    Attends("mha_window", (7, 3), MHA(2, 3, sliding_window=2)),
    Attends("mha_dropout", (4, 3), MHA(3, 2, dropout=0.5), CAUSAL, training=False),
    Attends("mha_cross", [(3, 4), (5, 6)], MHA(2, 3)),
    Attends("mha_key", [(3, 4), (5, 2), (5, 7)], MHA(2, 3, use_bias=False)),
    Attends("mha_cross_causal", [(3, 4), (5, 4)], MHA(2, 3), CAUSAL),
    Attends("mha_value_dim", [(3, 4), (5, 4)], MHA(2, 3, value_dim=5), SCORES),
    Attends("mha_masked", (4, 3), MHA(2, 3), CAUSAL, inputs=some_steps, masked=True),
    Attends("mha_cross_masked", [(3, 4), (5, 2)], MHA(2, 3), inputs=some_steps, masked=True),
    Attends("mha_key_masked", [(3, 4), (4, 2), (4, 3)], MHA(2, 3), inputs=some_steps, masked=True),
    Attends("mha_scores_masked", [(3, 4), (5, 2)], MHA(2, 3), SCORES, inputs=some_steps, masked=True),
    Attends("mha_pairs", [(3, 4), (5, 2), (3, 5)], MHA(2, 3), inputs=mask_of_pairs, pairs=True),
    Attends("mha_pairs_scores", [(3, 4), (5, 2), (3, 5)], MHA(2, 3), CAUSAL | SCORES,
            inputs=mask_of_pairs, pairs=True),
    Attends("gqa", (5, 4), GQA(3, 4, 2)),
    Attends("gqa_one_group", (4, 5), GQA(2, 3, 1, use_bias=False), CAUSAL),
    Attends("gqa_cross", [(3, 4), (5, 4), (5, 4)], GQA(2, 4, 2), SCORES),
    Attends("gqa_masked", [(3, 4), (5, 4)], GQA(2, 6, 3), inputs=some_steps, masked=True),
    Attends("attention", (5, 4), Attention()),
    Attends("attention_scale", [(3, 4), (5, 4)], Attention(use_scale=True), CAUSAL),
    Attends("attention_concat", [(3, 4), (5, 6), (5, 4)], Attention(score_mode="concat")),
    Attends("attention_concat_scale", (4, 17), Attention(use_scale=True, score_mode="concat"), CAUSAL),
    Attends("attention_one", (1, 1), Attention(use_scale=True)),
    Attends("attention_masked", [(3, 4), (5, 4)], Attention(), CAUSAL, inputs=some_steps, masked=True),
    Attends("attention_scores", [(3, 4), (5, 4)], Attention(use_scale=True, dropout=0.3), SCORES,
            training=False, inputs=some_steps, masked=True),
    Attends("additive", (5, 4), Additive()),
    Attends("additive_cross", [(3, 4), (5, 17), (5, 4)], Additive(), CAUSAL),
    Attends("additive_plain", (3, 2), Additive(use_scale=False)),
    Attends("additive_masked", [(3, 4), (5, 4)], Additive(), SCORES, inputs=some_steps, masked=True),
    Attends("mha_gate", (5, 4), MHA(2, 3, value_dim=5, use_gate=True), SCORES),
    Attends("mha_gate_self", (4, 3), MHA(2, 17, use_gate=True), CAUSAL),
    Attends("mha_gate_key", [(3, 4), (5, 2), (5, 7)], MHA(2, 3, use_bias=False, use_gate=True)),
    Attends("gqa_gate", (4, 5), GQA(2, 4, 2, use_gate=True)),
], together=5)
