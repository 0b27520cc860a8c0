"""The page in a real browser, over a real server on loopback."""

import re
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from playwright.sync_api import expect, sync_playwright
from served_app import draw_scan, make_predictor, serving, to_file

from keras_hanet.analysis.flags import FLAGS
from keras_hanet.app import answers, service
from keras_hanet.app.service import Service
from keras_hanet.frame import Frame, ScanArea, Spacing

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no browser here: install Debian's package chromium")
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
SUMMARY = "One lesion, 22 px by 11 px, parallel. Doubt was not judged."
# Pixels of the outline's orange.
COUNT_ORANGE = """
() => {
  const canvas = document.getElementById("canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    const [red, green, blue] = data.slice(i, i + 3);
    count += red > 230 && green > 120 && green < 180 && blue < 40;
  }
  return count;
}
"""
# Every text that is seen, with the contrast of its colour to what lies behind it (WCAG 2.2, 1.4.3).
FIND_PALE = """
() => {
  const parse = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
    return { rgb: [r, g, b], a };
  };
  const light = ({ rgb }) => {
    const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.a === 1) return colour;
    }
    return { rgb: [255, 255, 255] };
  };
  const pale = [];
  for (const element of document.body.querySelectorAll("*")) {
    const says = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!says || !element.checkVisibility() || element.closest("noscript")) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) pale.push([element.textContent.trim(), contrast]);
  }
  return pale;
}
"""


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address():
    with serving(Service(make_predictor())) as address:
        yield address


@pytest.fixture
def open_page(browser, address):
    """A function that opens the page; whatever a test does, it asks no other server and logs no error."""
    opened = []

    def open_page(width=1280, height=900, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        page = context.new_page()
        seen = SimpleNamespace(context=context, urls=[], errors=[])
        opened.append(seen)
        page.on("request", lambda request: seen.urls.append(request.url))
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and seen.errors.append(message.text))
        page.goto(address)
        expect(page.locator("#version")).to_contain_text("keras-hanet")
        return page

    yield open_page
    for seen in opened:
        seen.context.close()
        assert {url for url in seen.urls if not url.startswith((f"{address}/", "blob:"))} == set()
        # What Chromium says by itself of an answer that is an error.
        assert [error for error in seen.errors if not error.startswith("Failed to load resource")] == []


@pytest.fixture
def page(open_page):
    return open_page()


def png(name="scan.png", content=None):
    return {"name": name, "mimeType": "image/png", "buffer": to_file(draw_scan()) if content is None else content}


def upload(page, **file):
    page.set_input_files("#file", png(**file))


def orange(page):
    return page.evaluate(COUNT_ORANGE)


def set_slider(page, label, value):
    page.get_by_label(label, exact=True).fill(str(value))


def summary(page):
    return page.get_by_role("status")


# === What is seen ===


def test_an_image_is_outlined_and_measured(page):
    upload(page)
    expect(summary(page)).to_have_text(SUMMARY)
    assert orange(page) > 300
    words = "Ultrasound image scan.png, 64 by 64 pixels, with an orange outline: its centre 62 % from the left and 23 %"
    expect(page.get_by_role("img", name=words)).to_be_visible()
    row = page.get_by_role("row", name="Area")
    expect(row.get_by_role("cell")).to_have_text("200 px")
    expect(page.locator("#measures-note")).to_have_text(re.compile("^No millimetres: the file holds no spacing"))


def test_an_image_without_a_lesion_has_no_outline(page):
    upload(page, content=to_file(np.full((40, 60), 90, np.uint8)))
    expect(summary(page)).to_have_text("No lesion outlined. Doubt was not judged.")
    assert orange(page) == 0
    expect(page.get_by_role("row")).to_have_count(0)


def test_the_canvas_shows_the_image_itself(page):
    blocks = np.random.default_rng(0).integers(0, 120, (8, 8), dtype=np.uint8)
    upload(page, content=to_file(np.kron(blocks, np.ones((20, 20), np.uint8))))
    expect(summary(page)).to_contain_text("No lesion")
    middles = page.evaluate("""() => {
      const context = canvas.getContext("2d");
      const at = (i) => Math.round(((i + 0.5) * canvas.width) / 8);
      return [...Array(64).keys()].map((i) => context.getImageData(at(i % 8), at(i >> 3), 1, 1).data[0]);
    }""")
    np.testing.assert_array_equal(np.reshape(middles, (8, 8)), blocks)


def test_the_threshold_changes_outline_measures_and_files(page):
    upload(page)
    expect(summary(page)).to_have_text(SUMMARY)
    before = orange(page)
    set_slider(page, "Threshold", 0.9)
    assert orange(page) < before / 2, "the outline follows at once, before the server has measured"
    expect(page.get_by_role("row", name="Area").get_by_role("cell")).to_have_text("32 px")
    expect(page.get_by_role("link", name="Mask (PNG)")).to_have_attribute("href", re.compile(r"threshold=0\.9$"))
    page.get_by_role("button", name="Back to the model's own").click()
    expect(summary(page)).to_have_text(SUMMARY)
    assert orange(page) == before
    expect(page.get_by_text("0.50, the model's own")).to_be_visible()


def test_the_outline_of_the_page_is_that_of_the_server_at_any_threshold(page):
    image = np.random.default_rng(1).integers(0, 256, (64, 64), dtype=np.uint8)
    upload(page, content=to_file(image))
    expect(summary(page)).to_contain_text("lesions")
    pairs = page.evaluate("""async () => {
      const { readGrey } = await import("/static/outline.js");
      const { links } = await (await fetch(document.querySelector("#files a").href.replace("/mask.png", ""))).json();
      const map = await readGrey(await (await fetch(links["probability.png"])).blob());
      const pairs = [];
      for (const t of [0.05, 0.3, 0.5, 0.77, 0.95]) {
        const mask = await readGrey(await (await fetch(`${links["mask.png"]}?threshold=${t}`)).blob());
        pairs.push([map.grey.filter((g) => g >= Math.ceil(255 * t)).length, mask.grey.filter((g) => g > 127).length]);
      }
      return pairs;
    }""")
    for (here, there), threshold in zip(pairs, (0.05, 0.3, 0.5, 0.77, 0.95), strict=True):
        assert there == (image >= 255 * threshold).sum()
        assert abs(here - there) <= (image == round(255 * threshold)).sum()


def test_the_outline_can_be_made_fainter_and_hidden(page):
    upload(page)
    expect(summary(page)).to_have_text(SUMMARY)
    assert orange(page) > 300
    set_slider(page, "Outline", 40)
    assert orange(page) == 0, "it is there, but no longer in its full colour"
    expect(page.get_by_text("40 %")).to_be_visible()
    set_slider(page, "Outline", 0)
    expect(page.get_by_text("hidden", exact=True)).to_be_visible()
    set_slider(page, "Outline", 100)
    assert orange(page) > 300


def test_doubt_is_said_in_words_with_a_sign_and_a_reason(page, monkeypatch):
    analyse = service.analyse

    def doubt(*arguments):
        [analysis] = analyse(*arguments)
        return [replace(analysis, doubtful=True, expected_dice=0.413, lesion_probability=0.62, flags=("calipers",))]

    monkeypatch.setattr(service, "analyse", doubt)
    upload(page)
    expect(summary(page)).to_have_text("One lesion, 22 px by 11 px, parallel. Doubtful.")
    verdict = page.locator("#verdict")
    expect(verdict).to_contain_text("Doubtful: do not rely on this outline.")
    expect(verdict.get_by_role("listitem")).to_have_text([FLAGS["calipers"]])
    expect(verdict.locator("svg")).to_be_visible()
    expect(page.locator("#drop").get_by_text("Doubtful")).to_be_visible()
    expect(page.locator("#facts")).to_contain_text("0.41")
    expect(page.locator("#facts")).to_contain_text("62 %")
    monkeypatch.setattr(service, "analyse", analyse)
    upload(page)
    expect(summary(page)).to_have_text(SUMMARY)
    expect(page.locator("#drop").get_by_text("Doubtful")).to_be_hidden()


def test_a_lesion_in_millimetres_and_one_that_is_cut(page, monkeypatch):
    monkeypatch.setattr(service, "open_source", lambda content, name: film_of([draw_scan()], Spacing(0.5, 0.5)))
    upload(page)
    expect(summary(page)).to_have_text("One lesion, 11.0 mm by 5.5 mm, parallel. Doubt was not judged.")
    expect(page.get_by_role("row", name="Area").get_by_role("cell")).to_have_text("50.0 mm²")
    expect(page.locator("#measures-note")).to_be_empty()
    cut = np.roll(draw_scan(), -10, axis=0)
    monkeypatch.setattr(service, "open_source", lambda content, name: film_of([cut], Spacing(0.5, 0.5)))
    upload(page)
    expect(summary(page)).to_contain_text("It touches the edge of the image and may be larger.")
    expect(page.locator("#measures-note")).to_contain_text("A lesion at the edge has no millimetres")


def film_of(images, spacing=None):
    frames = [
        Frame(np.repeat(image[..., None], 3, axis=2), f"film.dcm#{number}", ScanArea(0, 0, *image.shape, spacing))
        for number, image in enumerate(images)
    ]
    return SimpleNamespace(kind="video", num_frames=len(frames), frames=lambda: iter(frames))


def test_a_film_has_a_slider_for_its_frames(page, monkeypatch):
    images = [np.roll(draw_scan() * (number > 0), number) for number in range(5)]
    monkeypatch.setattr(service, "open_source", lambda content, name: film_of(images))
    upload(page, name="film.dcm")
    expect(summary(page)).to_contain_text("No lesion outlined.")
    slider = page.get_by_label("Frame", exact=True)
    expect(slider).to_have_attribute("aria-valuetext", "1 of 5")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#name")).to_have_text("film.dcm#3")
    expect(summary(page)).to_contain_text("One lesion")
    expect(slider).to_be_focused()
    expect(slider).to_have_attribute("aria-valuetext", "4 of 5")


# === How a file gets in ===


def test_by_the_keyboard_alone(page):
    page.on("filechooser", lambda chooser: chooser.set_files(png()))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the result")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Choose a file")).to_be_focused()
    page.keyboard.press("Enter")
    expect(summary(page)).to_have_text(SUMMARY)
    expect(page.get_by_role("button", name="Choose another")).to_be_focused()
    stops = []
    for _ in range(9):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("(e => e.id || e.textContent)(document.activeElement)"))
        if stops[-1] == "threshold":
            page.keyboard.press("ArrowRight")
    expect(page.locator("#threshold-value")).to_have_text("0.51")
    assert stops == [
        *("Try a phantom", "threshold", "opacity", "reset"),
        *("measures-region", "Mask (PNG)", "Measures (CSV)", "Report (page)", "Report (PDF)"),
    ]


def test_by_dropping_it_anywhere_and_by_pasting_it(page):
    for event, field in (("drop", "dataTransfer"), ("paste", "clipboardData")):
        page.evaluate(
            """([event, field, bytes]) => {
              const data = new DataTransfer();
              data.items.add(new File([new Uint8Array(bytes)], `${event}.png`, { type: "image/png" }));
              const Kind = event === "drop" ? DragEvent : ClipboardEvent;
              document.body.dispatchEvent(new Kind(event, { [field]: data, bubbles: true, cancelable: true }));
            }""",
            [event, field, list(to_file(draw_scan()))],
        )
        expect(page.locator("#name")).to_have_text(f"{event}.png")
        expect(summary(page)).to_have_text(SUMMARY)


def test_two_files_at_once_are_refused(page):
    page.evaluate("""() => {
      const data = new DataTransfer();
      for (const name of ["a.png", "b.png"]) data.items.add(new File(["x"], name));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    }""")
    expect(page.get_by_role("alert")).to_have_text("One image at a time, please: 2 were given.")


def test_by_a_phantom(page):
    page.get_by_role("button", name="Try a phantom").click()
    expect(page.locator("#name")).to_have_text(re.compile(r"^phantom \d+ \("))
    expect(page.get_by_role("button", name="Try a phantom")).to_be_focused()


def test_a_file_that_is_no_image_is_refused_where_it_was_dropped(page):
    upload(page, name="notes.txt", content=b"hello")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("notes.txt: expected a PNG, JPEG, BMP or TIFF image, got something else")
    expect(page.locator("#busy")).to_be_hidden()
    upload(page)
    expect(summary(page)).to_have_text(SUMMARY)
    expect(alert).to_be_empty()


def test_a_file_that_is_too_large_is_not_even_sent(page):
    page.evaluate("""() => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(64 * 2 ** 20 + 1)], "large.dcm"));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    }""")
    expect(page.get_by_role("alert")).to_have_text("large.dcm: expected at most 64 MiB, got more; crop or shorten it.")


def test_a_hostile_name_is_text_and_nothing_else(page, monkeypatch):
    name = "<img src=x onerror=document.title='owned'>.png"
    described = answers.describe_model
    monkeypatch.setattr(answers, "describe_model", lambda metadata: described(metadata) | {"name": name})
    upload(page, name=name)
    expect(summary(page)).to_have_text(SUMMARY)
    expect(page.locator("#name")).to_have_text(name)
    expect(page.locator("#facts")).to_contain_text(name)
    upload(page, name=name, content=b"x")
    expect(page.get_by_role("alert")).to_contain_text(name)
    assert page.locator("img").count() == 0
    assert page.title().startswith("keras-hanet")


def test_of_two_images_the_later_one_is_shown_whichever_answer_comes_first(page):
    held = []
    page.route("**/api/analyse", lambda route: held.append(route))
    upload(page, name="first.png")
    upload(page, name="second.png")
    expect(page.locator("#doing")).to_have_text("Analysing second.png")
    page.wait_for_timeout(50)
    second, first = held[1], held[0]
    second.continue_()
    expect(page.locator("#name")).to_have_text("second.png")
    with page.expect_response("**/api/analyse"):
        first.continue_()
    page.wait_for_timeout(200)
    expect(page.locator("#name")).to_have_text("second.png")


def test_a_server_that_is_gone_is_named(page):
    page.route("**/api/phantom", lambda route: route.abort())
    page.get_by_role("button", name="Try a phantom").click()
    expect(page.get_by_role("alert")).to_have_text("The server does not answer. Is hanet app still running?")


# === Files ===


def test_files_are_what_the_page_shows(page, tmp_path):
    upload(page)
    expect(summary(page)).to_have_text(SUMMARY)
    set_slider(page, "Threshold", 0.9)
    expect(page.get_by_role("row", name="Area").get_by_role("cell")).to_have_text("32 px")
    with page.expect_download() as download:
        page.get_by_role("link", name="Measures (CSV)").click()
    assert download.value.suggested_filename.endswith(".png-measures.csv")
    assert ",32," in download.value.path().read_text()


# === For everybody ===


@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_is_wider_than_a_phone(open_page, width):
    page = open_page(width, 700)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    upload(page, name="a_name_without_any_place_to_break_it_" * 3 + ".png")
    expect(summary(page)).to_have_text(SUMMARY)
    set_slider(page, "Threshold", 0.9)
    expect(page.get_by_role("button", name="Back to the model's own")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    box = page.locator("canvas").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(open_page, scheme, monkeypatch):
    page = open_page(color_scheme=scheme)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (min(map(int, re.findall(r"\d+", ground))) > 200) == (scheme == "light")
    assert page.evaluate(FIND_PALE) == []
    analyse = service.analyse
    monkeypatch.setattr(service, "analyse", lambda *a: [replace(analyse(*a)[0], doubtful=True, flags=("text",))])
    upload(page)
    expect(page.locator("#verdict")).to_contain_text("Doubtful")
    upload(page, content=b"x")
    expect(page.get_by_role("alert")).not_to_be_empty()
    assert page.evaluate(FIND_PALE) == []


def test_everything_has_a_name_and_a_place(page):
    upload(page)
    expect(summary(page)).to_have_text(SUMMARY)
    assert page.get_by_role("main").count() == page.get_by_role("banner").count() == 1
    assert page.get_by_role("contentinfo").count() == page.get_by_role("heading", level=1).count() == 1
    headings = page.get_by_role("heading").all_inner_texts()
    assert headings[1:] == ["Image", "Result", "Measures", "Files", "How sure, and by what"]
    for role in ("button", "slider", "link", "img", "region"):
        nameless = page.get_by_role(role, name=re.compile("^$"))
        assert nameless.count() == 0, role
    assert page.get_by_role("rowheader").count() > 5
    assert page.get_by_role("columnheader").all_inner_texts() == ["Measure", "Lesion"]
    assert page.locator("html").get_attribute("lang") == "en"


def test_fingers_hit_what_can_be_pressed(open_page):
    """24 by 24 CSS pixels at least (WCAG 2.2, 2.5.8)."""
    page = open_page(390, 844, has_touch=True)
    upload(page)
    expect(summary(page)).to_have_text(SUMMARY)
    for target in page.locator("button:visible, a:visible:not(.skip), input:visible").all():
        box = target.bounding_box()
        assert min(box["width"], box["height"]) >= 24, target


def test_a_picture_is_drawn_with_the_screens_own_pixels(open_page):
    page = open_page(390, 844, device_scale_factor=3)
    upload(page)
    expect(summary(page)).to_have_text(SUMMARY)
    css, own = page.evaluate("[canvas.clientWidth, canvas.width]")
    assert own == 3 * css


def test_the_page_says_what_it_is_and_what_becomes_of_the_image(page):
    expect(page.get_by_role("banner")).to_contain_text("Research use only, not a medical device.")
    footer = page.get_by_role("contentinfo")
    expect(footer).to_contain_text("Research use only, not a medical device.")
    expect(footer).to_contain_text("nothing is sent to any other machine")
