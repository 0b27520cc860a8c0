"""`hanet app`: the web page, on this machine."""

import errno
import ipaddress
import socket

from keras_hanet.cli.console import keras_loading, say
from keras_hanet.errors import InputError
from keras_hanet.models.weights import DEFAULT
from keras_hanet.version import INTENDED_USE

HELP = "Show a web page that outlines the image you drop on it; nothing leaves this machine."
EXAMPLE = "hanet app --model cart"
LOOPBACK = "127.0.0.1"
PORT = 8710


def add_arguments(parser):
    parser.add_argument(
        "--model", default=DEFAULT, metavar="MODEL",
        help="name of a shipped model (hanet models lists them), or a run folder, the folder of an exported format, or "
        "the model file in it (default: %(default)s)",
    )
    parser.add_argument(
        "--port", type=int, default=PORT, help="port of the page, 0 for one that is free (default: %(default)s)"
    )
    parser.add_argument(
        "--host", default=LOOPBACK,
        help="address of this machine on which others may see the page, too: there is no password, and what is sent is "
        "not encrypted (default: %(default)s, this machine alone)",
    )
    parser.add_argument(
        "--max-waiting", type=int, default=8, metavar="N",
        help="images that may wait for the one that is analysed (default: %(default)s)",
    )
    parser.add_argument(
        "--time-limit-s", type=float, default=60.0, metavar="S",
        help="seconds after which an analysis is given up (default: %(default)s)",
    )


def run(arguments):
    import uvicorn

    from keras_hanet.analysis.reliability import read_reliability
    from keras_hanet.app.jobs import Jobs
    from keras_hanet.app.server import create_app
    from keras_hanet.app.service import Service
    from keras_hanet.inference import Predictor

    name, is_loopback = _check_host(arguments.host)
    if arguments.max_waiting < 0 or not arguments.time_limit_s > 0:
        raise InputError("expected --max-waiting of 0 or more and --time-limit-s above 0; give such numbers")
    with keras_loading():
        service = Service(
            Predictor(arguments.model), read_reliability(arguments.model), arguments.model,
            Jobs(arguments.max_waiting, arguments.time_limit_s),
        )
    listener = _listen(arguments.host, arguments.port)
    say(f"Open http://{name}:{listener.getsockname()[1]} in a browser; Ctrl-C ends it.")
    if not is_loopback:
        say(
            f"WARNING: whoever reaches {name} can use this page. There is no password, and images travel unencrypted: "
            "take it for a network you trust, or leave --host out."
        )
    say(INTENDED_USE)
    # No access log: nobody needs to know afterwards who looked at what.
    config = uvicorn.Config(
        create_app(service, [name]), access_log=False, log_level="warning", server_header=False, ws="none"
    )
    try:
        uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        say("Ended; nothing was kept.")


def _check_host(host):
    """How a browser calls the host, and whether it is this machine alone."""
    if host == "localhost":
        return host, True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host, False
    if address.is_unspecified:
        raise InputError(
            f"--host {host}: expected the one address or name by which browsers call this machine, such as "
            "192.168.1.5: requests under any other name are refused, so that no other site can reach the page"
        )
    return f"[{host}]" if address.version == 6 else host, address.is_loopback


def _listen(host, port):
    if not 0 <= port <= 65535:
        raise InputError(f"--port: expected 0 to 65535, got {port}; give such a number")
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except socket.gaierror:
        raise InputError(f"--host {host}: no such name or address; check it") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise InputError(f"port {port} is taken, perhaps by another hanet app; give another --port") from None
        if error.errno in (errno.EADDRNOTAVAIL, errno.EACCES):
            reason = "this machine has no such address" if error.errno == errno.EADDRNOTAVAIL else "not permitted"
            raise InputError(f"--host {host} --port {port}: {reason}; give another") from None
        raise
