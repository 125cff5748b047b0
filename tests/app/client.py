"""A page of the app without a browser: what Gradio's page asks for, asked for by a program."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import requests

SECONDS = 120


class PageError(Exception):
    """What the page would show as an error."""


class Page:
    """One open page; `close` closes it as a browser does.

    Args:
        address: of the app, with a slash in the end.
        cookies: of who has logged in.
    """

    def __init__(self, address: str, cookies: Any = None) -> None:
        self.address, self.key = address, secrets.token_hex(5)
        self.http = requests.Session()
        self.http.cookies.update(cookies or {})
        config = self.http.get(f"{address}config", timeout=SECONDS).json()
        self._components = {part["props"].get("elem_id"): part["id"] for part in config["components"]}
        self._listeners = config["dependencies"]
        self._alive = self.http.get(f"{address}gradio_api/heartbeat/{self.key}", stream=True, timeout=SECONDS)
        self._beats = threading.Thread(target=self._listen, daemon=True)
        self._beats.start()

    def close(self) -> None:
        """The browser goes away."""
        with suppress(Exception):
            self._alive.raw._fp.fp.raw._sock.shutdown(2)
        self._alive.close()

    def upload(self, name: str, data: bytes) -> dict[str, Any]:
        """Send a file; returns the value of the component that got it."""
        answer = self.http.post(
            f"{self.address}gradio_api/upload", files={"files": (name, data)}, timeout=SECONDS
        )
        if answer.status_code != 200:
            raise PageError(answer.text)
        meta = {"_type": "gradio.FileData"}
        return {"path": answer.json()[0], "orig_name": name, "size": len(data), "meta": meta}

    def do(self, part: str, event: str, *values: Any, index: Any = None, then: bool = False) -> list[Any]:
        """Fire `event` of the component with the `elem_id` `part`; returns the values of its outputs.

        Args:
            values: of its inputs.
            index: what was selected.
            then: fire what follows it in its place.
        """
        wanted = [self._components[part], event]
        listener = next(one["id"] for one in self._listeners if wanted in one["targets"])
        if then:
            listener = next(
                one["id"]
                for one in self._listeners
                if one["trigger_after"] == listener and one["trigger_only_on_success"]
            )
        body = {
            "data": [*values],
            "fn_index": listener,
            "session_hash": self.key,
            "trigger_id": self._components[part],
            "event_data": None if index is None else {"index": index, "value": None},
        }
        joined = self.http.post(f"{self.address}gradio_api/queue/join", json=body, timeout=SECONDS)
        if joined.status_code != 200:
            raise PageError(joined.text)
        return self._answer(joined.json()["event_id"])

    def open(self, name: str, data: bytes) -> list[Any]:
        """Give the page a photo, as a person drops it there."""
        return self.do("upload", "input", self.upload(name, data))

    def fetch(self, value: dict[str, Any]) -> bytes:
        """What a download button with this value downloads."""
        url = value["url"]
        answer = self.http.get(url if "://" in url else f"{self.address}{url.lstrip('/')}", timeout=SECONDS)
        answer.raise_for_status()
        return answer.content

    def _answer(self, event: str) -> list[Any]:
        stream = self.http.get(
            f"{self.address}gradio_api/queue/data",
            params={"session_hash": self.key},
            stream=True,
            timeout=SECONDS,
        )
        with stream:
            for line in stream.iter_lines():
                if not line.startswith(b"data:"):
                    continue
                message = json.loads(line[5:])
                if message.get("event_id") == event and message["msg"] == "process_completed":
                    output = message["output"]
                    if not message["success"]:
                        raise PageError(str(output.get("error")))
                    values: list[Any] = output["data"]
                    return values
        raise PageError("no answer")

    def _listen(self) -> None:
        with suppress(Exception):
            for _ in self._alive.iter_content(64):
                pass


def wait(question: Callable[[], object], seconds: float = 20) -> None:
    """Wait until `question` is answered with yes."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if question():
            return
        pause.wait(0.05)
    raise AssertionError("it does not get there")
