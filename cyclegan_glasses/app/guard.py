"""Who may ask the app for what: checks of every request, before Gradio sees it."""

from __future__ import annotations

from urllib.parse import unquote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cyclegan_glasses.images import FILE_BYTES
from cyclegan_glasses.local_server import why_foreign

#: What the page asks for. Gradio answers more, such as requests for other addresses in the page's name.
_PAGE = ("/", "/theme.css", "/favicon.ico", "/manifest.json", "/login", "/logout", "/robots.txt", "/config")
_PARTS = ("/assets/", "/static/", "/svelte/")
_API = "/gradio_api/"
_CALLS = (
    "startup-events",
    "upload",
    "upload_progress",
    "queue/join",
    "queue/data",
    "reset",
    "cancel",
)
_CALLED = ("heartbeat/", "stream/", "file=")
_UPLOAD = f"{_API}upload"
#: Of a request that is no upload: the largest is a frame of the camera.
_MOST_BYTES = 4 << 20
#: A multipart body holds the file and a few lines.
_AROUND = 1 << 16
#: Gradio's page needs scripts and styles of its own in it; nothing is loaded from, or sent to, elsewhere.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_ALWAYS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """ASGI middleware: requests that come from elsewhere, ask for more than the page does, or are too large
    end here with one line.

    Args:
        app: what answers the others.
        public: others than this machine may ask, under any name that leads here; they need the password.
    """

    def __init__(self, app: ASGIApp, public: bool = False) -> None:
        self.app, self.public = app, public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # the page opens no WebSocket
            await send({"type": "websocket.close"})
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_ALWAYS)
                if not scope["path"].startswith(_PARTS):
                    headers["Cache-Control"] = "private, no-store"
            await send(message)

        refused = self._refusal(scope["method"], scope["path"], Headers(scope=scope))
        await (refused or self.app)(scope, receive, send_guarded)

    def _refusal(self, method: str, path: str, headers: Headers) -> PlainTextResponse | None:
        name = headers.get("Host", "").rpartition(":")[0] or headers.get("Host", "")
        if why := why_foreign(method, headers, name if self.public else ""):
            return PlainTextResponse(why, 403)
        if not _is_of_the_page(unquote(path)):
            return PlainTextResponse("there is nothing here", 404)
        if method not in ("GET", "HEAD"):
            length = headers.get("Content-Length", "")
            if not length.isdecimal():
                return PlainTextResponse("the length of the request is missing", 411)
            if int(length) > (FILE_BYTES + _AROUND if path == _UPLOAD else _MOST_BYTES):
                return PlainTextResponse("the request is too long", 413)
        return None


def _is_of_the_page(path: str) -> bool:
    if ".." in path.split("/"):
        return False
    if path.startswith(_API):
        call = path.removeprefix(_API)
        return call in _CALLS or (call.startswith(_CALLED) and "://" not in call)
    return path in _PAGE or path.startswith(_PARTS)
