"""A download against servers that break off, change their mind, ignore what they are asked, and refuse old links."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from chalicelib.exports.export import ExportFile
from infra.download import DownloadFailed, download

CONTENT = bytes(range(256)) * 4096  # 1 MiB
FILE = ExportFile(name="submissions.json", size=len(CONTENT), sha256=sha256(CONTENT).hexdigest())


class Server:
    """Serves one file over HTTP; what it does wrong is set on it."""

    def __init__(self) -> None:
        self.content = CONTENT
        self.etag = '"one"'
        self.heeds_range = True
        self.heeds_if_range = True
        self.breaks: list[int] = []  # after how many bytes the next answers end
        self.after: Callable[[], None] = lambda: None  # what happens when an answer has ended
        self.asked: list[tuple[str, str | None]] = []  # of each request its link and its Range
        self.good_links = ""  # the links that are answered begin like this
        self.links = 0
        self.url = ""

    def link(self) -> str:
        self.links += 1
        return f"{self.url}/{self.links}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        wanted = request.headers.get("Range")
        self.asked.append((request.path, wanted))
        if not request.path.startswith(self.good_links):
            request.send_error(403)
            return
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and self.heeds_range else 0
        if self.heeds_if_range and request.headers.get("If-Range", self.etag) != self.etag:
            start = 0
        if start >= len(self.content) > 0:
            request.send_error(416)
            return
        request.send_response(206 if start else 200)
        request.send_header("ETag", self.etag)
        request.send_header("Content-Length", str(len(self.content) - start))
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        request.end_headers()
        end = start + self.breaks.pop(0) if self.breaks else None
        request.wfile.write(self.content[start:end])
        self.after()


@pytest.fixture
def server() -> Iterator[Server]:
    served = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.answer(self)

        def log_message(self, *_args: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        served.url = f"http://127.0.0.1:{listening.server_port}"
        thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield served
        listening.shutdown()
        thread.join()


def fetch(server: Server, folder: Path) -> list[int]:
    """Download into `folder`; gives how much was said to be there, from time to time."""
    sizes: list[int] = []
    download(FILE, folder, link=server.link, arrived=sizes.append, pause=lambda _seconds: None)
    return sizes


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_file_arrives_whole_and_a_second_time_nothing_is_asked(server: Server, tmp_path: Path) -> None:
    sizes = fetch(server, tmp_path)
    assert (tmp_path / FILE.name).read_bytes() == CONTENT
    assert left(tmp_path) == {FILE.name}
    assert sizes == sorted(sizes)
    assert sizes[-1] == FILE.size
    assert fetch(server, tmp_path) == [FILE.size]
    assert len(server.asked) == 1


def test_what_breaks_off_goes_on_where_it_was_with_a_new_link(server: Server, tmp_path: Path) -> None:
    server.breaks = [300_000, 1, 400_000]
    sizes = fetch(server, tmp_path)
    assert (tmp_path / FILE.name).read_bytes() == CONTENT
    assert server.asked == [
        ("/1", None), ("/2", "bytes=300000-"), ("/3", "bytes=300001-"), ("/4", "bytes=700001-"),
    ]  # fmt: skip
    assert sizes == sorted(sizes), "nothing arrived twice"


def test_a_later_run_goes_on_with_what_an_earlier_one_left(server: Server, tmp_path: Path) -> None:
    server.breaks = [500_000, 0, 0, 0, 0, 0]
    with pytest.raises(DownloadFailed, match=r"broke off at 500000 of 1048576 bytes: .*run the command again"):
        fetch(server, tmp_path)
    assert left(tmp_path) == {f"{FILE.name}.part", f"{FILE.name}.part.etag"}
    server.asked.clear()
    fetch(server, tmp_path)
    assert [wanted for _, wanted in server.asked] == ["bytes=500000-"]
    assert (tmp_path / FILE.name).read_bytes() == CONTENT
    assert left(tmp_path) == {FILE.name}


@pytest.mark.parametrize("heeds_if_range", [True, False])
def test_what_changed_meanwhile_is_taken_from_its_beginning(
    server: Server, tmp_path: Path, heeds_if_range: bool
) -> None:
    def mend() -> None:
        server.content, server.etag = CONTENT, '"two"'

    server.content, server.after, server.heeds_if_range = CONTENT[::-1], mend, heeds_if_range
    server.breaks = [300_000]
    fetch(server, tmp_path)
    assert (tmp_path / FILE.name).read_bytes() == CONTENT
    assert server.asked[1][1] == "bytes=300000-"


def test_what_changed_into_something_else_is_not_kept(server: Server, tmp_path: Path) -> None:
    def spoil() -> None:
        server.content, server.etag = CONTENT[::-1], '"two"'

    server.after = spoil
    server.breaks = [300_000]
    with pytest.raises(DownloadFailed, match="SHA-256 is not the manifest's"):
        fetch(server, tmp_path)
    assert left(tmp_path) == set()


def test_another_size_than_the_manifests_is_not_taken(server: Server, tmp_path: Path) -> None:
    server.content = CONTENT + b"more"
    with pytest.raises(DownloadFailed, match="1048580 bytes on the server, 1048576 in the manifest"):
        fetch(server, tmp_path)
    assert left(tmp_path) == set()


def test_a_damaged_rest_of_an_earlier_run_does_not_get_the_files_name(server: Server, tmp_path: Path) -> None:
    (tmp_path / f"{FILE.name}.part").write_bytes(b"x" * 500_000)
    (tmp_path / f"{FILE.name}.part.etag").write_text(server.etag)
    with pytest.raises(DownloadFailed, match="damaged"):
        fetch(server, tmp_path)
    assert left(tmp_path) == set()
    fetch(server, tmp_path)
    assert (tmp_path / FILE.name).read_bytes() == CONTENT


def test_a_damaged_file_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    (tmp_path / FILE.name).write_bytes(CONTENT[::-1])
    fetch(server, tmp_path)
    assert (tmp_path / FILE.name).read_bytes() == CONTENT


def test_a_server_that_ignores_ranges_sends_it_all_again(server: Server, tmp_path: Path) -> None:
    server.heeds_range = False
    server.breaks = [300_000, 200_000]
    fetch(server, tmp_path)
    assert (tmp_path / FILE.name).read_bytes() == CONTENT
    assert [wanted for _, wanted in server.asked] == [None, "bytes=300000-", "bytes=200000-"]


def test_a_server_that_always_breaks_off_at_the_same_place_is_given_up(server: Server, tmp_path: Path) -> None:
    server.heeds_range = False
    server.breaks = [300_000] * 100
    with pytest.raises(DownloadFailed, match="broke off at 300000"):
        fetch(server, tmp_path)
    assert len(server.asked) == 6


def test_a_link_that_has_expired_is_asked_for_anew(server: Server, tmp_path: Path) -> None:
    server.good_links = "/3"
    fetch(server, tmp_path)
    assert [link for link, _ in server.asked] == ["/1", "/2", "/3"]
    assert (tmp_path / FILE.name).read_bytes() == CONTENT


def test_links_that_are_all_refused_are_given_up(server: Server, tmp_path: Path) -> None:
    server.good_links = "/none"
    with pytest.raises(DownloadFailed, match="the server answers 403"):
        fetch(server, tmp_path)


def test_an_empty_file_is_a_file(server: Server, tmp_path: Path) -> None:
    empty = ExportFile(name="empty", size=0, sha256=sha256().hexdigest())
    download(empty, tmp_path, link=server.link, arrived=lambda _size: None, pause=lambda _seconds: None)
    assert (tmp_path / "empty").read_bytes() == b""
    assert server.asked == []
