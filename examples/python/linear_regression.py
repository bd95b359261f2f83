"""y = 2x, learnt from four points by a module and SGD."""

import tenon as torch
import tenon.nn as nn
import tenon.optim as optim


class LinearRegression(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(1, 1)

    def forward(self, x):
        return self.linear(x)


model = LinearRegression()
criterion = nn.MSELoss()
optimizer = optim.SGD(model.parameters(), lr=0.01)

x_train = torch.tensor([[1.0], [2.0], [3.0], [4.0]])
y_train = torch.tensor([[2.0], [4.0], [6.0], [8.0]])

epochs = 1000
for epoch in range(epochs):
    outputs = model(x_train)
    loss = criterion(outputs, y_train)

    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

    if (epoch + 1) % 100 == 0:
        print(f"Epoch [{epoch + 1}/{epochs}], Loss: {loss.item():.6f}")

weight, bias = model.linear.weight.item(), model.linear.bias.item()
print(f"y = {weight:.3f} x + {bias:.3f}")
print("x = 5 gives", model(torch.tensor([[5.0]])).item())
