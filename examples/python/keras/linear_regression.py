"""Linear regression in TensorFlow's style: a module with two variables, a tape, an optimizer."""

import tenon.tf as tf


class LinearRegression(tf.Module):
    def __init__(self):
        super().__init__()
        self.W = tf.Variable(0.0, name="weight")
        self.b = tf.Variable(0.0, name="bias")

    def __call__(self, x):
        return self.W * x + self.b


x = tf.constant([1.0, 2.0, 3.0, 4.0])
y = tf.constant([2.0, 4.0, 6.0, 8.0])
model = LinearRegression()
optimizer = tf.optimizers.SGD(learning_rate=0.01)

for epoch in range(1000):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(y - model(x)))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    if (epoch + 1) % 100 == 0:
        print(f"Epoch {epoch + 1}: loss {loss.numpy():.5f}")

print(f"W = {model.W.numpy():.3f}, b = {model.b.numpy():.3f}")
