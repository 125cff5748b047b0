"""How the page listens: every request of a page has its session, and whatever goes wrong is one line."""

from __future__ import annotations

import html
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import gradio as gr

from cyclegan_glasses.app.sessions import Session, Sessions
from cyclegan_glasses.errors import UserError, printable, reason_of

log = logging.getLogger(__name__)
State = TypeVar("State")

#: Photos that are edited at a time, and cameras that are answered at a time, whoever asks.
PHOTOS, CAMERAS = ("photos", 2), ("cameras", 4)


def listen(
    trigger: Callable[..., Any],
    answer: Callable[..., Any],
    sessions: Sessions[State],
    inputs: Sequence[Any] = (),
    outputs: Sequence[Any] = (),
    limit: tuple[str, int] = PHOTOS,
    **more: Any,
) -> Any:
    """Call `answer` with the session of the page, and the values of `inputs`, when `trigger` fires.

    Args:
        trigger: an event of a component, such as `button.click`.
        answer: takes and returns JSON values, see `values`. Of a `select` event, it gets what was selected
            after the session.
        limit: name of the listeners that share a limit, and how many of them run at a time.
        more: of Gradio's event.
    """
    selects = getattr(trigger, "event_name", "") == "select"

    def of_page(request: gr.Request, *values: Any) -> Any:
        with told(), sessions.at_work(str(request.session_hash)) as session, told(session):
            return answer(session, *values)

    def of_selection(request: gr.Request, event: gr.SelectData, *values: Any) -> Any:
        return of_page(request, event.index, *values)

    return trigger(
        of_selection if selects else of_page,
        list(inputs),
        list(outputs),
        preprocess=False,
        postprocess=False,
        concurrency_id=limit[0],
        concurrency_limit=limit[1],
        api_visibility="private",
        **more,
    )


@contextmanager
def told(session: Session[Any] | None = None) -> Iterator[None]:
    """What is raised in the block becomes one line in the page; a defect is logged with its traceback too."""
    try:
        yield
    except gr.Error:
        raise
    except (UserError, OSError, MemoryError) as error:
        raise _line(str(error) if isinstance(error, UserError) else reason_of(error), session) from None
    except Exception as error:
        log.exception("the page asked for something that failed")
        raise _line(f"this did not work ({reason_of(error)})", session) from None


def in_page(text: str, session: Session[Any] | None = None) -> str:
    """A message fit for the page: on one line, without the folder of the session, options by their names."""
    line = printable(" ".join(text.split()))
    if session is not None:
        line = line.replace(f"{session.folder}{os.sep}", "")
    return html.escape(line.replace("--", ""))


def _line(text: str, session: Session[Any] | None) -> gr.Error:
    return gr.Error(in_page(text, session), duration=12, title="Not possible", print_exception=False)
