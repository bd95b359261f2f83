"""An image classifier with augmentation: the best model by validation is kept in a file, the
learning rate falls when it no longer helps, and training stops when nothing does.

usage: image_classifier.py [--epochs 10] [--images 2000] [--save classifier.keras]
"""

import argparse

from tenon import keras
from tenon.data import draw_digit_sets
from tenon.keras import layers


def arrays(digits):
    return digits.data.numpy().reshape(-1, 28, 28, 1), digits.targets.numpy()


def classifier():
    augmentation = keras.Sequential([
        layers.RandomTranslation(0.1, 0.1),
        layers.RandomRotation(0.05),
        layers.RandomZoom(0.1),
    ], name="augmentation")
    inputs = keras.Input(shape=(28, 28, 1))
    x = layers.Rescaling(1.0 / 255)(inputs)
    x = augmentation(x)
    for filters in 16, 32:
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.Activation("relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.1)(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x), name="classifier")


def main(arguments=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--save", default="classifier.keras")
    options = parser.parse_args(arguments)

    keras.utils.set_random_seed(0)
    (x, y), (x_test, y_test) = map(arrays, draw_digit_sets(options.images, options.images // 5, 1))
    model = classifier()
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy",
                  metrics=["accuracy"])
    history = model.fit(x, y, epochs=options.epochs, validation_split=0.2, verbose=2, callbacks=[
        keras.callbacks.ModelCheckpoint(options.save, monitor="val_loss", save_best_only=True),
        keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=2),
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=4),
    ])
    best = keras.models.load_model(options.save)
    loss, accuracy = best.evaluate(x_test, y_test, verbose=0)
    print(f"the best model: loss {loss:.4f}, accuracy {accuracy:.4f}")
    return history.history, loss, accuracy


if __name__ == "__main__":
    main()
