"""The fine network is shown what the coarse one changes, which stays as it was, and says where frames are."""

from __future__ import annotations

import numpy as np
import torch

from cyclegan_glasses.editing.models import translate
from cyclegan_glasses.networks.coarse_to_fine import CoarseToFine
from cyclegan_glasses.networks.registry import build_generator, infer_generator
from cyclegan_glasses.networks.settings import CoarseToFineSettings
from tests.editing.helpers import torch_generator

TINY = CoarseToFineSettings((2, 3), (3, 3), (2, 3), (3, 3), coarse_size=16, size=32, passes=1)
CPU = torch.device("cpu")


class Dark(torch.nn.Module):
    """A coarse network that darkens every pixel."""

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        return picture - 0.25


def network() -> CoarseToFine:
    torch.manual_seed(0)
    built = build_generator(TINY).eval()
    assert isinstance(built, CoarseToFine)
    return built


def test_the_change_of_the_coarse_network_is_added_to_the_picture() -> None:
    """At the picture's resolution: what was sharp in the picture is as sharp in the suggestion."""
    built = network()
    built.coarse = Dark()
    picture = torch.rand(2, 3, 33, 20) - 0.5
    assert torch.allclose(built.coarsely(picture), picture - 0.25, atol=1e-6)
    built.passes = 2
    assert torch.allclose(built.coarsely(picture), picture - 0.5, atol=1e-6)


def test_training_leaves_the_coarse_network_alone() -> None:
    built = network().train()
    removed, frame = built.remove(torch.rand(1, 3, 32, 32) * 2 - 1)
    (removed.mean() + frame.mean()).backward()
    assert all(weight.grad is None for weight in built.coarse.parameters())
    assert all(weight.grad is not None for weight in built.fine.parameters())


def test_its_settings_are_read_off_its_weights() -> None:
    half = {name: value.half() for name, value in network().state_dict().items()}
    assert infer_generator(half) == TINY


def test_the_editor_is_told_where_the_frame_is() -> None:
    """A network that says nothing of it gives no mask; the mask is that of the photo, not of a later pass."""
    built = network()
    built.fine.out.weight.data[-1] = 0
    built.fine.out.bias.data[-1] = 3
    crops = torch.randint(0, 256, (2, 32, 32, 3), dtype=torch.uint8).numpy()
    for passes in (1, 2):
        found = translate(torch_generator(built, TINY, 32), crops, passes)
        assert len(found) == 2 and found[0].picture.shape == (32, 32, 3)
        for one in found:
            assert (
                one.frame is not None and abs(float(one.frame[:20].mean()) - 1 / (1 + 2.718281828**-3)) < 1e-6
            )
    plain = build_generator(TINY.coarse)
    (made,) = translate(torch_generator(plain.eval(), TINY.coarse, 32), crops[:1], 1)
    assert made.frame is None


def test_with_flips_the_result_of_a_mirrored_face_is_the_mirrored_result() -> None:
    """Of both passes and of the frame; else one half of a face would be drawn another way."""
    crops = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    generator = torch_generator(network(), TINY, 32)
    straight, mirrored = (
        translate(generator, one, 2, flip=True) for one in (crops, crops[:, :, ::-1].copy())
    )
    for one, other in zip(straight, mirrored, strict=True):
        assert one.frame is not None and other.frame is not None
        np.testing.assert_allclose(one.picture, other.picture[:, ::-1], atol=1e-3)
        np.testing.assert_allclose(one.frame, other.frame[:, ::-1], atol=1e-5)
    alone = translate(generator, crops, 2)
    assert abs(alone[0].picture - straight[0].picture).max() > 0.1
