"""A variational autoencoder of faces (Kingma and Welling, arXiv 1312.6114)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cyclegan_glasses.networks.settings import AutoencoderSettings


class FaceAutoencoder(nn.Module):
    """Faces (N, 3, size, size) in [-1, 1] to codes (N, latent) and back."""

    def __init__(self, settings: AutoencoderSettings) -> None:
        super().__init__()
        self.settings = settings
        widths = (3, *settings.channels)
        side = settings.size >> len(settings.channels)
        self.inner = (widths[-1], side, side)
        flat = widths[-1] * side * side
        down = [layer for a, b in pairwise(widths) for layer in _down(a, b)]
        self.encoder = nn.Sequential(*down, nn.Flatten(), nn.Linear(flat, 2 * settings.latent))
        ways = [(b, a) for a, b in reversed(list(pairwise(widths)))]
        up = [layer for a, b in ways for layer in _up(a, b)]
        self.decoder = nn.Sequential(nn.Linear(settings.latent, flat), nn.Unflatten(1, self.inner), *up)

    def encode(self, faces: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and logarithm of the variance of the codes, (N, latent) each."""
        mean, log_variance = self.encoder(faces).chunk(2, 1)
        return mean, log_variance.clamp(-12, 6)

    def decode(self, codes: Tensor) -> Tensor:
        """Faces of codes (N, latent)."""
        return torch.tanh(self.decoder(codes).float())


class CodeShift(nn.Module):
    """A generator that walks among codes: faces (N, 3, height, width) in [-1, 1] to as many.

    To a face is added what a step changes in it, its decoded code after the step minus before, so that what
    the code does not hold of the face stays.

    Args:
        network: that gives codes.
        step: that is taken, (latent,).
    """

    step: Tensor

    def __init__(self, network: FaceAutoencoder, step: Tensor) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("step", step)

    def forward(self, faces: Tensor) -> Tensor:
        side = self.network.settings.size
        fits = faces.shape[2:] == (side, side)
        seen = faces if fits else F.interpolate(faces, (side, side), mode="bilinear", antialias=True)
        code, _ = self.network.encode(seen)
        change = self.network.decode(code + self.step) - self.network.decode(code)
        return faces + (change if fits else F.interpolate(change, faces.shape[2:], mode="bicubic"))


def _down(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2)]


def _up(inputs: int, outputs: int) -> list[nn.Module]:
    if outputs == 3:
        return [nn.Upsample(scale_factor=2.0), nn.Conv2d(inputs, 3, 3, 1, 1)]
    convolution = nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False)
    return [nn.Upsample(scale_factor=2.0), convolution, nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2)]
