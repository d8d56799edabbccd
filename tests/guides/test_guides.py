# ctest: labels=guides serial timeout=300
"""Every command of every guide works as it stands there, and does what the guide says."""

import json
import re
import shutil
import textwrap
import time
from pathlib import Path

import pytest

from support.certificates import Authority
from support.content import OCI_MANIFEST
from support.dockerd import Dockerd, load_image
from support.images import AMD64, Image
from support.layout import Layout, random_files, tar_of
from support.paths import REPOSITORY, entrepot, program
from support.registry import DockerRegistry
from support.server import ServerProcess
from walk import GUIDES, Walk


@pytest.fixture(scope="module")
def docker(network, tmp_path_factory):
    daemon = Dockerd(tmp_path_factory.mktemp("docker"), network.prefix).start()
    yield daemon
    daemon.stop()


def small_image(directory: Path, seed: int) -> Image:
    layout = Layout(directory)
    layer = layout.add_layer(tar_of(random_files(seed, 2, 1000)))
    layout.finish({"latest": layout.add_image([layer], AMD64, ["/bin/true"])})
    return Image(directory)


@pytest.fixture
def hello(tmp_path):
    """What a reader of any guide has: a small image, as the OCI layout `hello`."""
    return small_image(tmp_path / "hello", 1)


@pytest.fixture
def walk(tmp_path, network, hello):
    """walk(guide): the guide with a reader before its first block, in a folder with `hello`."""
    walks: list[Walk] = []

    def start(guide: str, environment=()) -> Walk:
        text = (GUIDES / f"{guide}.md").read_text()
        walks.append(Walk(text, tmp_path, network.prefix, dict(environment)))
        return walks[-1]

    yield start
    for started in walks:
        started.close()


def headers(shown: str, name: str) -> list[str]:
    """The values of a header in what `curl -i` shows."""
    return re.findall(rf"^{name}: (.*?)\r?$", shown, re.M | re.I)


def status(shown: str) -> str:
    return re.match(r"HTTP/1\.1 (\d+)", shown)[1]


def tags_of_hello(network) -> list[str]:
    shown = network.run("curl", "-s", "http://localhost:5000/v2/team/hello/tags/list").stdout
    return json.loads(shown)["tags"]


def layers_of(image: Image) -> list[str]:
    return [layer["digest"] for layer in image.manifest(image.digest())["layers"]]


def stored(data: Path, digest: str) -> Path:
    """Where the bytes of a blob are."""
    algorithm, hexadecimal = digest.split(":")
    return data / "docker/registry/v2/blobs" / algorithm / hexadecimal[:2] / hexadecimal


@pytest.mark.parametrize("commands", [
    "false\ntrue", "true | false | true", "echo $never_set", "curl -i http://localhost:1/",
    "printf 'HTTP/1.1 404 Not Found\\r\\n'"])
def test_a_command_that_fails_is_noticed(network, tmp_path, commands):
    reader = Walk(f"```sh\n{commands}\n```\n", tmp_path, network.prefix, {})
    with pytest.raises(AssertionError):
        reader.run(commands)


def test_first_steps(walk, network, docker, hello, tmp_path):
    load_image(docker, hello.reference(), "hello:latest", tmp_path)
    (layer,) = layers_of(hello)
    reader = walk("first-steps", docker.environment)

    assert reader.serve() == "http://127.0.0.1:5000"
    assert status(reader.run("curl -i http://localhost:5000/v2/")) == "200"
    assert reader.run("docker tag").count("igest: sha256:") == 2  # pushed, and pulled
    assert f'"Digest": "{hello.digest()}"' in reader.run("skopeo copy")

    pushed = reader.run("digest=")
    assert headers(pushed, "OCI-Tag") == ["2", "2.1", "2.1.106"]
    assert headers(pushed, "Docker-Content-Digest") == [hello.digest()]

    catalog, tags, page = map(json.loads, re.findall("{.*?}", reader.run("curl -s http")))
    assert catalog == {"repositories": ["hello", "team/hello"]}
    assert tags == {"name": "team/hello", "tags": ["1.0", "2", "2.1", "2.1.106"]}
    assert page == {"name": "team/hello", "tags": ["1.0", "2"]}

    assert status(reader.run("curl -i -X DELETE")) == "202"
    assert "2.1.106" not in tags_of_hello(network)
    assert status(reader.run("curl -i -X DELETE")) == "202"
    assert tags_of_hello(network) == []

    assert stored(tmp_path / "data", layer).exists()
    assert reader.run("entrepot gc").splitlines()[-1].startswith("done: ")
    assert not stored(tmp_path / "data", layer).exists()
    reader.ends()
    reader.stop()


def test_accounts(walk, network, hello):
    """From nobody to a team with a robot, each by its own credentials."""
    reader = walk("accounts")
    reader.serve()
    shown = network.run("curl", "-i", "-s", "http://localhost:5000/v2/").stdout
    assert status(shown) == "401"
    assert "HTTP/1.1 200" in reader.run("umask 077")
    assert "allowed: grant 1: user:alice write acme/app\n" in reader.run("openssl rand")
    reader.run("skopeo copy")
    shown = reader.run("entrepot login")
    assert "signed in to http://localhost:5000 as admin\n" in shown
    assert re.search(r"^acme +-", shown, re.M) and "user:alice" in shown
    assert re.search(r"^http://localhost:5000/-/welcome#ent_inv_\w+$", shown, re.M)
    assert "signed out of" in shown
    reader.run("entrepot robot create")
    shown = reader.run("token=")
    assert f'"Digest": "{hello.digest()}"' in shown and "laptop" in shown
    members, given = map(json.loads, reader.run('admin="admin:').splitlines())
    assert members["items"] == [{"name": "alice", "role": "member"}]
    assert given["to"] == "robot:acme/ci" and given["made_by"] == "alice"
    assert "is disabled" in reader.run("entrepot user disable")
    refused = network.run("skopeo", "inspect", "--tls-verify=false", "--creds", "alice:whatever",
                          "docker://localhost:5000/acme/app:1", expect=None)
    assert refused.returncode != 0
    told = reader.run("entrepot audit list")
    assert "grant.created" in told and "are as they were written" in told
    assert "a new key signs" in reader.run("entrepot keys rotate")
    reader.ends()
    reader.stop()


def test_from_registry2(walk, network, hello, tmp_path):
    """Over with one image, and back with two."""
    old = DockerRegistry(tmp_path / "old")
    old.data = tmp_path / "registry-data"
    old.data.mkdir()
    hello.place(old.start().reference("team/hello", "1.0"))
    old.stop()

    reader = walk("from-registry2")
    reader.serve()
    assert tags_of_hello(network) == ["1.0"]
    assert (old.data / "docker/registry/v2/repositories.adopted").is_dir()
    newer = small_image(tmp_path / "newer", 2)
    network.run("skopeo", "copy", "--dest-tls-verify=false", newer.reference(),
                "docker://localhost:5000/team/hello:1.1")
    reader.stop()

    reader.run("entrepot export")
    reader.ends()
    client = old.start().client
    for tag, image in (("1.0", hello), ("1.1", newer)):
        manifest = client.get(f"/v2/team/hello/manifests/{tag}", Accept=OCI_MANIFEST)
        assert manifest.body == image.blob(image.digest())
        for blob in (image.config_digest(), *layers_of(image)):
            assert client.get(f"/v2/team/hello/blobs/{blob}").body == image.blob(blob)
    old.stop()


def test_tls(walk, network, hello, tmp_path):
    authority = Authority(tmp_path / "authority")
    authority.issue(tmp_path / "cert.pem", tmp_path / "key.pem")
    shutil.copy(authority.certificate, tmp_path / "ca.pem")
    (tmp_path / "certs").mkdir()
    shutil.copy(authority.certificate, tmp_path / "certs" / "ca.crt")
    reader = walk("tls")

    assert reader.serve() == "https://127.0.0.1:5443"
    assert status(reader.run("curl -i --cacert")) == "200"
    shown = network.run("skopeo", "inspect", "--cert-dir", tmp_path / "certs",
                        "docker://localhost:5443/hello:latest").stdout
    assert json.loads(shown)["Digest"] == hello.digest()
    reader.stop()

    authority.issue_client(tmp_path / "client.pem", tmp_path / "client-key.pem")
    assert reader.serve() == "https://127.0.0.1:5444"
    assert status(reader.run("curl -i --cacert")) == "200"
    reader.ends()


def test_mirrors(walk, network, hello, tmp_path):
    """Another server of the network is Docker Hub."""
    hub = DockerRegistry(tmp_path / "hub", prefix=network.prefix).start()
    network.run("skopeo", "copy", "--dest-tls-verify=false", hello.reference(),
                f"docker://{hub.reference('library/hello')}")
    reader = walk("mirrors", {"ENTREPOT_MIRROR_UPSTREAMS": f"docker.io={hub.url}"})
    reader.serve()
    reader.run("skopeo copy")
    pulled = [Image(tmp_path / name).digest() for name in ("first", "second")]
    assert pulled == [hello.digest()] * 2
    reader.ends()
    hub.stop()


def test_backups(walk, network, hello, tmp_path):
    """The copy elsewhere and the copy put back answer what was there, and not what came later."""
    copies = tmp_path / "data/entrepot/backups"
    reader = walk("backups", {"ENTREPOT_BACKUP_INTERVAL": "1s", "ENTREPOT_BACKUP_KEEP": "1000"})
    reader.serve()
    push(network, hello, "1.0")
    first = wait_for_backup(copies)
    reader.run("mkdir -p elsewhere")
    newer = small_image(tmp_path / "newer", 2)
    push(network, newer, "1.1")
    reader.stop()

    reader.serve()
    assert images_of_hello(network) == {"1.0": hello.digest()}
    reader.stop()

    for copy in copies.iterdir():
        if copy.name > first:
            copy.unlink()
    reader.run("mkdir data/entrepot/replaced")
    reader.serve()
    assert images_of_hello(network) == {"1.0": hello.digest()}
    push(network, newer, "1.1")
    assert images_of_hello(network) == {"1.0": hello.digest(), "1.1": newer.digest()}
    reader.ends()
    reader.stop()


def test_damage(walk, network, hello):
    reader = walk("damage")
    reader.serve()
    push(network, hello, "1.0")
    for command in ("entrepot fsck --data data", "entrepot fsck --data data --repair"):
        assert " 0 damaged, 0 mended" in reader.run(command)
    reader.ends()
    reader.stop()


def test_on_a_server(tmp_path, network):
    """Its commands want a systemd; tests/packages does what they do without. What the guide says to
    write into files is understood."""
    text = (GUIDES / "on-a-server.md").read_text()
    blocks = [textwrap.dedent(block) for block in re.findall(r"(?:^    .*\n)+", text, re.M)]
    for block in (block for block in blocks if block.startswith("[Service]")):
        unit = tmp_path / "entrepot.service"
        unit.write_text((REPOSITORY / "packaging/debian/entrepot.service").read_text() + block)
        said = network.run(program("systemd-analyze"), "security", "--offline=yes", "--no-pager", unit)
        assert "exposure level" in said.stdout and not said.stderr, said.stderr

    configuration = tmp_path / "entrepot.yaml"
    configuration.write_text(next(block for block in blocks if block.startswith("open:")))
    server = ServerProcess("server", tmp_path)
    server.spawn([*network.prefix, entrepot(), "serve", configuration, "--data", tmp_path / "data"])
    server.wait_until(lambda: "listening on http://" in server.current_stdout(), 20)
    assert server.stop() == 0


def push(network, image: Image, tag: str) -> None:
    network.run("skopeo", "copy", "--dest-tls-verify=false", image.reference(),
                f"docker://localhost:5000/team/hello:{tag}")


def images_of_hello(network) -> dict[str, str]:
    """The digest of each tag, as skopeo sees it, with its config."""
    return {tag: network.run("skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}",
                             f"docker://localhost:5000/team/hello:{tag}").stdout.strip()
            for tag in tags_of_hello(network)}


def wait_for_backup(folder: Path) -> str:
    """The name of the first copy that began after this call."""
    began = time.strftime("metadata-%Y%m%dT%H%M%SZ.sqlite", time.gmtime())
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for name in sorted(path.name for path in folder.glob("*.sqlite")):
            if name > began:
                return name
        time.sleep(0.1)
    raise AssertionError("no backup was made")


def test_every_guide_is_walked():
    walked = {name.removeprefix("test_").replace("_", "-") for name in globals()}
    assert {path.stem for path in GUIDES.glob("*.md")} <= walked
