"""A deep convolutional GAN (Radford et al. 2016) that learns to draw digits.

usage: dcgan.py [--epochs 1] [--images 1000] [--width 16]
"""

import argparse

import tenon as torch
import tenon.nn as nn
import tenon.optim as optim
from tenon.data import draw_digit_sets
from tenon.utils.data import DataLoader


def weights_init(m):
    classname = m.__class__.__name__
    if classname.find("Conv") != -1:
        nn.init.normal_(m.weight.data, 0.0, 0.02)
    elif classname.find("BatchNorm") != -1:
        nn.init.normal_(m.weight.data, 1.0, 0.02)
        nn.init.constant_(m.bias.data, 0)


class Generator(nn.Module):
    def __init__(self, nz, ngf):
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(nz, ngf * 4, 4, 1, 0, bias=False),  # 4 x 4
            nn.BatchNorm2d(ngf * 4),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 4, ngf * 2, 3, 2, 1, bias=False),  # 7 x 7
            nn.BatchNorm2d(ngf * 2),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 2, ngf, 4, 2, 1, bias=False),  # 14 x 14
            nn.BatchNorm2d(ngf),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf, 1, 4, 2, 1, bias=False),  # 28 x 28
            nn.Tanh())

    def forward(self, input):
        return self.main(input)


class Discriminator(nn.Module):
    def __init__(self, ndf):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(1, ndf, 4, 2, 1, bias=False),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf, ndf * 2, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ndf * 2),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf * 2, 1, 7, 1, 0, bias=False),
            nn.Sigmoid())

    def forward(self, input):
        return self.main(input).view(-1, 1).squeeze(1)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--batch-size", type=int, default=50)
    parser.add_argument("--width", type=int, default=16, help="channels of the narrowest layers")
    options = parser.parse_args(arguments)

    torch.manual_seed(999)
    nz, real_label, fake_label = 64, 1.0, 0.0
    train_set, _ = draw_digit_sets(options.images, 1, seed=1)
    loader = DataLoader(train_set, batch_size=options.batch_size, shuffle=True, drop_last=True)
    netG, netD = Generator(nz, options.width), Discriminator(options.width)
    netG.apply(weights_init)
    netD.apply(weights_init)
    criterion = nn.BCELoss()
    optimizerD = optim.Adam(netD.parameters(), lr=0.0002, betas=(0.5, 0.999))
    optimizerG = optim.Adam(netG.parameters(), lr=0.0002, betas=(0.5, 0.999))

    history = []
    for epoch in range(options.epochs):
        for i, (images, _) in enumerate(loader, 0):
            # The discriminator: more for real images, less for made ones.
            netD.zero_grad()
            real = images * 2 - 1
            label = torch.full((real.size(0),), real_label, dtype=real.dtype)
            errD_real = criterion(netD(real), label)
            errD_real.backward()

            noise = torch.randn(real.size(0), nz, 1, 1)
            fake = netG(noise)
            label.fill_(fake_label)
            errD_fake = criterion(netD(fake.detach()), label)
            errD_fake.backward()
            errD = errD_real + errD_fake
            optimizerD.step()

            # The generator: what the discriminator takes for real.
            netG.zero_grad()
            label.fill_(real_label)
            errG = criterion(netD(fake), label)
            errG.backward()
            optimizerG.step()

            history.append((errD.item(), errG.item()))
            if i % 10 == 0:
                print(f"[{epoch}/{options.epochs}][{i}/{len(loader)}] "
                      f"Loss_D: {errD.item():.4f} Loss_G: {errG.item():.4f}")
    with torch.no_grad():
        fake = netG(torch.randn(4, nz, 1, 1))
    print(f"drawn from noise: {tuple(fake.shape)}")
    return history


if __name__ == "__main__":
    main()
