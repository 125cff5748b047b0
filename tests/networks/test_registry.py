"""What holds for every network of the registry; a new one is tested here without another line."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.networks import settings
from cyclegan_glasses.networks.registry import DISCRIMINATORS, GENERATORS, infer_generator
from tests.networks.small import build, changes, pictures, small, variants

every_generator = pytest.mark.parametrize("kind", GENERATORS)
every_network = pytest.mark.parametrize("kind", [*GENERATORS, *DISCRIMINATORS])


def test_every_kind_that_can_be_asked_for_is_there() -> None:
    """A choice of --netG or --netD without a network would fail after the options were read."""
    for offered, there in (
        (settings.GENERATOR_SETTINGS, GENERATORS),
        (settings.DISCRIMINATOR_SETTINGS, DISCRIMINATORS),
    ):
        assert {kind: there[kind].settings for kind in offered} == offered
    assert all(small(kind).kind == kind for kind in [*GENERATORS, *DISCRIMINATORS])
    assert not GENERATORS.keys() & DISCRIMINATORS.keys()


@every_generator
def test_a_file_alone_says_what_it_holds(kind: str) -> None:
    """Nobody need repeat the options of training to use a network.

    A file does not tell `syncbatch` from `batch`, nor all networks whether they had dropout; it is alike in
    use.
    """
    for chosen in variants(kind):
        found = infer_generator(build(chosen).state_dict())
        assert found is not None, chosen
        forgotten = {"norm": "batch"} if chosen.norm == "syncbatch" else {}
        forgotten |= {"dropout": False} if chosen.dropout and not found.dropout else {}
        assert found == replace(chosen, **forgotten)


def test_weights_of_one_network_are_never_taken_for_anothers() -> None:
    for kind in GENERATORS:
        weights, infer = build(small(kind)).state_dict(), GENERATORS[kind].infer
        for entry in GENERATORS.values():
            if entry.infer is not None and entry.infer is not infer:
                with pytest.raises((LookupError, UserError)):
                    entry.infer(weights)


@every_generator
def test_a_picture_goes_in_and_one_of_its_size_comes_out(kind: str) -> None:
    for chosen in variants(kind):
        x = pictures(chosen)
        output = build(chosen).eval()(x)
        assert output.shape == (len(x), chosen.output_nc, *x.shape[2:]), chosen
        assert output.dtype == x.dtype and output.isfinite().all() and output.std() > 0, chosen


@pytest.mark.parametrize("kind", DISCRIMINATORS)
def test_scores_of_patches_come_out(kind: str) -> None:
    for chosen in variants(kind):
        scores = build(chosen)(x := pictures(chosen))
        assert scores.shape[:2] == (len(x), 1) and scores.isfinite().all(), chosen


@every_network
def test_a_gradient_reaches_every_weight(kind: str) -> None:
    """A layer without one stays what its random start made of it."""
    for chosen in changes(kind):
        network = build(chosen).train()
        output = network(x := pictures(chosen).requires_grad_())
        (output * torch.linspace(-1, 1, output.shape[3])).sum().backward()
        assert x.grad is not None and x.grad.isfinite().all() and x.grad.std() > 0, chosen
        for name, weight in network.named_parameters():
            assert weight.grad is not None and weight.grad.isfinite().all(), (chosen, name)


@every_network
def test_layouts_agree(kind: str, one_thread: None) -> None:
    """Results and gradients are those of contiguous memory where channels lie last, of a batch of one too.

    Some fast paths of torch give wrong gradients of the input while the output is right.
    """
    for chosen in (chosen for chosen in changes(kind) if not getattr(chosen, "dropout", False)):
        for count in (2, 1):
            results = []
            for layout in (torch.contiguous_format, torch.channels_last):
                network = build(chosen).double().to(memory_format=layout).eval()
                x = pictures(chosen, count).double().contiguous(memory_format=layout).requires_grad_()
                output = network(x)
                gradients = torch.autograd.grad(output.square().mean(), [x, *network.parameters()])
                results.append([output, *gradients])
            scale = max(float(value.detach().abs().max()) for value in results[0])
            for one, other in zip(*results, strict=True):
                torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9 * scale)


@every_network
def test_a_picture_comes_out_alike_alone_and_in_a_batch(kind: str) -> None:
    """Where norms work within a picture: steps share passes and divide batches there."""
    for chosen in (chosen for chosen in changes(kind) if chosen.norm in ("instance", "none")):
        network = build(chosen).double().train(not getattr(chosen, "dropout", False))
        together = network(x := pictures(chosen, 3).double())
        for i, alone in enumerate(x.split(1)):
            torch.testing.assert_close(network(alone)[0], together[i], rtol=1e-11, atol=1e-11)
