# ctest: labels=clients timeout=300
"""Clients that pull through a mirror, each by its own way to name it; and without it, when it is down."""

import pytest

from mirrored import NGINX
from support.command import output, run
from support.containerd import Containerd
from support.content import digest_of
from support.dockerd import Dockerd
from support.paths import program


@pytest.fixture
def docker(mirror, scratch):
    server = mirror()
    daemon = Dockerd(scratch / "docker", mirror=server.url).start()
    yield daemon
    daemon.stop()


def test_docker_by_registry_mirrors(docker, hub, image):
    """docker pull nginx, with nothing but `registry-mirrors`."""
    assert docker.pull("nginx:latest") == image.digest()
    docker.forget("nginx:latest")
    hub.go_down()
    assert docker.pull("nginx:latest") == image.digest()


def test_containerd_by_ns(mirror, hub, image, tmp_path):
    """ctr pull docker.io/library/nginx, by hosts.toml."""
    server = mirror()
    hosts = tmp_path / "certs.d"
    (hosts / "docker.io").mkdir(parents=True)
    (hosts / "docker.io" / "hosts.toml").write_text(
        f'server = "{server.url}"\n[host."{server.url}"]\n  capabilities = ["pull", "resolve"]\n')
    (tmp_path / "containerd").mkdir()
    daemon = Containerd(tmp_path / "containerd").start()
    try:
        daemon.ctr("images", "pull", "--hosts-dir", hosts, "--snapshotter", "native",
                   "docker.io/library/nginx:latest")
        assert daemon.digest("docker.io/library/nginx:latest") == image.digest()
    finally:
        daemon.stop()
    assert hub.counts["storage"] == 3


def test_skopeo_by_registries_conf(mirror, image, tmp_path):
    """skopeo copy docker.io/library/nginx, by a remapped location."""
    server = mirror()
    (tmp_path / "registries.conf").write_text(
        '[[registry]]\nprefix = "docker.io"\nlocation = "docker.io"\n'
        f'[[registry.mirror]]\nlocation = "{server.address}/docker.io"\ninsecure = true\n')
    raw = output(program("skopeo"), "--registries-conf", tmp_path / "registries.conf", "inspect",
                 "--raw", f"docker://docker.io/{NGINX}:latest")
    assert digest_of(raw.encode()) == image.digest()


def test_skopeo_by_its_prefix(mirror, image, scratch):
    """skopeo copy HOST/docker.io/library/nginx."""
    server = mirror()
    run(program("skopeo"), "copy", "--quiet", "--src-tls-verify=false", "--preserve-digests",
        f"docker://{server.reference(f'docker.io/{NGINX}')}", f"oci:{scratch}/back:latest")
    listed = output(program("skopeo"), "list-tags", "--tls-verify=false",
                    f"docker://{server.address}/docker.io/{NGINX}")
    assert '"latest"' in listed


def test_entrepot_under_entrepot(mirror, hub, image, start_registry):
    """A mirror of a mirror, by its name."""
    lower = mirror()
    upper = start_registry(options=["--mirror.upstreams", f"docker.io={lower.url}"])
    run(program("skopeo"), "inspect", "--tls-verify=false",
        f"docker://{upper.reference('docker.io/' + NGINX)}")
    assert hub.counts["storage"] >= 1
