"""Words that data sets and people use for the labels, and which label each stands for."""

from __future__ import annotations

import re

from cyclegan_glasses.domains import GLASSES, NONE, SUNGLASSES

_NAMES = {
    GLASSES: "glasses eyeglasses spectacles with withglasses witheyeglasses wearingglasses glasseson"
    " traina testa vala",
    NONE: "none noglasses noeyeglasses without withoutglasses withouteyeglasses nospectacles bare glassesoff"
    " trainb testb valb",
    SUNGLASSES: "sunglasses withsunglasses wearingsunglasses",
}
_LABELS = {word: label for label, names in _NAMES.items() for word in names.split()}
_ANSWERS = {GLASSES: ("1", "yes", "y", "true"), NONE: ("0", "-1", "no", "n", "false")}
#: What the entries of a column mean that is called after glasses, such as CelebA's `Eyeglasses`.
ANSWERS = {word: label for label, answers in _ANSWERS.items() for word in answers}


def label_of(word: str) -> str:
    """The label that a word stands for, whatever its case and however its parts are joined; empty for none.

    >>> label_of("With_Glasses"), label_of("no glasses"), label_of("holidays")
    ('glasses', 'none', '')
    """
    return _LABELS.get(re.sub(r"[\s_-]", "", word.casefold()), "")
