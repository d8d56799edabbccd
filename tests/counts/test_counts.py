# ctest: labels=counts serial timeout=300
"""What a request costs, in counts that noise cannot touch: syncs, copies, instructions, allocations.

Bounds are what was counted plus about a half, so that a change which makes a request dearer is
noticed, and one that costs a few instructions is not. docs/performance.md has the times.
"""

import base64
import ctypes
import http.client
import mmap
import re
import subprocess
from pathlib import Path

import pytest

from support.content import (OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, Repository, descriptor,
                             image_manifest)
from support.http import Client
from support.paths import entrepot
from support.registry import Entrepot
from support.server import ServerProcess

PUSHES = 20
PASSWORD = "correct horse"
SYNC = re.compile(r"\b(?:fsync|fdatasync)\(")


class Strace:
    """The system calls of a running process, by a pattern over strace's lines."""

    def __init__(self, pid: int, log: Path, calls: str):
        self._log = log
        self._process = subprocess.Popen(
            ["strace", "-f", "-qq", "-e", f"trace={calls}", "-e", "signal=none", "-o", log,
             "-p", str(pid)])
        self._wait_attached(pid)

    def _wait_attached(self, pid: int) -> None:
        for _ in range(200):
            tracers = {line.split()[1] for status in Path(f"/proc/{pid}/task").glob("*/status")
                       for line in status.read_text().splitlines() if line.startswith("TracerPid")}
            if tracers == {str(self._process.pid)}:
                return
            subprocess.run(["sleep", "0.02"], check=True)
        self._process.kill()
        self._process.wait()
        pytest.skip("strace may not attach here")

    def stop(self) -> list[str]:
        self._process.terminate()
        self._process.wait()
        return self._log.read_text().splitlines()


@pytest.fixture
def repository(registry):
    return Repository(registry.client, "counts/image")


def test_syncs_per_blob_push(registry, repository, tmp_path):
    """The file, the name's directory, and one commit; a little more for directories made anew."""
    for n in range(300):  # the 256 directories of the first two digits are there afterwards
        repository.push_blob(b"before %d" % n)
    trace = Strace(registry.process.pid, tmp_path / "trace", "fsync,fdatasync")
    for n in range(PUSHES):
        repository.push_blob(b"counted %d" % n)
    syncs = sum(bool(SYNC.search(line)) for line in trace.stop())
    assert 3 * PUSHES <= syncs <= 5 * PUSHES, f"{syncs} syncs for {PUSHES} blobs"


def test_syncs_per_manifest_push(registry, repository, tmp_path):
    """One commit. Fewer would mean that an answered push is not on disk."""
    documents = [repository.image_document(annotations={"n": str(n)}) for n in range(PUSHES)]
    trace = Strace(registry.process.pid, tmp_path / "trace", "fsync,fdatasync")
    for n, document in enumerate(documents):
        repository.push_manifest(f"t{n}", document)
    syncs = sum(bool(SYNC.search(line)) for line in trace.stop())
    assert PUSHES <= syncs <= 2 * PUSHES, f"{syncs} syncs for {PUSHES} manifests"


def test_a_look_at_a_file_is_one_open(registry, repository, tmp_path):
    """Mounts look whether the bytes are there: one call each, where the kernel goes the whole way
    without following a link. Part by part it would be seven."""
    digests = [repository.push_blob(b"looked at %d" % n) for n in range(PUSHES)]
    target = Repository(registry.client, "counts/mounted")
    trace = Strace(registry.process.pid, tmp_path / "trace", "openat,openat2")
    for digest in digests:
        query = f"?mount={digest}&from={repository.name}"
        assert target.start_upload(query).status == 201
    opens = [line for line in trace.stop() if re.search(r"openat2?\(.*(sha256|O_PATH)", line)]
    assert PUSHES <= len(opens) <= 2 * PUSHES, f"{len(opens)} opens for {PUSHES} mounts"


def test_a_pull_copies_nothing(registry, repository, tmp_path):
    """The bytes of a blob go from the page cache to the socket: no read passes them through memory."""
    content = bytes(range(256)) * (16 << 10)  # 4 MiB
    digest = repository.push_blob(content)
    path = repository.path(f"blobs/{digest}")
    trace = Strace(registry.process.pid, tmp_path / "trace",
                   "sendfile,read,pread64,readv,preadv,preadv2,mmap,splice")
    assert registry.client.get(path).body == content
    lines = trace.stop()
    sent = sum(int(line.rsplit("= ", 1)[1]) for line in lines
               if "sendfile(" in line and re.search(r"= \d+$", line))
    copied = sum(int(line.rsplit("= ", 1)[1]) for line in lines
                 if re.search(r"\b(p?read\w*)\(.*= \d+$", line))
    assert sent == len(content)
    assert copied < 64 << 10, f"{copied} bytes read to send {len(content)}"


class Callgrind:
    """The program under callgrind, asked for the same again and again. What the event loop does for
    a connection counts, for there such a GET is answered; what other threads do by the clock not."""

    _COUNTED = "entrepot::http::server::internal::Connection::on_events*"

    def __init__(self, directory: Path):
        self._directory = directory

    def per_manifest_get(self, credential: str = "") -> tuple[float, float]:
        """Instructions and allocations of one manifest GET: the difference between a long and a
        short run, so that start, push and sign-in do not count."""
        few, many = 100, 1100
        short, long = (self._run(requests, credential) for requests in (few, many))
        instructions, allocations = ((b - a) / (many - few) for a, b in zip(short, long))
        print(f"{instructions:.0f} instructions, {allocations:.1f} allocations per GET of a "
              f"manifest ({credential or 'open'})")
        return instructions, allocations

    def _run(self, requests: int, credential: str) -> tuple[int, int]:
        """Instructions and allocations of a whole run with so many manifest GETs."""
        folder = self._directory / f"{credential}{requests}"
        folder.mkdir()
        out = folder / "out"
        process = ServerProcess("callgrind", folder)
        environment = {"ENTREPOT_ADMIN_PASSWORD": PASSWORD} if credential else {}
        process.spawn(["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}",
                       f"--toggle-collect={self._COUNTED}", entrepot(), "serve",
                       "--data", str(folder / "data"), "--listen", "127.0.0.1:0",
                       "--access_log.enabled=false"], environment)
        address = process.wait_until(
            lambda: re.search(r"listening on http://(\S+)", process.current_stdout()), 60)[1]
        connection = http.client.HTTPConnection(address, timeout=60)
        headers = self._headers(Client(address), credential)
        repository = Repository(Client(address, headers=headers), "counts/image")
        repository.push_manifest("latest", repository.image_document())
        for _ in range(requests):
            connection.request("GET", "/v2/counts/image/manifests/latest",
                               headers={"Accept": OCI_MANIFEST, **headers})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200
        connection.close()
        assert process.stop(60) == 0
        return self._read(out.read_text())

    @staticmethod
    def _headers(client: Client, credential: str) -> dict[str, str]:
        """What the admin's requests carry."""
        if not credential:
            return {}
        basic = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
        if credential == "Basic":
            return {"Authorization": basic}
        answer = client.request("GET", "/token?service=entrepot&scope=repository:counts/image:pull,push",
                                headers={"Authorization": basic})
        return {"Authorization": f"Bearer {answer.json()['token']}"}

    @staticmethod
    def _read(text: str) -> tuple[int, int]:
        instructions = int(re.search(r"^(?:totals|summary): (\d+)", text, re.M)[1])
        names = dict(re.findall(r"^c?fn=\((\d+)\) (.+)$", text, re.M))
        allocators = {number for number, name in names.items()
                      if re.fullmatch(r"(malloc|calloc|realloc|aligned_alloc)('\d+)?", name)}
        calls = re.findall(r"^cfn=\((\d+)\)[^\n]*\ncalls=(\d+)", text, re.M)
        return instructions, sum(int(count) for number, count in calls if number in allocators)


def test_instructions_and_allocations_per_manifest_get(tmp_path):
    instructions, allocations = Callgrind(tmp_path).per_manifest_get()
    assert 1_000 < instructions < 21_000
    assert allocations <= 10


@pytest.mark.parametrize("credential,most", [("Basic", 1.2), ("Bearer", 1.6)])
def test_a_remembered_credential_costs_little_per_manifest_get(tmp_path, credential, most):
    """Times the instructions of a GET in open mode, without the kernel's. A token's own are those
    that hash its 600 bytes."""
    callgrind = Callgrind(tmp_path)
    opened, signed_in = callgrind.per_manifest_get(), callgrind.per_manifest_get(credential)
    assert signed_in[0] <= most * opened[0]
    assert signed_in[1] <= opened[1] + 1


class Statements:
    """The SQL statements of a process: the tests' side of preload/counted_statements.cc."""

    _SOURCE = Path(__file__).parent / "preload" / "counted_statements.cc"

    def __init__(self, directory: Path):
        library, file = directory / "counted_statements.so", directory / "counted_statements"
        subprocess.run(["g++", "-std=c++20", "-O1", "-shared", "-fPIC", self._SOURCE, "-o", library],
                       check=True)
        file.write_bytes(bytes(8))
        self.environment = {"LD_PRELOAD": str(library), "COUNTED_STATEMENTS": str(file)}
        with open(file, "r+b") as opened:
            self._count = ctypes.c_int64.from_buffer(mmap.mmap(opened.fileno(), 0))

    @property
    def count(self) -> int:
        return self._count.value


def test_statements_per_manifest_push(tmp_path):
    """What a push asks about its layers, it asks once for all: their rows alone are written one by
    one. All of them wait in the collector's queue, as they do after a push of new blobs."""
    statements = Statements(tmp_path)
    registry = Entrepot(tmp_path / "entrepot", statements.environment).start()
    counted = {}
    for layers in (1, 40):
        repository = Repository(registry.client, f"counts/of-{layers}")
        contents = [b"layer %d of %d" % (n, layers) for n in range(layers)]
        for content in (b"{}", *contents):
            repository.push_blob(content)
        document = image_manifest(descriptor(b"{}", OCI_CONFIG),
                                  [descriptor(each, OCI_LAYER) for each in contents])
        before = statements.count
        repository.push_manifest("latest", document)
        counted[layers] = statements.count - before
    registry.stop()
    print(f"{counted[1]} statements for an image of 1 layer, {counted[40]} for one of 40")
    assert 10 < counted[1] < 40
    assert counted[40] - counted[1] <= 39 + 5
