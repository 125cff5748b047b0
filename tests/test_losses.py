"""Losses against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from cyclegan_glasses.evaluation import metrics
from cyclegan_glasses.losses import (
    adversarial_loss,
    chroma_loss,
    distance,
    gradient_loss,
    gradient_penalty,
    insensitive_l1_loss,
    l1_loss,
    level_loss,
    mask_loss,
    masked_adversarial_loss,
    ssim,
    weighted_l1,
)

SCORES = torch.tensor([0.5, -1.0, 2.0, 0.0]).reshape(1, 1, 2, 2)


def softplus(value: float) -> float:
    return math.log1p(math.exp(value))


@pytest.mark.parametrize(
    "mode, real, expected",
    [
        ("lsgan", True, (0.25 + 4 + 1 + 1) / 4),
        ("lsgan", False, (0.25 + 1 + 4 + 0) / 4),
        ("vanilla", True, sum(softplus(-s) for s in (0.5, -1.0, 2.0, 0.0)) / 4),
        ("vanilla", False, sum(softplus(s) for s in (0.5, -1.0, 2.0, 0.0)) / 4),
        ("wgangp", True, -0.375),
        ("wgangp", False, 0.375),
    ],
)
def test_adversarial_losses_by_hand(mode: str, real: bool, expected: float) -> None:
    assert adversarial_loss(SCORES, real, mode).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("mode", ["lsgan", "vanilla", "wgangp"])
@pytest.mark.parametrize("real", [True, False])
def test_a_step_down_moves_the_scores_towards_the_answer(mode: str, real: bool) -> None:
    """A wrong sign would train the generator to be found out."""
    scores = torch.full((1, 1, 1, 1), 0.5, requires_grad=True)
    adversarial_loss(scores, real, mode).backward()
    assert scores.grad is not None
    assert bool(scores.grad < 0) is real


def test_scores_count_where_something_was_changed() -> None:
    scores = torch.tensor([[[[0.5, 2.0], [-1.0, 3.0]]]])
    where = torch.zeros(1, 1, 8, 8)
    where[..., 6, 1] = 1  # below left
    assert masked_adversarial_loss(scores, True, where) == 4
    assert masked_adversarial_loss(scores, False, where) == 1
    where[..., 0, 7] = 1  # above right, too
    assert masked_adversarial_loss(scores, True, where) == 2.5
    assert masked_adversarial_loss(scores, True, torch.zeros_like(where)) == 0


@pytest.mark.parametrize("norm", [0.0, 0.5, 1.0, 3.0])
def test_the_penalty_of_a_linear_critic_is_known(norm: float) -> None:
    """The gradient of w·x is w everywhere, so the penalty is (|w| − 1)²."""
    torch.manual_seed(0)
    w = torch.randn(3, 4, 4)
    w = (norm * w / w.norm()).requires_grad_()
    real, fake = torch.rand(5, 3, 4, 4), torch.rand(5, 3, 4, 4)
    penalty = gradient_penalty(lambda x: (x * w).flatten(1).sum(1), real, fake, torch.rand(5, 1, 1, 1))
    assert penalty.item() == pytest.approx((norm - 1) ** 2, abs=1e-5)
    penalty.backward()
    assert w.grad is not None and bool(torch.isfinite(w.grad).all())
    if norm:
        expected = 2 * (norm - 1) * w.detach() / norm
        torch.testing.assert_close(w.grad, expected, atol=1e-5, rtol=1e-4)


def test_the_penalty_is_taken_between_real_and_fake() -> None:
    """Every mixture lies on the line between its pair, at its share."""
    seen = []

    def critic(x: torch.Tensor) -> torch.Tensor:
        seen.append(x.detach())
        return x.flatten(1).sum(1)

    real, fake = torch.ones(64, 1, 2, 2), torch.zeros(64, 1, 2, 2)
    shares = torch.linspace(0, 1, 64).view(64, 1, 1, 1)
    gradient_penalty(critic, real, fake, shares)
    torch.testing.assert_close(seen[0], shares.expand(64, 1, 2, 2))


def test_l1_by_hand() -> None:
    assert l1_loss(torch.tensor([1.0, -1.0]), torch.tensor([0.5, 1.0])).item() == 1.25


def test_ssim_is_that_of_the_evaluation() -> None:
    """What is trained for and what is reported are one measure."""
    rng = np.random.default_rng(0)
    a = rng.integers(0, 256, (24, 30, 3), np.uint8)
    b = np.clip(a.astype(int) + rng.integers(-40, 40, a.shape), 0, 255).astype(np.uint8)
    first, second = (torch.from_numpy(p).permute(2, 0, 1)[None].double() / 127.5 - 1 for p in (a, b))
    assert ssim(first, second).item() == pytest.approx(metrics.ssim(a, b), abs=1e-9)


def test_distances_by_hand() -> None:
    picture = torch.zeros(1, 1, 12, 12, dtype=torch.float64)
    target = torch.full_like(picture, 0.5)
    unlike = 1 - (2 * 1.0 * 1.5 + 0.02**2) / (1.0**2 + 1.5**2 + 0.02**2)  # even pictures, black at 0
    for kind, expected in (("l1", 0.5), ("l2", 0.25), ("ssim", unlike), ("ssim_l1", 0.5 + unlike)):
        assert distance(picture, target, kind).item() == pytest.approx(expected, rel=1e-5)
        assert distance(target, target, kind).item() == pytest.approx(0, abs=1e-6)


def test_differences_within_the_tolerance_are_free() -> None:
    """A small change, the light on a drawn frame, costs nothing; another frame does."""
    target = torch.zeros(1, 1, 1, 4)
    picture = torch.tensor([[[[0.05, -0.1, 0.3, -0.5]]]], requires_grad=True)
    loss = insensitive_l1_loss(picture, target, 0.1)
    assert loss.item() == pytest.approx((0.2 + 0.4) / 4)
    loss.backward()
    assert picture.grad is not None and picture.grad.flatten().tolist() == [0, 0, 0.25, -0.25]


def test_weighted_pixels_and_gradients_by_hand() -> None:
    """One pixel is off by 0.5: that is its level, two edges across and one down beside it."""
    target = torch.zeros(1, 1, 2, 3)
    picture, weights = target.clone(), torch.ones(1, 1, 2, 3)
    picture[0, 0, 0, 1] = 0.5
    assert weighted_l1(picture, target, weights).item() == pytest.approx(0.5 / 6)
    assert gradient_loss(picture, target, weights).item() == pytest.approx(2 * 0.5 / 4 + 0.5 / 3)
    weights[0, 0, 0, 1] = 4
    assert weighted_l1(picture, target, weights).item() == pytest.approx(4 * 0.5 / 6)
    # A difference belongs to the pixel at its right or lower end.
    assert gradient_loss(picture, target, weights).item() == pytest.approx((4 + 1) * 0.5 / 4 + 0.5 / 3)
    assert gradient_loss(picture + 0.3, picture, weights).item() == pytest.approx(0, abs=1e-7)


def test_a_stain_counts_and_grey_and_noise_do_not() -> None:
    target = torch.zeros(2, 3, 16, 16)
    stained = target.clone()
    stained[:, 0] = 0.3
    nowhere, everywhere = torch.zeros(2, 1, 16, 16), torch.ones(2, 1, 16, 16)
    assert chroma_loss(stained, target, nowhere).item() == pytest.approx((0.2 + 0.1 + 0.1) / 3)
    assert chroma_loss(target + 0.3, target, everywhere).item() == pytest.approx(0, abs=1e-7)
    checks = (torch.arange(16)[:, None] + torch.arange(16)) % 2 * 2.0 - 1
    noisy = target.clone()
    noisy[:, 0] = 0.3 * checks
    assert chroma_loss(noisy, target, nowhere).item() == pytest.approx(0, abs=1e-7)
    assert chroma_loss(noisy, target, everywhere).item() == pytest.approx((0.2 + 0.1 + 0.1) / 3)


def test_the_mask_is_a_cross_entropy() -> None:
    logits, mask = torch.tensor([0.5, -1.0]).view(1, 1, 1, 2), torch.tensor([1.0, 0.25]).view(1, 1, 1, 2)
    expected = (softplus(-0.5) + 0.25 * softplus(1.0) + 0.75 * softplus(-1.0)) / 2
    assert mask_loss(logits, mask, torch.ones(1, 1, 1, 1)).item() == pytest.approx(expected, rel=1e-6)


def test_levels_count_as_means_over_squares_where_something_is_worn() -> None:
    """A veil of a few levels is seen, noise of the same size is not."""
    target, worn = torch.zeros(1, 3, 12, 24), torch.zeros(1, 1, 12, 24)
    worn[..., :12] = 1
    error = level_loss(target + 0.1, target, worn).item()
    assert error == pytest.approx(0.1 * (1 + 0.5 + 0) / 3, rel=1e-5)  # squares at 0, 6 and 12
    noise = 0.1 * (1 - 2 * (torch.arange(24) % 2)).expand_as(target)
    assert level_loss(target + noise, target, worn).item() == pytest.approx(0, abs=1e-7)
