"""How long training lasts, how fast it learns and when it saves. Free of torch."""

from __future__ import annotations

from dataclasses import dataclass

from cyclegan_glasses.errors import UserError, one_of

POLICIES = ("linear", "step", "plateau", "cosine")


@dataclass(frozen=True, slots=True)
class LRScheduleSettings:
    """The learning rate over epochs.

    Attributes:
        policy: `linear` keeps the rate for `n_epochs`, then lets it fall to zero over `n_epochs_decay`;
            `step` takes a tenth every `decay_every` epochs; `plateau` a fifth when the cycle loss has not
            fallen by 1 % for five epochs; `cosine` follows half a cosine over the whole run.
    """

    policy: str = "linear"
    n_epochs: int = 100
    n_epochs_decay: int = 100
    decay_every: int = 50

    def __post_init__(self) -> None:
        one_of("lr_policy", self.policy, POLICIES)
        if self.n_epochs < 0 or self.n_epochs_decay < 0 or self.epochs < 1 or self.decay_every < 1:
            raise UserError(
                "--n_epochs and --n_epochs_decay must add up to 1 or more, --lr_decay_iters be 1 or more"
            )

    @property
    def epochs(self) -> int:
        """The last epoch, counted from 1."""
        return self.n_epochs + self.n_epochs_decay


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """When things happen. Periods count pictures; 0 means never.

    Attributes:
        max_steps: stop after so many optimizer steps in all; 0 for no limit.
        print_freq, display_freq, update_html_freq: report losses, show pictures, add pictures to the page.
        save_latest_freq: save the latest state.
        eval_freq: score the generators on test pictures.
        save_epoch_freq: keep the state of every so many epochs.
        save_by_iter: keep each state that `save_latest_freq` saves, under its count of pictures.
        patience: end when the loss on validation pairs has not fallen for so many epochs; 0 never does.
    """

    max_steps: int = 0
    print_freq: int = 100
    display_freq: int = 400
    update_html_freq: int = 1000
    save_latest_freq: int = 5000
    save_epoch_freq: int = 5
    save_by_iter: bool = False
    eval_freq: int = 0
    patience: int = 0

    def __post_init__(self) -> None:
        for name in (
            "max_steps",
            "print_freq",
            "display_freq",
            "update_html_freq",
            "save_latest_freq",
            "save_epoch_freq",
            "eval_freq",
            "patience",
        ):
            if getattr(self, name) < 0:
                raise UserError(f"--{name} must not be below 0")
