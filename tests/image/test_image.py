# ctest: labels=image serial timeout=300
"""The container image that `./dev image` makes: what is in it, that tools read it, that it runs."""

import json
import re
import sys
import tarfile
import time
from pathlib import Path

import pytest

from support.command import output, run
from support.dockerd import Dockerd
from support.http import Client
from support.paths import REPOSITORY, entrepot, program

USER_ID = 5000
MOST_BYTES = 60_000_000
START_SECONDS = 20


def make(archive: Path) -> Path:
    run(sys.executable, REPOSITORY / "packaging/image/build_image.py", entrepot(), archive,
        "--version", "1.2.3", "--epoch", "1700000000")
    return archive


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return make(tmp_path_factory.mktemp("image") / "entrepot.tar")


@pytest.fixture(scope="module")
def files(archive):
    """Path → size of everything in the only layer."""
    with tarfile.open(archive) as outer:
        layers = json.load(outer.extractfile("manifest.json"))[0]["Layers"]
        assert len(layers) == 1
        with tarfile.open(fileobj=outer.extractfile(layers[0])) as layer:
            return {entry.name: entry.size for entry in layer if not entry.isdir()}


def test_holds_the_program_its_libraries_and_certificates_and_nothing_else(files):
    library = re.compile(r"lib(64)?/([\w-]+/)?[\w+.-]+\.so[\d.]*")
    rest = {path for path in files if not library.fullmatch(path)}
    assert rest == {
        "usr/bin/entrepot", "etc/passwd", "etc/group", "etc/nsswitch.conf",
        "etc/ssl/certs/ca-certificates.crt", "usr/lib/ssl/cert.pem", "usr/lib/ssl/certs"}
    assert sum(files.values()) <= MOST_BYTES


def test_same_program_same_bytes(archive, tmp_path):
    assert make(tmp_path / "again.tar").read_bytes() == archive.read_bytes()


@pytest.mark.parametrize("transport", ["oci-archive", "docker-archive"])
def test_tools_read_it_by_both_formats(transport, archive, tmp_path):
    copy = tmp_path / "copy"
    output(program("skopeo"), "copy", "--quiet", f"{transport}:{archive}", f"dir:{copy}")
    shown = json.loads(output(program("skopeo"), "inspect", "--config", f"dir:{copy}"))
    assert shown["config"]["Entrypoint"] == ["entrepot"]
    assert shown["config"]["Labels"]["org.opencontainers.image.version"] == "1.2.3"


@pytest.fixture(scope="module")
def docker(tmp_path_factory, archive):
    daemon = Dockerd(tmp_path_factory.mktemp("docker")).start()
    daemon.docker("load", "--input", archive)
    yield daemon
    daemon.stop()


def start(docker, *arguments) -> tuple[str, Client]:
    """A container of the image on the host's network, and a client of the port that it chose."""
    container = docker.docker("run", "-d", "--network=host", *arguments).strip()
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        log = docker.docker("logs", container)
        if listening := re.search(r"^listening on http://\S+:(\d+)/?\s*$", log, re.M):
            return container, Client(f"127.0.0.1:{listening[1]}")
        time.sleep(0.05)
    raise AssertionError(f"the container does not listen\n{log}")


def test_runs_where_registry2_ran(docker):
    """Variables of registry:2 count, the volume becomes the user's, and root is left."""
    container, client = start(docker, "-e", "ENTREPOT_OPEN=1",
                              "-e", "REGISTRY_HTTP_ADDR=127.0.0.1:0",
                              "-v", "data:/var/lib/registry", "entrepot")
    try:
        assert client.get("/v2/").status == 200
        volume = json.loads(docker.docker("volume", "inspect", "data"))[0]["Mountpoint"]
        owners = {path.stat().st_uid for path in [Path(volume), *Path(volume).rglob("*")]}
        assert owners == {USER_ID}
        process = docker.docker("inspect", "--format", "{{.State.Pid}}", container).strip()
        status = Path(f"/proc/{process}/status").read_text()
        assert re.search(r"^Uid:\t(\d+)\t\1\t\1\t\1$", status, re.M)[1] == str(USER_ID)
    finally:
        docker.docker("stop", container)
    state = json.loads(docker.docker("inspect", container))[0]["State"]
    assert state["ExitCode"] == 0


def test_reads_a_mounted_configuration_of_registry2(docker, tmp_path):
    file = tmp_path / "config.yml"
    file.write_text("version: 0.1\nstorage: {filesystem: {rootdirectory: /var/lib/registry}}\n"
                    "http: {addr: '127.0.0.1:0', headers: {X-Mounted: [file]}}\n")
    container, client = start(docker, "-v", f"{file}:/etc/docker/registry/config.yml:ro",
                              "entrepot")
    try:
        assert client.get("/v2/").header("X-Mounted") == "file"
    finally:
        docker.docker("stop", container)
