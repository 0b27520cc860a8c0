"""The server behind the web page; docs/app.md lists what it answers."""

import asyncio
import contextlib
import re
import secrets
from functools import partial
from importlib.resources import files
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from keras_hanet.app import answers, downloads
from keras_hanet.app.guard import REPORT_POLICY, Guard
from keras_hanet.app.jobs import BusyError, TooLateError
from keras_hanet.app.service import Found, Service
from keras_hanet.app.uploads import TooLargeError, read_upload
from keras_hanet.drawing import encode_png
from keras_hanet.errors import InputError
from keras_hanet.version import INTENDED_USE, __version__

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
RETRY_AFTER_S = 2
_PACKAGE = files("keras_hanet")
_FORGET_EVERY_S = 60
_MAX_FILE_NAME = 60
_NOT_KEPT = "this result is no longer kept, or never was: a few are, for half an hour; analyse the image again"
_router = APIRouter()


def create_app(service, hosts=()):
    """The web application.

    Args:
        service: `Service`.
        hosts: names and addresses besides LOOPBACK by which browsers may call the server; IPv6 in brackets.

    Returns:
        FastAPI application.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app):
        sweeping = asyncio.create_task(_forget_old(service.results))
        yield
        sweeping.cancel()
        service.jobs.close()

    # FastAPI's own pages of documentation load scripts from another server.
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False, lifespan=lifespan)
    app.state.service = service
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*LOOPBACK, *hosts], www_redirect=False)
    app.add_middleware(Guard)  # the last one added is the outermost
    for kind, answer in _ERRORS.items():
        app.add_exception_handler(kind, answer)
    app.include_router(_router)
    app.mount("/static", StaticFiles(directory=str(_PACKAGE / "app" / "static")))
    return app


async def _forget_old(results):
    while True:
        await asyncio.sleep(_FORGET_EVERY_S)
        results.forget_old()


def _service(request: Request):
    return request.app.state.service


def _found(request: Request, name: str, threshold: Annotated[float | None, Query(ge=0.01, le=0.99)] = None):
    found = _service(request).find(name, threshold)
    if found is None:
        raise HTTPException(404, _NOT_KEPT)
    return found


AService = Annotated[Service, Depends(_service)]
AFound = Annotated[Found, Depends(_found)]


# === Page ===


@_router.get("/")
def page():
    return FileResponse(str(_PACKAGE / "app" / "static" / "index.html"))


@_router.get("/static/colours.css")
def colours():
    """The colours of the reports."""
    return FileResponse(str(_PACKAGE / "assets" / "chart.css"))


# === Analysis ===


@_router.get("/api/health")
def health(service: AService):
    return {"status": "ok", "results": len(service.results), "version": __version__}


@_router.get("/api/model")
def model(service: AService):
    has_record = service.reliability is not None
    own = answers.describe_model(service.metadata)
    return own | {"has_reliability": has_record, "version": __version__, "intended_use": INTENDED_USE}


@_router.post("/api/analyse")
async def analyse_upload(request: Request, service: AService):
    return JSONResponse(await service.jobs.answer(partial(read_upload, request), service.analyse_upload))


@_router.post("/api/phantom")
async def analyse_phantom(service: AService, seed: Annotated[int | None, Query(ge=0, lt=2**32)] = None):
    async def read():
        return secrets.randbelow(2**32) if seed is None else seed

    return JSONResponse(await service.jobs.answer(read, service.analyse_phantom))


# === Results ===


@_router.get("/api/results/{name}")
def result(service: AService, found: AFound):
    return JSONResponse(service.describe(found))


@_router.get("/api/results/{name}/image.png")
def image(found: AFound):
    return Response(encode_png(found.analysis.frame.image), media_type="image/png")


@_router.get("/api/results/{name}/probability.png")
def probability(found: AFound):
    return Response(answers.probability_png(found.analysis.prediction.probability), media_type="image/png")


@_router.get("/api/results/{name}/mask.png")
def mask(found: AFound):
    return Response(encode_png(found.analysis.prediction.mask * 255), media_type="image/png")


@_router.get("/api/results/{name}/measures.csv")
def measures(service: AService, found: AFound):
    table = answers.measures_csv(found.analysis)
    return _download(table, "text/csv; charset=utf-8", found, "measures.csv")


@_router.get("/api/results/{name}/report.html")
def report_html(service: AService, found: AFound):
    """It is looked at and printed in the browser, where nothing in it may run."""
    page = downloads.report_html(found, service)
    return HTMLResponse(page, headers={"content-security-policy": REPORT_POLICY})


@_router.get("/api/results/{name}/report.pdf")
def report_pdf(service: AService, found: AFound):
    return _download(downloads.report_pdf(found, service), "application/pdf", found, "report.pdf")


@_router.get("/api/results/{name}/segmentation.dcm")
def segmentation(service: AService, found: AFound):
    if found.result.dataset is None:
        raise HTTPException(404, "a segmentation is made of a DICOM still, and this was none")
    return _download(downloads.segmentation(found, service), "application/dicom", found, "segmentation.dcm")


def _download(content, kind, found, name):
    """Under the name of the image, so that the files of two images do not mix in a folder."""
    image = re.sub(r"[^A-Za-z0-9._-]+", "-", found.analysis.frame.name)[:_MAX_FILE_NAME].strip(".-") or "image"
    return Response(content, media_type=kind, headers={"content-disposition": f'attachment; filename="{image}-{name}"'})


# === Errors ===


def _say(status):
    return lambda request, error: JSONResponse({"detail": str(error)}, status)


def _say_busy(request, error):
    headers = {"retry-after": str(RETRY_AFTER_S)}
    return JSONResponse({"detail": "other images are being analysed; try again in a few seconds"}, 503, headers)


def _say_too_late(request, error):
    return JSONResponse({"detail": "the analysis took too long and was given up; try a smaller image"}, 504)


def _say_missing(request, error):
    return JSONResponse({"detail": f"this kind of file needs {error.name}, which is not installed here"}, 422)


def _say_invalid(request, error):
    """What was sent is not repeated: it may be anything."""
    first = error.errors()[0]
    return JSONResponse({"detail": f"{first['loc'][-1]}: {first['msg']}"}, 422)


_ERRORS = {
    TooLargeError: _say(413),
    InputError: _say(422),
    BusyError: _say_busy,
    TooLateError: _say_too_late,
    ModuleNotFoundError: _say_missing,
    RequestValidationError: _say_invalid,
}
