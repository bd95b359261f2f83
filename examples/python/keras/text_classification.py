"""Tells cheerful from gloomy reviews: words by TextVectorization, read by a bidirectional LSTM.

    python text_classification.py --epochs 4
"""

import argparse

import numpy as np

import tenon.tf as tf
from tenon import keras
from tenon.keras import layers

OPENINGS = ["i think this film is", "the story was", "my friends found it", "honestly, it felt",
            "the actors were", "all in all"]
CHEERFUL = ["wonderful", "a great joy", "brilliant and warm", "very funny", "superb", "touching"]
GLOOMY = ["dreadful", "a great bore", "dull and cold", "very slow", "awful", "pointless"]


def reviews(count, seed):
    """Reviews of two sentences, and 1 for each that ends cheerfully: the last sentence counts."""
    random = np.random.default_rng(seed)
    texts, labels = [], []
    for _ in range(count):
        label = random.integers(2)
        words = [random.choice(CHEERFUL if kind else GLOOMY)
                 for kind in (random.integers(2), label)]
        first, second = (f"{random.choice(OPENINGS)} {word}" for word in words)
        texts.append(f"{first.capitalize()}. But in the end, {second}!")
        labels.append(label)
    return np.array(texts, dtype=object), np.array(labels)


def make_model(vectorize, width):
    """Indices of words to the share of cheerfulness."""
    return keras.Sequential([
        keras.Input((None,), dtype="int64"),
        layers.Embedding(vectorize.vocabulary_size(), width, mask_zero=True),
        layers.Bidirectional(layers.LSTM(width)),
        layers.Dropout(0.2),
        layers.Dense(1, activation="sigmoid"),
    ])


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--reviews", type=int, default=1000)
    parser.add_argument("--width", type=int, default=16)
    options = parser.parse_args(arguments)

    tf.random.set_seed(1)
    texts, labels = reviews(options.reviews, seed=1)
    vectorize = layers.TextVectorization(max_tokens=100, output_sequence_length=20)
    vectorize.adapt(texts)

    model = make_model(vectorize, options.width)
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(vectorize(texts), labels, epochs=options.epochs, validation_split=0.2,
                        verbose=2)

    # With the vectorization in front, the model takes text.
    inputs = keras.Input((1,), dtype="string")
    reader = keras.Model(inputs, model(vectorize(inputs)))
    probes = np.array([["The story was dreadful. But in the end, it felt superb!"],
                       ["The story was superb. But in the end, it felt dreadful!"]], dtype=object)
    shares = reader(probes)
    for text, share in zip(probes[:, 0], np.asarray(shares)[:, 0]):
        print(f"{share:.2f} {text}")
    return history


if __name__ == "__main__":
    main()
