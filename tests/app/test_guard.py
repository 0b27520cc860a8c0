import asyncio

import httpx
import pytest
from served_app import connected, make_predictor
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse

from keras_hanet.app.guard import HEADERS, Guard
from keras_hanet.app.service import Service

HOME = "http://127.0.0.1:8710"
SECRET = "Doe^Jane 1970"


def ask(app, method="POST", headers=None):
    async def ask():
        transport = httpx.ASGITransport(Guard(app))
        async with httpx.AsyncClient(transport=transport, base_url=HOME) as client:
            return await client.request(method, "/", headers=headers or {})

    return asyncio.run(ask())


def raising(error, after=None):
    async def app(scope, receive, send):
        if after is not None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise error

    return app


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": HOME, "sec-fetch-site": "same-origin"},
        {"origin": HOME},
        {"sec-fetch-site": "none"},
        {"origin": "http://EXAMPLE.org:80", "host": "example.org:80"},
    ],
)
def test_the_page_itself_and_programs_may_send(headers):
    assert ask(PlainTextResponse("done"), headers=headers).text == "done"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.example"},
        {"origin": "http://127.0.0.1:9999"},  # another server of this machine
        {"origin": "https://127.0.0.1:8710"},
        {"origin": "http://127.0.0.1:8710.elsewhere.example"},
        {"origin": "null"},
        {"origin": "http://["},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": HOME},
    ],
)
def test_pages_of_other_sites_may_not_send(headers):
    answer = ask(raising(AssertionError("it came through")), headers=headers)
    assert answer.status_code == 403
    assert answer.json() == {"detail": "this was sent by a page of another site; open the page of this server"}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS"])
def test_no_method_that_could_change_something_is_open_to_other_sites(method):
    assert ask(PlainTextResponse("done"), method, {"origin": "https://elsewhere.example"}).status_code == 403


def test_a_link_from_another_site_opens_the_page():
    assert ask(PlainTextResponse("page"), "GET", {"sec-fetch-site": "cross-site"}).text == "page"


def test_an_error_is_answered_and_logged_without_what_it_says(caplog):
    answer = ask(raising(ValueError(SECRET)))
    assert answer.status_code == 500
    assert answer.json() == {"detail": "the program failed here, which should not happen; its log says where"}
    assert SECRET not in caplog.text
    [line] = caplog.messages
    assert line.startswith("ValueError at test_guard.py:")


def test_an_answer_that_broke_off_says_nothing_of_the_file_either(caplog):
    with pytest.raises(RuntimeError, match="an answer broke off") as caught:
        ask(raising(ValueError(SECRET), after="start"))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert SECRET not in caplog.text


def test_a_sender_who_leaves_is_no_error(caplog):
    async def leave(scope, receive, send):
        raise ClientDisconnect

    asyncio.run(Guard(leave)({"type": "http", "method": "GET", "headers": [], "scheme": "http"}, None, None))
    assert caplog.messages == []


def test_an_answer_may_have_a_stricter_policy_of_its_own():
    app = PlainTextResponse("report", headers={"content-security-policy": "default-src 'none'"})
    assert ask(app).headers["content-security-policy"] == "default-src 'none'"


def test_nothing_may_be_loaded_from_elsewhere_nor_run_inside_html():
    policy = dict(rule.strip().split(" ", 1) for rule in HEADERS["content-security-policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert "script-src" not in policy
    assert "style-src" not in policy
    assert "unsafe" not in HEADERS["content-security-policy"]


# === Over HTTP ===


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/api/model", "/api/results/none", "/nothing"])
def test_every_answer_carries_the_headers(client, path):
    answer = client.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("host", ["elsewhere.example", "127.0.0.1.elsewhere.example", "169.254.169.254", "", "0.0.0.0"])
def test_a_name_that_is_not_this_machines_is_refused(client, host):
    answer = client.get("/api/model", headers={"host": host})
    assert answer.status_code == 400
    assert "name" not in answer.text
    assert answer.headers["content-security-policy"] == HEADERS["content-security-policy"]


@pytest.mark.parametrize("host", ["localhost:8710", "127.0.0.1", "[::1]:8710", "LOCALHOST"])
def test_loopback_is_served_under_each_of_its_names(client, host):
    assert client.get("/api/model", headers={"host": host}).status_code == 200


def test_a_name_that_was_given_is_served():
    with connected(Service(make_predictor()), ["cart.example"]) as client:
        assert client.get("/api/model", headers={"host": "cart.example:8710"}).status_code == 200
        assert client.get("/api/model", headers={"host": "www.cart.example"}).status_code == 400


def test_another_site_starts_no_analysis(client):
    sent = {"files": {"file": ("a.png", b"")}, "headers": {"origin": "https://elsewhere.example"}}
    assert client.post("/api/analyse", **sent).status_code == 403
    assert client.post("/api/phantom", headers={"sec-fetch-site": "cross-site"}).status_code == 403
