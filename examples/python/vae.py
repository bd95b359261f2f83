"""A variational autoencoder (Kingma and Welling 2014) of digits.

usage: vae.py [--epochs 3] [--images 2000] [--save FILE]
"""

import argparse

import tenon as torch
from tenon import nn
from tenon.data import draw_digit_sets
from tenon.nn import functional as F
from tenon.utils.data import DataLoader


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 400)
        self.fc21 = nn.Linear(400, 20)
        self.fc22 = nn.Linear(400, 20)
        self.fc3 = nn.Linear(20, 400)
        self.fc4 = nn.Linear(400, 784)

    def encode(self, x):
        h1 = F.relu(self.fc1(x))
        return self.fc21(h1), self.fc22(h1)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        eps = torch.randn_like(std)
        return mu + eps * std

    def decode(self, z):
        h3 = F.relu(self.fc3(z))
        return torch.sigmoid(self.fc4(h3))

    def forward(self, x):
        mu, logvar = self.encode(x.view(-1, 784))
        z = self.reparameterize(mu, logvar)
        return self.decode(z), mu, logvar


def loss_function(recon_x, x, mu, logvar):
    """Reconstruction and KL divergence, summed over elements and the batch."""
    BCE = F.binary_cross_entropy(recon_x, x.view(-1, 784), reduction="sum")
    KLD = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return BCE + KLD


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--save", metavar="FILE", help="write the weights")
    options = parser.parse_args(arguments)

    torch.manual_seed(1)
    train_set, _ = draw_digit_sets(options.images, 1, seed=1)
    loader = DataLoader(train_set, batch_size=options.batch_size, shuffle=True)
    model = VAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses = []
    for epoch in range(options.epochs):
        model.train()
        train_loss = 0.0
        for data, _ in loader:
            optimizer.zero_grad()
            recon_batch, mu, logvar = model(data)
            loss = loss_function(recon_batch, data, mu, logvar)
            loss.backward()
            train_loss += loss.item()
            optimizer.step()
        losses.append(train_loss / len(loader.dataset))
        print(f"epoch {epoch}: average loss {losses[-1]:.4f}")
    with torch.no_grad():
        sample = model.decode(torch.randn(4, 20)).view(4, 28, 28)
    print(f"drawn from noise: {sample.shape}, mean {sample.mean().item():.3f}")
    if options.save:
        torch.save(model.state_dict(), options.save)
    return losses


if __name__ == "__main__":
    main()
