import io
import json
import subprocess
import sys
import threading

import httpx
import numpy as np
import pytest
from dicom_phantoms import BANNER, MARGIN, write_phantom_dicom
from PIL import Image
from pydicom import dcmread
from served_app import connected, draw_scan, make_predictor, to_file

from keras_hanet.app import server, service
from keras_hanet.app.answers import DOWNLOADS, SEGMENTATION
from keras_hanet.app.guard import REPORT_POLICY
from keras_hanet.app.jobs import Jobs
from keras_hanet.app.results import Results
from keras_hanet.app.service import Service
from keras_hanet.data.phantom_drawing import draw_phantom
from keras_hanet.frame import Frame
from keras_hanet.inference import Predictor
from keras_hanet.version import INTENDED_USE, __version__


def pixels(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    return np.asarray(Image.open(io.BytesIO(answer.content)))


# === What is answered ===


def test_the_page_and_its_parts_are_served(client):
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.text.count(INTENDED_USE) == 2
    for name, kind in (("app.js", "text/javascript"), ("app.css", "text/css"), ("icon.svg", "image/svg+xml")):
        assert client.get(f"/static/{name}").headers["content-type"].startswith(kind)
    assert "--predicted" in client.get("/static/colours.css").text


def test_health_and_model(client):
    assert client.get("/api/health").json()["status"] == "ok"
    assert client.get("/api/model").json() == {
        "name": "grey is probability", "size": 64, "threshold": 0.5, "min_lesion_share": 0.0,
        "has_reliability": False, "version": __version__, "intended_use": INTENDED_USE,
    }


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
def test_an_image_comes_back_with_mask_and_probability(client, send, kind):
    answer = send(to_file(draw_scan(), kind), "a file without a suffix")
    image = np.repeat(draw_scan()[..., None], 3, axis=2)
    np.testing.assert_array_equal(pixels(client.get(answer["links"]["image.png"])), image)
    mask = make_predictor().predict([image])[0].mask
    np.testing.assert_array_equal(pixels(client.get(answer["links"]["mask.png"])), mask * 255)
    # 200 / 255 is a little less in float32, and what is between two levels is rounded down.
    probability = pixels(client.get(answer["links"]["probability.png"]))
    assert np.abs(probability.astype(int) - draw_scan()).max() <= 1
    assert answer["lesions"][0]["area_px"] == 200


def test_the_mask_of_the_shipped_model_is_the_predictors_own():
    predictor = Predictor("cart")
    image, _ = draw_phantom("benign", np.random.default_rng(0), 300, 380)
    expected = Predictor("cart").predict([np.repeat(image[..., None], 3, axis=2)])[0].mask
    assert expected.any()
    with connected(Service(predictor)) as client:
        answer = client.post("/api/analyse", files={"file": ("scan.png", to_file(image))}).json()
        np.testing.assert_array_equal(pixels(client.get(answer["links"]["mask.png"])), expected * 255)


def test_another_threshold_is_measured_here(client, send):
    name = send(to_file(draw_scan()))["id"]
    answer = client.get(f"/api/results/{name}", params={"threshold": 0.9}).json()
    assert answer["threshold"] == 0.9
    assert [lesion["area_px"] for lesion in answer["lesions"]] == [32]
    assert (pixels(client.get(answer["links"]["mask.png"])) == 255).sum() == 32
    assert ",32," in client.get(answer["links"]["measures.csv"]).text


@pytest.mark.parametrize("threshold", ["0", "1", "-0.1", "nan", "inf", "much", "", "1e999"])
def test_a_threshold_that_is_none_is_refused_in_a_sentence(client, send, threshold):
    name = send(to_file(draw_scan()))["id"]
    answer = client.get(f"/api/results/{name}?threshold={threshold}")
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("threshold: Input should be ")


def test_measures_are_kept_under_their_name(client, send):
    answer = client.get(send(to_file(draw_scan()))["links"]["measures.csv"])
    assert answer.headers["content-disposition"] == 'attachment; filename="scan.png-measures.csv"'
    assert answer.text.splitlines()[0].startswith("top_px,left_px,")


def test_a_phantom_of_a_seed_and_one_of_any(client):
    first = client.post("/api/phantom", params={"seed": 7}).json()
    again = client.post("/api/phantom", params={"seed": 7}).json()
    assert first["name"] == again["name"] == "phantom 7 (benign)"
    assert first["lesions"] == again["lesions"]
    assert first["id"] != again["id"]
    names = {client.post("/api/phantom").json()["name"] for _ in range(3)}
    assert len(names) == 3


# === What is refused ===


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "expected a PNG, JPEG, BMP or TIFF image, got something else"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "expected a PNG, JPEG, BMP or TIFF image"),
        (b"GIF89a", "expected a PNG, JPEG, BMP or TIFF image"),
        (b"%!PS-Adobe", "expected a PNG, JPEG, BMP or TIFF image"),
        (to_file(draw_scan())[:100], "the file is cut off or damaged"),
        (to_file(np.zeros((7100, 7100), np.uint8)), "expected at most 50,000,000 pixels"),
    ],
)
def test_what_is_no_image_is_refused_in_a_sentence(client, content, reason):
    answer = client.post("/api/analyse", files={"file": ("scan.png", content)})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("scan.png: ")
    assert reason in answer.json()["detail"]


def test_no_form_is_refused_in_a_sentence(client):
    answer = client.post("/api/analyse", content=to_file(draw_scan()), headers={"content-type": "image/png"})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("expected a form")


def test_a_large_upload_is_refused_although_it_says_no_length(client, monkeypatch):
    monkeypatch.setattr(server, "read_upload", lambda request: server_read(request, max_bytes=2**20))
    server_read = sys.modules["keras_hanet.app.uploads"].read_upload
    taken = []

    def body():
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for number in range(64):
            taken.append(number)
            yield bytes(2**18)

    kind = {"content-type": "multipart/form-data; boundary=x"}
    try:
        answer = client.post("/api/analyse", content=body(), headers=kind)
        assert answer.status_code == 413
        assert answer.json() == {"detail": "expected a file of at most 1 MiB, got more; crop or shorten it"}
    except (httpx.WriteError, httpx.ReadError):  # the server hung up while we were still sending
        assert len(taken) < 64


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py", "/static/%2e%2e/server.py", "/static/..%2fserver.py",
        "/static/%2e%2e%2f%2e%2e%2ferrors.py",
        "/static//etc/passwd", "/static/%00", "/static", "/static/", "/docs", "/redoc", "/openapi.json",
        "/api/results/../../server.py", "/api/results/%2e%2e%2fserver.py/mask.png",
    ],
)
def test_no_path_leads_out_of_what_is_served(client, path):
    request = httpx.Request("GET", client.base_url.copy_with(raw_path=path.encode()))
    answer = client.send(request)
    assert answer.status_code == 404
    assert "import" not in answer.text
    assert "root:" not in answer.text


PARTS = ("", *(f"/{name}" for name in ("image.png", "probability.png", *DOWNLOADS, SEGMENTATION)))


@pytest.mark.parametrize("part", PARTS)
def test_a_result_that_is_not_kept_is_said_to_be_gone(client, part):
    answer = client.get(f"/api/results/{'A' * 22}{part}")
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith("this result is no longer kept, or never was")


@pytest.mark.parametrize("seed", ["-1", "4294967296", "x"])
def test_a_seed_that_is_none_is_refused(client, seed):
    answer = client.post("/api/phantom", params={"seed": seed})
    assert (answer.status_code, answer.json()["detail"][:6]) == (422, "seed: ")


def test_other_methods_are_not_answered(client, send):
    name = send(to_file(draw_scan()))["id"]
    for method in ("PUT", "DELETE", "PATCH", "POST"):
        assert client.request(method, f"/api/results/{name}").status_code == 405


def test_a_file_that_needs_what_is_not_installed_is_said_to(client, monkeypatch):
    def open_source(content, name):
        raise ModuleNotFoundError("No module named 'av'", name="av")

    monkeypatch.setattr(service, "open_source", open_source)
    answer = client.post("/api/analyse", files={"file": ("film.dcm", b"")})
    assert answer.status_code == 422
    assert answer.json() == {"detail": "this kind of file needs av, which is not installed here"}


# === DICOM ===


def test_a_still_comes_with_millimetres_and_a_segmentation(client, send, tmp_path):
    masks = write_phantom_dicom(tmp_path / "still.dcm", spacing_mm=(0.25, 0.2))
    answer = send((tmp_path / "still.dcm").read_bytes(), "still.dcm")
    assert answer["spacing"] == {"row_mm": pytest.approx(0.25), "column_mm": pytest.approx(0.2)}
    assert answer["area"] == {"top": BANNER, "left": MARGIN, "height": 200, "width": 240}
    assert (answer["height"], answer["width"]) == masks.shape[1:]
    made = dcmread(io.BytesIO(client.get(answer["links"]["segmentation.dcm"]).content))
    np.testing.assert_array_equal(made.pixel_array * 255, pixels(client.get(answer["links"]["mask.png"])))
    text = client.get(answer["links"]["report.html"]).text + json.dumps(answer)
    assert "Paula" not in text
    assert "PHANTOM-0" not in text


def test_a_film_is_looked_at_frame_by_frame_and_has_no_segmentation(client, send, tmp_path):
    write_phantom_dicom(tmp_path / "film.dcm", num_frames=4, frame_time_ms=40)
    answer = send((tmp_path / "film.dcm").read_bytes(), "film.dcm", frame=3)
    assert answer["frames"] == {"num": 4, "index": 3, "time_s": pytest.approx(0.12)}
    assert answer["name"] == "film.dcm#3"
    assert "segmentation.dcm" not in answer["links"]
    refused = client.get(f"{answer['links']['self']}/segmentation.dcm")
    assert refused.status_code == 404
    assert refused.json() == {"detail": "a segmentation is made of a DICOM still, and this was none"}


def test_a_dicom_file_that_is_cut_off_is_refused_in_a_sentence_without_the_patient(client, tmp_path):
    write_phantom_dicom(tmp_path / "still.dcm")
    content = (tmp_path / "still.dcm").read_bytes()
    for size in (200, len(content) // 2, len(content) - 100):
        answer = client.post("/api/analyse", files={"file": ("still.dcm", content[:size])})
        assert answer.status_code == 422
        assert answer.json()["detail"].startswith("still.dcm: ")
        assert "Paula" not in answer.text


# === Reports ===


def test_a_report_is_read_in_the_browser_where_nothing_in_it_may_run(client, send):
    answer = client.get(send(to_file(draw_scan()), "<script>alert(1)</script>.png")["links"]["report.html"])
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == REPORT_POLICY
    assert "sandbox" in REPORT_POLICY
    assert "<script" not in answer.text
    assert INTENDED_USE in answer.text


def test_a_pdf_is_kept_under_its_name(client, send):
    answer = client.get(send(to_file(draw_scan()))["links"]["report.pdf"])
    assert answer.content.startswith(b"%PDF-")
    assert answer.headers["content-disposition"] == 'attachment; filename="scan.png-report.pdf"'


@pytest.mark.parametrize(
    ("name", "kept_as"),
    [("a; x=b c.png", "a-x-b-c.png"), ("..", "image"), ("乳", "image"), ("W" * 90, "W" * 60)],
)
def test_no_name_of_an_upload_reaches_beyond_a_file_name(client, send, name, kept_as):
    answer = client.get(send(to_file(draw_scan()), name)["links"]["mask.png"].replace("mask.png", "report.pdf"))
    assert answer.headers["content-disposition"] == f'attachment; filename="{kept_as}-report.pdf"'


# === Under load ===


def test_a_full_queue_says_when_to_come_back():
    go, started = threading.Event(), threading.Event()

    def wait(images):
        started.set()
        go.wait(10)
        return images[..., 0] / 255

    slow = Service(Predictor.from_function(wait, make_predictor().metadata), jobs=Jobs(max_waiting=0))
    with connected(slow) as client:
        first = threading.Thread(target=client.post, args=("/api/phantom",))
        first.start()
        assert started.wait(5)
        answer = client.post("/api/analyse", files={"file": ("scan.png", to_file(draw_scan()))})
        assert client.get("/api/health").json()["status"] == "ok"  # asked while the network runs
        go.set()
        first.join()
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert answer.json() == {"detail": "other images are being analysed; try again in a few seconds"}
        assert client.post("/api/phantom").status_code == 200


def test_an_analysis_that_takes_too_long_is_given_up():
    go = threading.Event()
    predictor = Predictor.from_function(lambda images: go.wait(10) and images[..., 0] / 255, make_predictor().metadata)
    with connected(Service(predictor, jobs=Jobs(time_limit_s=0.1))) as client:
        answer = client.post("/api/phantom")
        go.set()
    assert answer.status_code == 504
    assert answer.json() == {"detail": "the analysis took too long and was given up; try a smaller image"}


def test_results_make_room_for_new_ones():
    with connected(Service(make_predictor(), results=Results(max_results=2))) as client:
        links = [client.post("/api/phantom").json()["links"]["self"] for _ in range(3)]
        assert [client.get(link).status_code for link in links] == [404, 200, 200]


def test_a_fault_of_the_program_says_nothing_of_the_file(client, monkeypatch, caplog):
    def fail(*arguments):
        raise RuntimeError("Doe^Jane")

    monkeypatch.setattr(service, "analyse", fail)
    answer = client.post("/api/analyse", files={"file": ("Doe Jane.png", to_file(draw_scan()))})
    assert answer.status_code == 500
    assert "Doe" not in answer.text + caplog.text


def test_nothing_is_logged_of_an_analysis(client, send, caplog, capfd):
    with caplog.at_level("DEBUG"):
        send(to_file(draw_scan()), "Doe Jane.png")
        client.post("/api/analyse", files={"file": ("Doe Jane.png", b"")})
    streams = capfd.readouterr()
    assert "Doe" not in streams.out + streams.err
    assert "Doe" not in "".join(m for m in caplog.messages if not m.startswith(("HTTP Request", "send_", "receive_")))


def test_no_keras_and_no_tensorflow_are_loaded():
    code = """
import sys
from keras_hanet.app.server import create_app
from keras_hanet.app.service import Service
from keras_hanet.inference import Predictor
service = Service(Predictor("cart"))
create_app(service)
assert service.analyse_phantom(1)["lesions"]
print(sorted({"keras", "tensorflow", "torch", "jax"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_frames_of_a_film_are_asked_for_by_number(client, send, monkeypatch):
    class Film:
        kind, num_frames = "dicom", 3

        def frames(self):
            for number in range(3):
                grey = np.full((64, 64, 3), 100 * number, np.uint8)
                yield Frame(grey, f"film#{number}", time_s=0.04 * number)

    monkeypatch.setattr(service, "open_source", lambda content, name: Film())
    answer = send(b"film", "film", frame=2)
    assert answer["frames"] == {"num": 3, "index": 2, "time_s": 0.08}
    assert answer["name"] == "film#2"
    assert pixels(client.get(answer["links"]["image.png"])).mean() == 200
    late = client.post("/api/analyse", files={"file": ("film", b"film")}, data={"frame": 3})
    assert (late.status_code, late.json()["detail"]) == (422, "film: expected a frame below 3, got 3; the first is 0")
