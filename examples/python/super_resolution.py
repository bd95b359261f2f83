"""Super-resolution by sub-pixel convolution (Shi et al. 2016): digits at twice their size.

usage: super_resolution.py [--epochs 3] [--images 500] [--upscale 2]
"""

import argparse
from math import log10

import tenon as torch
import tenon.nn as nn
import tenon.nn.functional as F
import tenon.nn.init as init
import tenon.optim as optim
from tenon.data import draw_digit_sets
from tenon.utils.data import DataLoader


class Net(nn.Module):
    def __init__(self, upscale_factor):
        super().__init__()
        self.relu = nn.ReLU()
        self.conv1 = nn.Conv2d(1, 32, (5, 5), (1, 1), (2, 2))
        self.conv2 = nn.Conv2d(32, 32, (3, 3), (1, 1), (1, 1))
        self.conv3 = nn.Conv2d(32, 16, (3, 3), (1, 1), (1, 1))
        self.conv4 = nn.Conv2d(16, upscale_factor**2, (3, 3), (1, 1), (1, 1))
        self.pixel_shuffle = nn.PixelShuffle(upscale_factor)
        self._initialize_weights()

    def forward(self, x):
        x = self.relu(self.conv1(x))
        x = self.relu(self.conv2(x))
        x = self.relu(self.conv3(x))
        return self.pixel_shuffle(self.conv4(x))

    def _initialize_weights(self):
        init.orthogonal_(self.conv1.weight, init.calculate_gain("relu"))
        init.orthogonal_(self.conv2.weight, init.calculate_gain("relu"))
        init.orthogonal_(self.conv3.weight, init.calculate_gain("relu"))
        init.orthogonal_(self.conv4.weight)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--batch-size", type=int, default=25)
    parser.add_argument("--upscale", type=int, default=2)
    options = parser.parse_args(arguments)

    torch.manual_seed(123)
    train_set, test_set = draw_digit_sets(options.images, 100, seed=1)
    training = DataLoader(train_set, batch_size=options.batch_size, shuffle=True)
    testing = DataLoader(test_set, batch_size=50)
    model = Net(options.upscale)
    criterion = nn.MSELoss()
    optimizer = optim.Adam(model.parameters(), lr=1e-3)

    def shrink(images):
        return F.avg_pool2d(images, options.upscale)

    history = []
    for epoch in range(1, options.epochs + 1):
        epoch_loss = 0.0
        for target, _ in training:
            optimizer.zero_grad()
            loss = criterion(model(shrink(target)), target)
            epoch_loss += loss.item()
            loss.backward()
            optimizer.step()
        total, blurred = 0.0, 0.0
        with torch.no_grad():
            for target, _ in testing:
                small = shrink(target)
                total += 10 * log10(1 / criterion(model(small), target).item())
                larger = F.interpolate(small, scale_factor=options.upscale, mode="bilinear",
                                       align_corners=False)
                blurred += 10 * log10(1 / criterion(larger, target).item())
        history.append((epoch_loss / len(training), total / len(testing)))
        print(f"epoch {epoch}: loss {history[-1][0]:.4f}, PSNR {history[-1][1]:.2f} dB "
              f"(bilinear {blurred / len(testing):.2f} dB)")
    return history


if __name__ == "__main__":
    main()
