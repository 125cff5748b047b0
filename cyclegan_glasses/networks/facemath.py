"""A variational autoencoder of faces (Kingma and Welling, arXiv 1312.6114) that begins with eigenfaces."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cyclegan_glasses.networks.settings import AutoencoderSettings

PATCH = AutoencoderSettings.patch
_relu = partial(nn.LeakyReLU, 0.2)


class FaceAutoencoder(nn.Module):
    """Faces (N, 3, size, size) in [-1, 1] to codes (N, latent) and back.

    The best that a linear decoder can do is known in closed form: eigenfaces, as probabilistic principal
    components (Tipping and Bishop 1999), which is the optimum of a linear variational autoencoder (Lucas et
    al., arXiv 1911.02469, section 4). `fit` takes it from faces, and it stays as it is. Convolutions, which
    train, correct both ways: the encoder's read the face in patches, the decoder's read the code and the
    picture that the eigenfaces make of it. They begin as no correction.
    """

    mean_face: Tensor
    eigenfaces: Tensor
    spread: Tensor
    noise: Tensor

    def __init__(self, settings: AutoencoderSettings) -> None:
        super().__init__()
        self.settings = settings
        first, last = settings.channels[0], settings.channels[-1]
        side = settings.size // settings.multiple_of_side
        flat, values = last * side * side, 3 * settings.size**2
        self.register_buffer("mean_face", torch.zeros(values))
        self.register_buffer("eigenfaces", torch.zeros(settings.latent, values))
        self.register_buffer("spread", torch.zeros(settings.latent))
        self.register_buffer("noise", torch.ones(()))
        stages = list(pairwise(settings.channels))
        down = [layer for a, b in stages for layer in (_relu(), nn.Conv2d(a, b, 4, 2, 1))]
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(PATCH),
            nn.Conv2d(3 * PATCH**2, first, 3, 1, 1),
            *down,
            _relu(),
            nn.Flatten(),
            _silent(nn.Linear(flat, 2 * settings.latent)),
        )
        up = [layer for a, b in reversed(stages) for layer in _up(b, a)]
        self.drawing = nn.Sequential(
            nn.Linear(settings.latent, flat), nn.Unflatten(1, (last, side, side)), *up
        )
        self.seeing = nn.Sequential(nn.PixelUnshuffle(PATCH), nn.Conv2d(3 * PATCH**2, first, 1))
        self.correcting = nn.Sequential(
            *(_Residual(first), _Residual(first), _relu()),
            _silent(nn.Conv2d(first, 3 * PATCH**2, 3, 1, 1)),
            nn.PixelShuffle(PATCH),
        )

    @torch.no_grad()
    def fit(self, faces: Tensor) -> None:
        """Take the eigenfaces of `faces` (n, 3, size, size) in [-1, 1]; n two at least, more than `latent`
        to fill all of the code."""
        values = faces.flatten(1)
        mean = values.mean(0)
        values = values - mean
        power, mixing = torch.linalg.eigh(values @ values.T / len(values))
        power, mixing = power.flip(0)[: len(self.spread)], mixing.flip(1)[:, : len(self.spread)]
        power = power.clamp_min(0)
        rest = values.square().sum(1).mean() - power.sum()
        noise = (rest / max(1, values.shape[1] - len(power))).clamp_min(1e-4)
        kept = power > noise
        directions = (mixing.T @ values) / (power * len(values)).sqrt().clamp_min(1e-6)[:, None]
        self.mean_face.copy_(mean)
        self.noise.copy_(noise)
        self.spread.zero_()[: len(power)] = torch.where(kept, power.sqrt(), 0)
        self.eigenfaces.zero_()[: len(power)] = directions * kept[:, None]
        head = self.encoder[-1]
        assert isinstance(head, nn.Linear)
        head.bias[self.settings.latent :] = (noise / (self.spread**2 + noise)).log()

    def encode(self, faces: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and logarithm of the variance of the codes, (N, latent) each."""
        weights = self.spread / (self.spread**2 + self.noise)
        linear = (faces.flatten(1) - self.mean_face) @ self.eigenfaces.T * weights
        correction, log_variance = self.encoder(faces).to(faces.dtype).chunk(2, 1)
        return linear + correction, log_variance.clamp(-12, 6)

    def decode(self, codes: Tensor) -> Tensor:
        """Faces of codes (N, latent); values may lie somewhat outside of [-1, 1]."""
        side = self.settings.size
        canvas = (codes * self.spread) @ self.eigenfaces + self.mean_face
        canvas = canvas.to(self.mean_face.dtype).view(-1, 3, side, side)
        return canvas + self.correcting(self.seeing(canvas) + self.drawing(codes)).to(canvas.dtype)


class CodeShift(nn.Module):
    """A generator that walks among codes: faces (N, 3, height, width) in [-1, 1] to as many.

    To a face is added what a step changes in it, its decoded code after the step minus before, so that what
    the code does not hold of the face stays.

    Args:
        network: that gives codes.
        step: that is taken, (latent,), or (latent + 1, latent): a slope and, in the last row, an offset.
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
        step = self.step if self.step.dim() == 1 else code @ self.step[:-1] + self.step[-1]
        after, before = (self.network.decode(codes).clamp(-1, 1) for codes in (code + step, code))
        change = after - before
        return faces + (change if fits else F.interpolate(change, faces.shape[2:], mode="bicubic"))


class _Residual(nn.Module):
    """Two convolutions beside the way straight on (He et al., arXiv 1603.05027); nothing at first."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        first, second = (nn.Conv2d(channels, channels, 3, 1, 1) for _ in range(2))
        self.layers = nn.Sequential(_relu(), first, _relu(), _silent(second))

    def forward(self, features: Tensor) -> Tensor:
        output: Tensor = features + self.layers(features)
        return output


def _up(inputs: int, outputs: int) -> list[nn.Module]:
    """Twice the side, without the chequers of transposed convolutions (Shi et al., arXiv 1609.05158)."""
    return [_relu(), nn.Conv2d(inputs, 4 * outputs, 3, 1, 1), nn.PixelShuffle(2)]


def _silent(layer: nn.Linear | nn.Conv2d) -> nn.Module:
    """`layer`, giving nothing until it has learnt."""
    nn.init.zeros_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer
