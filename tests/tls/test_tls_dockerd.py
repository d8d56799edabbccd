# ctest: labels=tls,clients serial timeout=300
"""dockerd over HTTPS at an address that it does not trust by itself, told of the authority or not."""

import shutil

import pytest

from support import images
from support.dockerd import Dockerd, load_image
from support.namespace import NetworkNamespace
from support.paths import program
from support.registry import Entrepot

ADDRESS = "192.0.2.1"  # of no network (RFC 5737): here one more address of a loopback device


@pytest.fixture(scope="module")
def network():
    namespace = NetworkNamespace()
    namespace.run(program("ip"), "address", "add", f"{ADDRESS}/32", "dev", "lo")
    yield namespace
    namespace.close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """What the daemon finds as /etc/docker/certs.d."""
    directory = tmp_path_factory.mktemp("etc") / "certs.d"
    directory.mkdir()
    return directory


@pytest.fixture(scope="module")
def docker(network, certificates, tmp_path_factory):
    mount = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/docker && exec "$@"']
    prefix = [*network.prefix, *mount, str(certificates.parent)]
    daemon = Dockerd(tmp_path_factory.mktemp("docker"), prefix).start()
    yield daemon
    daemon.stop()


@pytest.fixture
def start(network, tmp_path):
    """start(options): a registry at ADDRESS, which is reached inside the network only."""
    started: list[Entrepot] = []

    def start_one(*options: str) -> Entrepot:
        registry = Entrepot(tmp_path / f"registry{len(started)}", options=["--open", *options],
                            prefix=network.prefix)
        registry.address = f"{ADDRESS}:0"
        started.append(registry)
        return registry.start()

    yield start_one
    for registry in started:
        registry.stop()
        registry.process.discard()


@pytest.fixture
def loaded(docker, tmp_path):
    """loaded(name): makes an image known to the daemon by this name."""
    return lambda name: load_image(docker, images.many_layers().reference(), name, tmp_path)


def test_authority_in_certs_d(start, docker, certificates, authority, pair, loaded):
    """Refused until ca.crt lies in the folder of host and port; then no restart is needed."""
    authority.issue(pair.certificate, pair.key, addresses=[ADDRESS])
    name = start(*pair.options).reference("docker/layers")
    loaded(name)
    assert "x509: certificate signed by unknown authority" in docker.refused("push", name)
    assert "x509: certificate signed by unknown authority" in docker.refused("pull", name)

    folder = certificates / name.partition("/")[0]
    folder.mkdir()
    shutil.copy(authority.certificate, folder / "ca.crt")
    pushed, _ = docker.push(name)
    docker.forget(name)
    assert docker.pull(name) == pushed


def test_certificate_of_another_address(start, docker, certificates, authority, pair, loaded):
    name = start(*pair.options).reference("docker/layers")
    loaded(name)
    folder = certificates / name.partition("/")[0]
    folder.mkdir()
    shutil.copy(authority.certificate, folder / "ca.crt")
    assert "x509: certificate is valid for 127.0.0.1" in docker.refused("push", name)


def test_plain_http(start, docker, loaded):
    name = start().reference("docker/layers")
    loaded(name)
    assert "server gave HTTP response to HTTPS client" in docker.refused("push", name)
