"""A classifier that is trained, saved as a program, and run without its code."""

import os
import tempfile

import tenon as torch
import tenon.nn as nn
import tenon.nn.functional as F
import tenon.optim as optim


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(784, 128)
        self.out = nn.Linear(128, 10)

    def forward(self, x):
        return self.out(F.dropout(F.relu(self.hidden(x)), 0.2, self.training))


def main():
    torch.manual_seed(0)
    images, labels = torch.randn(1000, 784), torch.randint(0, 10, (1000,))
    model = Classifier()
    optimizer = optim.Adam(model.parameters())
    for _ in range(30):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
    print(f"loss {loss.item():.4f}")

    path = os.path.join(tempfile.mkdtemp(), "classifier.safetensors")
    save_and_load(model, path)


def save_and_load(model, path):
    model.eval()
    torch.save_program(model, torch.randn(8, 784), path, dynamic_shapes={"x": {0: "batch"}},
                       output_names=["logits"])

    program = torch.Program.load(path)
    print(program.signature)  # (x: float32[batch, 784]) -> (logits: float32[batch, 10])
    logits = program(torch.randn(100, 784))
    print(f"{logits.shape[0]} rows of {logits.shape[1]} logits")


if __name__ == "__main__":
    main()
