"""How long training lasts, how fast it learns and when it saves. Free of torch."""

from __future__ import annotations

from dataclasses import dataclass

from cyclegan_glasses.errors import UserError
from cyclegan_glasses.option import Settings, check, option

POLICIES = ("linear", "step", "plateau", "cosine")


@dataclass(frozen=True, slots=True)
class LRScheduleSettings(Settings):
    """The learning rate over epochs.

    Attributes:
        policy: `linear` keeps the rate for `n_epochs`, then lets it fall to zero over `n_epochs_decay`;
            `step` takes a tenth every `decay_every` epochs; `plateau` a fifth when the cycle loss has not
            fallen by 1 % for five epochs; `cosine` follows half a cosine over the whole run.
    """

    GROUP = "training"

    policy: str = option("linear", "learning rate over epochs", flag="lr_policy", choices=POLICIES)
    n_epochs: int = option(100, "epochs at the full learning rate", least=0)
    n_epochs_decay: int = option(100, "epochs in which it falls to zero", least=0)
    decay_every: int = option(50, "epochs between the falls of policy step", flag="lr_decay_iters", least=1)

    def __post_init__(self) -> None:
        check(self)
        if self.epochs < 1:
            raise UserError("--n_epochs and --n_epochs_decay must add up to 1 or more")

    @property
    def epochs(self) -> int:
        """The last epoch, counted from 1."""
        return self.n_epochs + self.n_epochs_decay


@dataclass(frozen=True, slots=True)
class LoopSettings(Settings):
    """When things happen. Periods count pictures; 0 means never."""

    GROUP, RESUME = "watching", "free"

    max_steps: int = option(
        0, "stop after so many steps in all; 0: no limit", group="training", least=0, resume="session"
    )
    max_minutes: float = option(
        0.0,
        "end this session after so many minutes; 0: no limit",
        group="training",
        least=0,
        resume="session",
    )
    print_freq: int = option(100, "pictures between reports of the losses", least=0)
    display_freq: int = option(400, "pictures between showings on the dashboard", least=0)
    update_html_freq: int = option(1000, "pictures between updates of the web page", least=0)
    save_latest_freq: int = option(5000, "pictures between saves", group="training", least=0)
    save_epoch_freq: int = option(5, "epochs between states that are kept", group="training", least=0)
    save_by_iter: bool = option(False, "keep every save under its count of pictures", group="training")
    eval_freq: int = option(
        0,
        "pictures between scores on 32 pictures of valA and valB, else of testA and testB; 0: never",
        least=0,
    )
    patience: int = option(
        0,
        "keep the best state, and end after so many validations without a better one; 0: never. Pairs in valA"
        " and valB are validated after each epoch, --model cyclegan with the scores of --eval_freq",
        group="losses",
        least=0,
        on_request=True,
        resume="reported",
    )
