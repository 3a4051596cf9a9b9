"""The page on which candidates are labelled: its answers, and itself in a browser."""

import http.client
import json
import shutil
import signal
import socket
import subprocess
import sys
import threading

import pytest
from PIL import Image

from recompose.errors import RecomposeError
from recompose.papers.weighted_composition.rooms.collection.files import candidate_file
from recompose.papers.weighted_composition.rooms.collection.labelling import Labelling, served
from recompose.papers.weighted_composition.rooms.collection.labels import labels, labels_file, read_table, write_table


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in range(5):
        candidate_file("couch", number).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (32, 32), (40 * number, 90, 90)).save(candidate_file("couch", number))
    return tmp_path


@pytest.fixture
def page():
    """The address of the page of four labels."""
    with served(Labelling("couch", 4)) as (address, server):
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield address
        server.shutdown()
        thread.join()


def ask(address, method, path, said=None, **headers):
    connection = http.client.HTTPConnection(address.removeprefix("http://").rstrip("/"), timeout=10)
    body = None if said is None else said if isinstance(said, bytes) else json.dumps(said).encode()
    connection.request(method, path, body, {"Content-Type": "application/json"} | headers)
    answer = connection.getresponse()
    return answer.status, answer.read(), answer


def state(answer):
    return json.loads(answer[1])


def test_every_key_is_kept_before_it_is_answered(page):
    assert state(ask(page, "GET", "/state")) == {
        "image": "00000.png", "following": "00001.png", "done": 0, "accepted": 0, "wanted": 4, "undo": False
    }  # fmt: skip
    status, body, _ = ask(page, "POST", "/label", {"image": "00000.png", "label": "accept"})
    assert status == 200 and json.loads(body)["image"] == "00001.png"
    assert labels_file("couch").read_text() == "image,label\n00000.png,accept\n"
    ask(page, "POST", "/label", {"image": "00001.png", "label": "reject"})
    assert read_table("couch") == {0: True, 1: False}
    assert state(ask(page, "POST", "/undo", {}))["image"] == "00001.png"
    assert read_table("couch") == {0: True}
    for image in ("00001.png", "00002.png", "00003.png"):
        answer = ask(page, "POST", "/label", {"image": image, "label": "accept"})
    assert state(answer) | {"undo": None} == {
        "image": None, "following": None, "done": 4, "accepted": 4, "wanted": 4, "undo": None
    }  # fmt: skip


def test_image_that_is_not_next_is_not_labelled(page):
    for image in ("00003.png", "../couch.csv", "", None, 7, ["00000.png"]):
        status, *_ = ask(page, "POST", "/label", {"image": image, "label": "accept"})
        assert status in (400, 409)
    assert ask(page, "POST", "/label", {"image": "00000.png", "label": "maybe"})[0] == 409
    assert ask(page, "POST", "/undo", {})[0] == 409
    assert not labels_file("couch").exists()


def test_only_this_page_and_its_images_are_served(page):
    status, body, answer = ask(page, "GET", "/images/00000.png")
    assert status == 200 and body == candidate_file("couch", 0).read_bytes()
    assert answer.headers["Content-Type"] == "image/png"
    for path in ("/images/00009.png", "/images/../../labels/couch.csv", "/images/%2e%2e/x.png", "/etc/passwd"):
        assert ask(page, "GET", path)[0] == 404
    assert ask(page, "GET", "/state", Host="rooms.example:80")[0] == 403
    assert ask(page, "POST", "/undo", {}, Host="rooms.example:80")[0] == 403
    assert ask(page, "POST", "/undo", {}, **{"Content-Type": "text/plain"})[0] == 403
    assert ask(page, "POST", "/undo", b"{")[0] == 400
    assert ask(page, "POST", "/undo", b"[]" * 1000)[0] == 400
    assert ask(page, "POST", "/elsewhere", {})[0] == 400
    assert page.startswith("http://127.0.0.1:")


def test_page_asks_for_nothing_from_elsewhere(page):
    status, body, answer = ask(page, "GET", "/")
    text = body.decode()
    assert status == 200 and "except for a couch." in text
    assert "http" not in text and "//" not in text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_labels_from_folders_are_not_asked_for_again(here):
    folder = here / "data/rooms/accept/couch"
    folder.mkdir(parents=True)
    shutil.copy(candidate_file("couch", 0), folder)
    found = Labelling("couch", 3).state()
    assert (found["image"], found["done"], found["wanted"], found["undo"]) == ("00001.png", 1, 3, False)
    assert Labelling("couch", 1000).state()["wanted"] == 5  # no more than there are


def test_what_is_wrong_is_told_and_nothing_is_lost(page):
    write_table("couch", {0: True})
    candidate_file("couch", 0).unlink()
    status, body, _ = ask(page, "POST", "/label", {"image": "00001.png", "label": "accept"})
    assert status == 500 and "labels of images that are not in" in json.loads(body)["error"]
    assert read_table("couch") == {0: True}
    with pytest.raises(RecomposeError, match="labels of images that are not in"):
        Labelling("couch", 4)
    with pytest.raises(RecomposeError, match="no candidates; recompose rooms candidates --class table"):
        Labelling("table", 4)


def test_port_that_is_taken_is_told_in_a_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(RecomposeError, match=f"--port {port}: .*another"),
            served(Labelling("couch", 4), port),
        ):
            pass


def command(name):
    program = "from recompose.cli import main; main()"
    settings = json.dumps({"rooms_collection": {"labels": 4}})
    return [sys.executable, "-c", program, "rooms", "label", "--class", name, "--port", "0", "--settings", settings]


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_killed_page_goes_on_where_it_was(end):
    for image in ("00000.png", "00001.png"):
        with subprocess.Popen(command("couch"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
            address = server.stdout.readline().split()[1]
            assert state(ask(address, "GET", "/state"))["image"] == image
            ask(address, "POST", "/label", {"image": image, "label": "accept"})
            server.send_signal(end)
            _, errors = server.communicate(timeout=20)
            assert "Traceback" not in errors
    assert labels("couch") == {0: True, 1: True}


@pytest.fixture(scope="module")
def browser():
    """Debian's Chromium, which .ci/run installs where it can."""
    program = shutil.which("chromium")
    if not program:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()


def says(tab, text):
    """Wait until the page says so."""
    from playwright.sync_api import expect

    expect(tab.locator("#status")).to_contain_text(text)


@pytest.mark.slow
def test_keys_on_the_page(browser, page):
    tab = browser.new_page()
    asked, problems = [], []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    tab.goto(page)
    says(tab, "Now 00000.png")
    tab.keyboard.press("a")
    says(tab, "Now 00001.png")
    tab.keyboard.press("R")
    says(tab, "Now 00002.png")
    assert read_table("couch") == {0: True, 1: False}
    tab.keyboard.press("u")
    says(tab, "Now 00001.png")
    tab.keyboard.press("Control+a")  # the browser's own
    tab.keyboard.press("x")
    assert read_table("couch") == {0: True}
    for number in (1, 2, 3):
        says(tab, f"Now 0000{number}.png")
        tab.keyboard.press("Tab")
        tab.click("#accept")
    says(tab, "All done")
    assert labels("couch") == dict.fromkeys(range(4), True)
    assert tab.is_disabled("#accept") and tab.is_hidden("#image")
    assert tab.evaluate("document.getElementById('progress').value / document.getElementById('progress').max") == 1
    assert asked and all(url.startswith(page) for url in asked)
    assert [problem for problem in problems if "favicon" not in problem and "404" not in problem] == []
    tab.close()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_page_fits_and_can_be_read(browser, page, scheme, width):
    tab = browser.new_page(viewport={"width": width, "height": 640}, color_scheme=scheme)
    tab.goto(page)
    says(tab, "Now 00000.png")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    colours = tab.evaluate("[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]")
    back, front = (sum(int(each) for each in colour[4:-1].split(",")[:3]) for colour in colours)
    assert (back > front) == (scheme == "light") and abs(back - front) > 500
    box = tab.locator("#image").bounding_box()
    assert abs(box["width"] - box["height"]) < 1 and box["width"] > 200
    buttons = [tab.locator(f"#{name}").bounding_box() for name in ("accept", "reject", "undo")]
    assert all(each["height"] >= 44 and each["x"] >= 0 and each["x"] + each["width"] <= width for each in buttons)
    tab.close()
