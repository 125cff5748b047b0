"""Losses as pure functions; each names where it comes from."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F


def masked_adversarial_loss(scores: Tensor, real: bool, where: Tensor) -> Tensor:
    """The mean squared error of raw scores to 1 or 0 over patches of which `where` has a part; a scalar.

    That of `lsgan` in `adversarial_loss`, but 0 where no patch counts.

    Args:
        scores: (N, 1, h, w), without a sigmoid.
        real: the target.
        where: (N, 1, H, W), from 0 to 1; a patch weighs as the largest value around its middle.
    """
    weights = F.adaptive_max_pool2d(where, scores.shape[-2:])
    return (weights * (scores - float(real)).square()).sum() / weights.sum().clamp_min(1)


def adversarial_loss(scores: Tensor, real: bool, mode: str) -> Tensor:
    """How far raw discriminator scores are from the target `real`; a scalar.

    Args:
        scores: (N, 1, h, w), without a sigmoid.
        real: the target.
        mode: `lsgan`, mean squared error to 1 or 0 (Mao et al., arXiv 1611.04076, eq. 2); `vanilla`, binary
            cross-entropy with logits (Goodfellow et al., arXiv 1406.2661, eq. 1); `wgangp`, the critic's mean
            with its sign (Arjovsky et al., arXiv 1701.07875, eq. 3).
    """
    if mode == "wgangp":
        return -scores.mean() if real else scores.mean()
    target = torch.full_like(scores, float(real))
    if mode == "lsgan":
        return F.mse_loss(scores, target)
    return F.binary_cross_entropy_with_logits(scores, target)


def gradient_penalty(
    discriminator: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, fraction: Tensor
) -> Tensor:
    """Squared distance of the critic's gradient norm from 1 between real and fake pictures; a scalar.

    Gulrajani et al., arXiv 1704.00028, eq. 3, without its weight.

    Args:
        real, fake: (N, C, H, W).
        fraction: (N, 1, 1, 1) in [0, 1], of the real ones in what lies between; random.
    """
    mixed = torch.lerp(fake.detach(), real, fraction.to(real)).requires_grad_(True)
    (gradient,) = torch.autograd.grad(discriminator(mixed).sum(), mixed, create_graph=True)
    return (gradient.flatten(1).norm(dim=1) - 1).square().mean()


def l1_loss(picture: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference: the cycle (eq. 2) and identity loss (§5.2) of CycleGAN, arXiv 1703.10593."""
    return F.l1_loss(picture, target)


def weighted_l1(picture: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Mean absolute difference, of which each pixel counts by its weight (N, 1, H, W); a scalar."""
    return ((picture - target).abs() * weights).mean()


def gradient_loss(picture: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Mean absolute difference of the gradients, as differences of neighbours across and down; a scalar.

    The gradient matching of Li and Snavely, "MegaDepth" (arXiv 1804.00607, section 4.1), at one scale. Levels
    alone leave thin lines and soft eyes, which are small in level.

    Args:
        picture, target: (N, C, H, W).
        weights: of pixels, (N, 1, H, W).
    """
    error = picture - target
    across, down = error.diff(dim=3).abs() * weights[..., 1:], error.diff(dim=2).abs() * weights[..., 1:, :]
    return across.mean() + down.mean()


def chroma_loss(picture: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Mean absolute difference of colour, apart from grey, of means over squares of 8 pixels; a scalar.

    Eyes see a stain where the mean over an area is off by a few levels, which the error of a pixel hides.
    Where pixels have a weight, those of thin lines, the difference of each is added.

    Args:
        picture, target: RGB (N, 3, H, W), sides of 8 pixels at least.
        weights: of pixels, (N, 1, H, W).
    """
    error = picture - target
    error = error - error.mean(1, keepdim=True)
    return F.avg_pool2d(error, 8).abs().mean() + (error.abs() * weights).mean()


def level_loss(picture: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Mean absolute difference of means over squares of 12 pixels, side by side and between; a scalar.

    A veil is a few levels over a whole lens, which the error of a pixel hides and the eye does not.

    Args:
        picture, target: (N, C, H, W), sides of 12 pixels at least.
        weights: of pixels, (N, 1, H, W); of a square their mean counts.
    """
    error, weight = (F.avg_pool2d(values, 12, stride=6) for values in (picture - target, weights))
    return (error.abs() * weight).mean()


def mask_loss(logits: Tensor, mask: Tensor, weights: Tensor) -> Tensor:
    """Binary cross-entropy between logits and the fraction of each pixel, (N, 1, H, W) both; a scalar.

    `weights` are of pictures, (N, 1, 1, 1); the mean is over all pictures, whatever they weigh.

    Lyu et al., "Portrait Eyeglasses and Shadow Removal" (arXiv 2203.10474), learn their masks by it.
    """
    return F.binary_cross_entropy_with_logits(logits, mask, weights.expand_as(mask))


def insensitive_l1_loss(picture: Tensor, target: Tensor, tolerance: float) -> Tensor:
    """Mean of what absolute differences exceed `tolerance` by: Vapnik's ε-insensitive loss; a scalar.

    "The Nature of Statistical Learning Theory" (1995), §6.1. Within the tolerance it has no gradient.
    """
    return F.relu((picture - target).abs() - tolerance).mean()


def balanced_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy in which every class of the batch weighs alike, however rare it is; a scalar.

    Args:
        logits: (N, classes).
        labels: int64 (N,), −1 where the label is missing; 0 comes of a batch without labels.
    """
    each = F.cross_entropy(logits, labels, ignore_index=-1, reduction="none")
    counts = torch.bincount(labels.clamp_min(-1) + 1, minlength=logits.shape[1] + 1)[1:]
    known = labels >= 0
    weights = known / counts[labels.clamp_min(0)].clamp_min(1)
    return (each * weights).sum() / (counts > 0).sum().clamp_min(1)


def known_smooth_l1(values: Tensor, targets: Tensor) -> Tensor:
    """Huber loss (threshold 1) over the targets that are not NaN; a scalar, 0 where there are none."""
    known = ~targets.isnan()
    each = F.smooth_l1_loss(values, torch.where(known, targets, values.detach()), reduction="none")
    return each.sum() / known.sum().clamp_min(1)


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL divergence of N(mean, variance) from N(0, 1), a sum over codes (N, d), the mean over N; a scalar.

    Kingma and Welling, arXiv 1312.6114, appendix B.
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()


def ssim(picture: Tensor, target: Tensor) -> Tensor:
    """Structural similarity, -1 to 1, mean over pictures, channels and windows; a scalar.

    Wang et al., "Image quality assessment", IEEE TIP 13 (2004), eq. 13: Gaussian window of 11 pixels with
    σ 1.5, K1 0.01, K2 0.03; windows that leave the picture are not counted.

    Args:
        picture, target: (N, C, H, W) in [-1, 1], sides of 11 pixels at least.
    """
    picture, target, span = picture + 1, target + 1, 2.0  # its first factor needs black to be 0
    place = torch.arange(11, dtype=picture.dtype, device=picture.device) - 5
    bell = torch.exp(-place.square() / (2 * 1.5**2))
    bell = bell / bell.sum()
    n = picture.shape[1]

    def smooth(values: Tensor) -> Tensor:
        values = F.conv2d(values, bell.view(1, 1, 11, 1).expand(n, 1, 11, 1), groups=n)
        return F.conv2d(values, bell.view(1, 1, 1, 11).expand(n, 1, 1, 11), groups=n)

    c1, c2 = (0.01 * span) ** 2, (0.03 * span) ** 2
    a, b = smooth(picture), smooth(target)
    of_a, of_b = smooth(picture * picture) - a * a, smooth(target * target) - b * b
    both = smooth(picture * target) - a * b
    similarity = ((2 * a * b + c1) * (2 * both + c2)) / ((a * a + b * b + c1) * (of_a + of_b + c2))
    return similarity.mean()


def distance(picture: Tensor, target: Tensor, kind: str) -> Tensor:
    """How far (N, C, H, W) in [-1, 1] is from the truth; a scalar.

    Args:
        kind: `l1`; `l2`, the mean squared error; `ssim`, 1 - SSIM; `ssim_l1`, the sum of that and L1.
    """
    if kind == "l2":
        return F.mse_loss(picture, target)
    absolute = F.l1_loss(picture, target) if kind.endswith("l1") else picture.new_zeros(())
    return absolute + (1 - ssim(picture, target)) if kind.startswith("ssim") else absolute
