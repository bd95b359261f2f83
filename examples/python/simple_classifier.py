"""A classifier 784-128-10 on random data, which it learns by heart."""

import tenon as torch
import tenon.nn as nn
import tenon.optim as optim


class SimpleClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        x = self.fc2(x)
        return torch.softmax(x, dim=1)


x_train = torch.randn(1000, 784)
y_train = torch.randint(0, 10, (1000,))

model = SimpleClassifier()
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters())

for epoch in range(10):
    optimizer.zero_grad()
    outputs = model(x_train)
    loss = criterion(outputs, y_train)
    loss.backward()
    optimizer.step()
    accuracy = (outputs.argmax(dim=1) == y_train).float().mean()
    print(f"Epoch [{epoch + 1}/10], Loss: {loss.item():.4f}, Accuracy: {accuracy.item():.3f}")
