"""A classifier of random data in a few lines: as written for TensorFlow, but for the imports."""

import tenon.tf as tf
from tenon.keras import layers

model = tf.keras.Sequential([
    layers.Dense(128, activation='relu', input_shape=(784,)),
    layers.Dense(10, activation='softmax')
])

model.compile(optimizer='adam',
              loss='sparse_categorical_crossentropy',
              metrics=['accuracy'])

x = tf.random.normal([1000, 784])
y = tf.random.uniform([1000], maxval=10, dtype=tf.int64)

model.fit(x, y, epochs=10)
