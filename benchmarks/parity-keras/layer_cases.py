"""The layers that are held against Keras: a name, a function that makes the layer of a `layers`
module, and the shapes (or arrays) that it is called with."""

import numpy as np



def _indices(shape, count, seed=3):
    return np.random.default_rng(seed).integers(0, count, shape)


PLAIN = {
    "Dense": (lambda L: L.Dense(4, activation="relu"), [(3, 5)]),
    "Dense of steps": (lambda L: L.Dense(4, use_bias=False), [(2, 3, 5)]),
    "EinsumDense": (lambda L: L.EinsumDense("abc,cd->abd", output_shape=(None, 6), bias_axes="d"),
                    [(2, 3, 5)]),
    "EinsumDense ...": (lambda L: L.EinsumDense("...x,xy->...y", output_shape=6, bias_axes="y"),
                        [(2, 3, 5)]),
    "Embedding": (lambda L: L.Embedding(7, 4), [_indices((2, 3), 7)]),
    "Activation": (lambda L: L.Activation("tanh"), [(3, 5)]),
    "Masking": (lambda L: L.Masking(), [(2, 3, 4)]),
    "ReLU": (lambda L: L.ReLU(1.0, 0.1, 0.2), [(3, 5)]),
    "LeakyReLU": (lambda L: L.LeakyReLU(), [(3, 5)]),
    "PReLU": (lambda L: L.PReLU("uniform", shared_axes=[1]), [(3, 4, 5)]),
    "ELU": (lambda L: L.ELU(0.7), [(3, 5)]),
    "Softmax": (lambda L: L.Softmax(axis=1), [(3, 5, 2)]),
    "Flatten": (lambda L: L.Flatten(), [(2, 3, 4)]),
    "Flatten channels_first": (lambda L: L.Flatten("channels_first"), [(2, 3, 4, 5)]),
    "Reshape": (lambda L: L.Reshape((-1, 2)), [(2, 3, 4)]),
    "Permute": (lambda L: L.Permute((3, 1, 2)), [(2, 3, 4, 5)]),
    "RepeatVector": (lambda L: L.RepeatVector(3), [(2, 4)]),
    "TimeDistributed": (lambda L: L.TimeDistributed(L.Dense(3)), [(2, 4, 5)]),
    "Cropping1D": (lambda L: L.Cropping1D((1, 2)), [(2, 6, 3)]),
    "Cropping2D": (lambda L: L.Cropping2D(((1, 0), (2, 1))), [(2, 6, 7, 3)]),
    "Cropping3D": (lambda L: L.Cropping3D(1), [(2, 4, 5, 6, 3)]),
    "ZeroPadding1D": (lambda L: L.ZeroPadding1D(2), [(2, 6, 3)]),
    "ZeroPadding2D": (lambda L: L.ZeroPadding2D(((1, 0), (2, 1))), [(2, 6, 7, 3)]),
    "ZeroPadding3D": (lambda L: L.ZeroPadding3D((1, 2, 0)), [(2, 4, 5, 6, 3)]),
    "UpSampling1D": (lambda L: L.UpSampling1D(3), [(2, 4, 3)]),
    "UpSampling2D": (lambda L: L.UpSampling2D((2, 3)), [(2, 3, 4, 2)]),
    "UpSampling2D bilinear": (lambda L: L.UpSampling2D(2, interpolation="bilinear"),
                              [(2, 3, 4, 2)]),
    "UpSampling3D": (lambda L: L.UpSampling3D(2), [(2, 2, 3, 2, 2)]),
    "Dropout at rest": (lambda L: L.Dropout(0.5), [(3, 5)]),
    "GaussianNoise at rest": (lambda L: L.GaussianNoise(0.5), [(3, 5)]),
    "ConvLSTM1D": (lambda L: L.ConvLSTM1D(3, 3), [(2, 4, 7, 2)]),
    "ConvLSTM2D": (lambda L: L.ConvLSTM2D(3, (3, 2), padding="same", return_sequences=True),
                   [(2, 4, 6, 5, 2)]),
    "ConvLSTM2D strides": (lambda L: L.ConvLSTM2D(2, 3, strides=2, go_backwards=True),
                           [(2, 3, 7, 8, 2)]),
    "ConvLSTM3D": (lambda L: L.ConvLSTM3D(2, 2, padding="same"), [(2, 3, 4, 3, 4, 1)]),
    "GroupQueryAttention": (lambda L: L.GroupQueryAttention(3, 4, 2), [(2, 5, 6), (2, 4, 6)]),
    "STFTSpectrogram": (lambda L: L.STFTSpectrogram("psd", 8, 3), [(2, 40, 2)]),
    "STFTSpectrogram same": (lambda L: L.STFTSpectrogram(
        "magnitude", 8, 4, window="hamming", scaling="spectrum", padding="same", expand_dims=True),
                             [(2, 40, 2)]),
    "UnitNormalization": (lambda L: L.UnitNormalization(), [(3, 5)]),
    "UnitNormalization of axes": (lambda L: L.UnitNormalization([1, 2]), [(3, 5, 2)]),
    "LayerNormalization": (lambda L: L.LayerNormalization(), [(3, 4, 5)]),
    "LayerNormalization of axes": (lambda L: L.LayerNormalization([1, 2]), [(3, 4, 5)]),
    "LayerNormalization in the middle": (lambda L: L.LayerNormalization(1), [(3, 4, 5)]),
    "RMSNormalization": (lambda L: L.RMSNormalization(), [(3, 4, 5)]),
    "GroupNormalization": (lambda L: L.GroupNormalization(2), [(3, 4, 4, 6)]),
    "GroupNormalization of each": (lambda L: L.GroupNormalization(-1), [(3, 4, 6)]),
    "BatchNormalization": (lambda L: L.BatchNormalization(), [(4, 5)], {"training": True}),
    "BatchNormalization of images": (lambda L: L.BatchNormalization(momentum=0.8), [(3, 4, 4, 5)],
                                     {"training": True}),
    "BatchNormalization axis=1": (lambda L: L.BatchNormalization(axis=1), [(3, 4, 4, 5)],
                                  {"training": True}),
    "BatchNormalization at rest": (lambda L: L.BatchNormalization(), [(3, 4, 4, 5)]),
}

MERGING = {
    name: (lambda L, name=name: getattr(L, name)(), [[(2, 3, 4), (2, 3, 4), (2, 3, 4)]])
    for name in ("Add", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")}
MERGING.update({
    "Subtract": (lambda L: L.Subtract(), [[(2, 3, 4), (2, 3, 4)]]),
    "Add of two ranks": (lambda L: L.Add(), [[(2, 3, 4), (2, 4)]]),
    "Concatenate axis=1": (lambda L: L.Concatenate(1), [[(2, 3, 4), (2, 2, 4)]]),
    "Dot": (lambda L: L.Dot(axes=(2, 1)), [[(2, 3, 4), (2, 4, 5)]]),
    "Dot normalized": (lambda L: L.Dot(axes=1, normalize=True), [[(2, 4), (2, 4)]])})


def _convolutions():
    for padding in "valid", "same":
        for strides in 1, 2, 3:
            what = f"{padding} strides={strides}"
            yield f"Conv1D {what}", lambda L, p=padding, s=strides: L.Conv1D(
                3, 4, s, p), [(2, 9, 2)]
            yield f"Conv2D {what}", lambda L, p=padding, s=strides: L.Conv2D(
                4, (3, 2), s, p, activation="relu"), [(2, 7, 8, 3)]
            yield f"Conv3D {what}", lambda L, p=padding, s=strides: L.Conv3D(3, 2, s, p), [
                (2, 5, 6, 5, 2)]
            yield f"Conv1DTranspose {what}", lambda L, p=padding, s=strides: L.Conv1DTranspose(
                3, 4, s, p), [(2, 5, 2)]
            yield f"Conv2DTranspose {what}", lambda L, p=padding, s=strides: L.Conv2DTranspose(
                4, (3, 2), s, p), [(2, 4, 5, 3)]
            yield f"Conv3DTranspose {what}", lambda L, p=padding, s=strides: L.Conv3DTranspose(
                3, 2, s, p), [(2, 3, 4, 3, 2)]
            yield f"SeparableConv1D {what}", lambda L, p=padding, s=strides: L.SeparableConv1D(
                3, 4, s, p, depth_multiplier=2), [(2, 9, 2)]
            yield f"SeparableConv2D {what}", lambda L, p=padding, s=strides: L.SeparableConv2D(
                4, 3, s, p), [(2, 7, 8, 3)]
            yield f"DepthwiseConv2D {what}", lambda L, p=padding, s=strides: L.DepthwiseConv2D(
                3, s, p, depth_multiplier=2), [(2, 7, 8, 3)]
            yield f"DepthwiseConv1D {what}", lambda L, p=padding, s=strides: L.DepthwiseConv1D(
                3, s, p), [(2, 7, 3)]
    yield "Conv1D causal", lambda L: L.Conv1D(3, 3, padding="causal", dilation_rate=2), [(2, 9, 2)]
    yield "Conv2D dilated", lambda L: L.Conv2D(3, 3, dilation_rate=2,
                                               padding="same"), [(2, 9, 8, 2)]
    yield "Conv2D groups", lambda L: L.Conv2D(4, 3, groups=2), [(2, 6, 6, 4)]
    yield "Conv2DTranspose output_padding", lambda L: L.Conv2DTranspose(
        3, 3, 2, "same", output_padding=1), [(2, 4, 5, 2)]


def _poolings():
    for rank, shape in (1, (2, 9, 3)), (2, (2, 7, 8, 3)), (3, (2, 5, 6, 7, 2)):
        for kind in "Max", "Average":
            for padding in "valid", "same":
                for size, strides in (2, None), (3, 2), (3, 1):
                    yield (f"{kind}Pooling{rank}D {padding} {size}/{strides}",
                           lambda L, k=kind, r=rank, p=padding, n=size, s=strides:
                           getattr(L, f"{k}Pooling{r}D")(n, s, p), [shape])
            for keepdims in False, True:
                yield (f"Global{kind}Pooling{rank}D keepdims={keepdims}",
                       lambda L, k=kind, r=rank, d=keepdims:
                       getattr(L, f"Global{k}Pooling{r}D")(keepdims=d), [shape])


        for kind in "Max", "Average":
            yield (f"Adaptive{kind}Pooling{rank}D", lambda L, k=kind, r=rank:
                   getattr(L, f"Adaptive{k}Pooling{r}D")(3), [shape])


def _recurrent():
    steps = [(3, 5, 4)]
    for kind in "SimpleRNN", "LSTM", "GRU":
        for what, options in {
                "": {}, " sequences": {"return_sequences": True},
                " states": {"return_sequences": True, "return_state": True},
                " backwards": {"go_backwards": True, "return_sequences": True},
                " other activation": {"activation": "softsign"},
                " without bias": {"use_bias": False}}.items():
            yield f"{kind}{what}", lambda L, k=kind, o=options: getattr(L, k)(3, **o), steps
        yield f"Bidirectional {kind}", lambda L, k=kind: L.Bidirectional(
            getattr(L, k)(3, return_sequences=True)), steps
        yield f"RNN of {kind}Cell", lambda L, k=kind: L.RNN(getattr(L, f"{k}Cell")(3)), steps
        mask = np.array([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1], [1, 1, 1, 1, 1]], bool)
        yield (f"{kind} masked", lambda L, k=kind: getattr(L, k)(3, return_sequences=True), steps,
               {"mask": mask})
        yield (f"Bidirectional {kind} masked", lambda L, k=kind: L.Bidirectional(
            getattr(L, k)(3, return_sequences=True)), steps, {"mask": mask})
    yield "GRU reset_after=False", lambda L: L.GRU(3, reset_after=False), steps
    yield "LSTM stateful", lambda L: L.LSTM(3, stateful=True), steps
    for mode in "sum", "mul", "ave", None:
        yield f"Bidirectional {mode}", lambda L, m=mode: L.Bidirectional(L.LSTM(3), m), steps
    yield "Bidirectional states", lambda L: L.Bidirectional(
        L.GRU(3, return_sequences=True, return_state=True)), steps
    yield "stacked cells", lambda L: L.RNN([L.LSTMCell(3), L.GRUCell(2)]), steps


ATTENTION = {
    "Attention": (lambda L: L.Attention(), [[(2, 3, 4), (2, 5, 4)]]),
    "Attention scaled": (lambda L: L.Attention(use_scale=True),
                         [[(2, 3, 4), (2, 5, 4), (2, 5, 4)]]),
    "Attention concat": (lambda L: L.Attention(score_mode="concat"), [[(2, 3, 4), (2, 5, 4)]]),
    "Attention causal": (lambda L: L.Attention(), [[(2, 4, 4), (2, 4, 4)]],
                         {"use_causal_mask": True}),
    "AdditiveAttention": (lambda L: L.AdditiveAttention(), [[(2, 3, 4), (2, 5, 4)]]),
    "MultiHeadAttention": (lambda L: L.MultiHeadAttention(2, 3), [(2, 4, 5), (2, 6, 5)]),
    "MultiHeadAttention of three": (lambda L: L.MultiHeadAttention(2, 3, value_dim=4,
                                                                   output_shape=7),
                                    [(2, 4, 5), (2, 6, 3), (2, 6, 4)]),
    "MultiHeadAttention causal": (lambda L: L.MultiHeadAttention(2, 3), [(2, 4, 5), (2, 4, 5)],
                                  {"use_causal_mask": True}),
    "MultiHeadAttention scores": (lambda L: L.MultiHeadAttention(2, 3, use_bias=False),
                                  [(2, 4, 5), (2, 4, 5)], {"return_attention_scores": True})}
CONVOLUTIONS = {name: (make, inputs) for name, make, inputs in _convolutions()}
POOLINGS = {name: (make, inputs) for name, make, inputs in _poolings()}
RECURRENT = {name: case for name, *case in _recurrent()}
CASES = {**PLAIN, **MERGING, **CONVOLUTIONS, **POOLINGS, **RECURRENT, **ATTENTION}
