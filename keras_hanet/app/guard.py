"""What every answer says to the browser, and which requests are not answered at all."""

import logging
import traceback
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

# The page loads from its own server alone, runs no script and no style that stands in HTML, and lies in no frame.
POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
# The report is one file with its style inside, and nothing in it may run or load.
REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}
_SAFE_METHODS = ("GET", "HEAD")
_logger = logging.getLogger(__name__)


class Guard:
    """ASGI middleware: security headers on every answer, nothing done for other sites, no message of an error in a log.

    A page of another site can send forms to a server on this machine, although it cannot read the answers; what is
    no GET is therefore refused where the browser says that another site sent it. Programs that are no browser send
    neither header and are let through.
    """

    def __init__(self, app):
        self._app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_guarded(message):
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        if scope["method"] not in _SAFE_METHODS and _is_from_elsewhere(Headers(scope=scope), scope["scheme"]):
            refusal = _say(403, "this was sent by a page of another site; open the page of this server")
            await refusal(scope, receive, send_guarded)
            return
        try:
            await self._app(scope, receive, send_guarded)
        except ClientDisconnect:
            return
        except Exception as error:  # its message may hold what a file says of a patient: only its kind and place go on
            _logger.error("%s at %s", type(error).__name__, _place(error))
            if started:
                raise RuntimeError("an answer broke off; the line above says where") from None
            answer = _say(500, "the program failed here, which should not happen; its log says where")
            await answer(scope, receive, send_guarded)


def _say(status, sentence):
    return JSONResponse({"detail": sentence}, status)


def _is_from_elsewhere(headers, scheme):
    """Whether the browser says that the request comes from a page of another origin, or of an unknown one."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    own = f"{scheme}://{headers.get('host')}"
    return headers.get("origin", own).lower() != own.lower()


def _place(error):
    """File and line where an error arose, without what it says."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"
