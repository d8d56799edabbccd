# ctest: labels=image serial timeout=300
"""The container image that `./dev image` makes: what is in it, that tools read it, that it runs."""

import json
import os
import re
import shlex
import sys
import tarfile
import time
from pathlib import Path

import pytest

from support.command import output, run
from support.content import Repository
from support.dockerd import Dockerd, load_image
from support.http import Client
from support.images import AMD64
from support.layout import Layout, random_files, tar_of
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
    library = re.compile(r"lib(64)?/([\w-]+/)?[\w+.-]+\.so[\w.]*")
    rest = {path for path in files if not library.fullmatch(path)}
    assert rest == {
        "usr/bin/entrepot", "usr/bin/registry", "bin", "etc/passwd", "etc/group", "etc/nsswitch.conf",
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


def await_listening(docker: Dockerd, container: str, starts: int) -> str:
    """The address on which the container listens after so many starts."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        log = docker.docker("logs", container)
        listening = re.findall(r"^listening on http://(\S+)$", log, re.M)
        if len(listening) == starts:
            return listening[-1]
        time.sleep(0.05)
    raise AssertionError(f"the container does not listen\n{log}")


class Container:
    """A container of the image on the host's network, with a port of the system's choice."""

    def __init__(self, docker: Dockerd, *arguments: str, port: str = "REGISTRY_HTTP_ADDR"):
        self._docker = docker
        settings = ["-e", f"{port}=127.0.0.1:0"] if port else []
        self.id = docker.docker("run", "-d", "--network=host", *settings, *arguments,
                                "entrepot").strip()
        self._starts = 0
        self._await_start()

    def __enter__(self) -> "Container":
        return self

    def __exit__(self, *_) -> None:
        self._docker.docker("stop", self.id)

    @property
    def client(self) -> Client:
        return Client(self.address)

    def restart(self) -> None:
        self._docker.docker("restart", self.id)
        self._await_start()

    def state(self) -> dict:
        return json.loads(self._docker.docker("inspect", self.id))[0]["State"]

    def _await_start(self) -> None:
        self._starts += 1
        self.address = await_listening(self._docker, self.id, self._starts)


def test_becomes_the_owner_of_its_volume_and_leaves_root(docker):
    with Container(docker, "-e", "ENTREPOT_OPEN=1", "-v", "owned:/var/lib/registry") as container:
        assert container.client.get("/v2/").status == 200
        volume = json.loads(docker.docker("volume", "inspect", "owned"))[0]["Mountpoint"]
        owners = {path.stat().st_uid for path in [Path(volume), *Path(volume).rglob("*")]}
        assert owners == {USER_ID}
        status = Path(f"/proc/{container.state()['Pid']}/status").read_text()
        assert set(re.search(r"^Uid:(.*)$", status, re.M)[1].split()) == {str(USER_ID)}
        assert set(re.search(r"^Gid:(.*)$", status, re.M)[1].split()) == {str(USER_ID)}
        assert re.search(r"^CapEff:\t0+$", status, re.M)
    assert container.state()["ExitCode"] == 0


def test_another_users_volume_is_told_about(docker, tmp_path):
    """It may be a directory of somebody's that was mounted by mistake: nothing in it changes."""
    volume = tmp_path / "volume"
    volume.mkdir(mode=0o700)
    os.chown(volume, 4711, 4712)
    container = docker.docker("run", "-d", "--network=host", "-e", "ENTREPOT_OPEN=1",
                              "-e", "REGISTRY_HTTP_ADDR=127.0.0.1:0",
                              "-v", f"{volume}:/var/lib/registry", "entrepot").strip()
    assert docker.docker("wait", container).strip() == "1"
    said = docker.log_of(container)
    assert f"chown -R {USER_ID}:{USER_ID} /var/lib/registry" in said
    assert volume.stat().st_uid == 4711 and not list(volume.iterdir())
    with Container(docker, "-e", "ENTREPOT_OPEN=1", "-e", "ENTREPOT_USER=4711:4712",
                   "-v", f"{volume}:/var/lib/registry") as running:
        assert running.client.get("/v2/").status == 200


def load_hello(docker: Dockerd, name: str, scratch: Path) -> None:
    layout = Layout(scratch / "hello")
    layer = layout.add_layer(tar_of(random_files(1, 2, 100_000)))
    layout.finish({"latest": layout.add_image([layer], AMD64, ["/bin/true"])})
    load_image(docker, f"oci:{scratch}/hello:latest", name, scratch)


def test_what_was_pushed_is_there_after_a_restart(docker, tmp_path):
    with Container(docker, "-e", "ENTREPOT_OPEN=1", "-v", "data:/var/lib/registry") as container:
        name = f"{container.address}/hello"
        load_hello(docker, name, tmp_path)
        pushed, _ = docker.push(name)
        docker.forget(name)
        assert docker.pull(name) == pushed
        container.restart()
        docker.forget(name)
        assert docker.pull(f"{container.address}/hello") == pushed


def test_variables_of_registry2_count(docker):
    with Container(docker, "-e", "REGISTRY_HTTP_HEADERS_X-Set=[variable]",
                   "-e", "REGISTRY_STORAGE_DELETE_ENABLED=true") as container:
        client = container.client
        assert client.get("/v2/").header("X-Set") == "variable"
        assert Repository(client, "a").push_image("latest")
        assert client.delete("/v2/a/manifests/latest").status == 202


@pytest.mark.parametrize("words", [
    ["/bin/registry", "serve", "/etc/docker/registry/config.yml"],
    ["registry", "serve", "/etc/docker/registry/config.yml"],
    ["serve", "/etc/distribution/config.yml"],
    ["/etc/docker/registry/config.yml"],
])
def test_what_was_typed_for_registry2_serves(docker, words):
    """Without that file in the image; as its entry point, too, where a chart replaces it."""
    settings = ["-d", "--network=host", "-e", "REGISTRY_HTTP_ADDR=127.0.0.1:0"]
    for command in (["entrepot", *words], ["--entrypoint", words[0], "entrepot", *words[1:]]):
        if command[0] == "--entrypoint" and not words[0].endswith("registry"):
            continue
        container = docker.docker("run", *settings, *command).strip()
        assert Client(await_listening(docker, container, 1)).get("/v2/").status == 200
        assert "blobs reviewed" in docker.docker(
            "exec", container, "registry", "garbage-collect", "/etc/docker/registry/config.yml")
        docker.docker("stop", container)


def test_docker_asks_for_its_health(docker):
    with Container(docker, "-e", "ENTREPOT_OPEN=1", "--health-interval=1s") as container:
        deadline = time.monotonic() + START_SECONDS
        while container.state()["Health"]["Status"] != "healthy":
            assert time.monotonic() < deadline, container.state()
            time.sleep(0.1)
        assert docker.docker("exec", container.id, "entrepot", "health", "--ready") == "ready\n"


@pytest.mark.parametrize("place", ["/etc/docker/registry/config.yml",
                                   "/etc/distribution/config.yml"])
def test_reads_a_mounted_configuration_of_registry2(docker, tmp_path, place):
    file = tmp_path / "config.yml"
    file.write_text("version: 0.1\nstorage: {filesystem: {rootdirectory: /var/lib/registry}}\n"
                    "http: {addr: '127.0.0.1:0', headers: {X-Mounted: [file]}}\n")
    with Container(docker, "-v", f"{file}:{place}:ro", port="") as container:
        assert container.client.get("/v2/").header("X-Mounted") == "file"


@pytest.fixture(scope="module")
def bridged(network, tmp_path_factory, archive):
    """A daemon whose containers can publish any port."""
    daemon = Dockerd(tmp_path_factory.mktemp("bridged"), network.prefix, bridge=True).start()
    daemon.docker("load", "--input", archive)
    yield daemon
    daemon.stop()


@pytest.mark.parametrize("published", ["5000:5000", "127.0.0.1:5000:5000"])
def test_the_readme_publishes_its_port(bridged, tmp_path, published):
    """Its command as it stands there: pushed to and pulled from through the published port."""
    readme = (REPOSITORY / "README.md").read_text().replace("\\\n", "")
    (command,) = re.findall(r"^    (docker run .*)$", readme, re.M)
    assert " -p 5000:5000 " in command
    bridged.docker(*shlex.split(command.replace(" 5000:5000 ", f" {published} "))[1:])
    await_listening(bridged, "registry", 1)
    name = "localhost:5000/hello"
    load_hello(bridged, name, tmp_path)
    pushed, _ = bridged.push(name)
    bridged.docker("restart", "registry")
    await_listening(bridged, "registry", 2)
    bridged.forget(name)
    assert bridged.pull(name) == pushed
    bridged.docker("rm", "--force", "registry")
