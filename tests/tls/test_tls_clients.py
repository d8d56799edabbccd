# ctest: labels=tls,clients timeout=300
"""Real clients over HTTPS: what they pushed is what they pull, and strangers are not trusted."""

import json
import shutil

import pytest

from support import images
from support.command import output, run
from support.http import Client
from support.paths import program


@pytest.fixture(scope="module")
def registry(start_module_registry, module_pair):
    return start_module_registry(options=module_pair.options)


@pytest.fixture(scope="module")
def cert_dir(authority, tmp_path_factory):
    """The authority as skopeo and podman want it."""
    directory = tmp_path_factory.mktemp("certs")
    shutil.copy(authority.certificate, directory / "ca.crt")
    return directory


@pytest.fixture
def stored_digest(registry, authority):
    def ask(repository: str) -> str:
        client = Client(registry.address, authority.trusted())
        accept = "application/vnd.oci.image.manifest.v1+json"
        return client.get(f"/v2/{repository}/manifests/latest",
                          Accept=accept).header("Docker-Content-Digest")

    return ask


def test_skopeo(registry, cert_dir, stored_digest, tmp_path):
    image = images.root_filesystem()
    remote = f"docker://{registry.reference('skopeo/rootfs')}"
    run(program("skopeo"), "copy", "--quiet", "--preserve-digests", "--dest-cert-dir", cert_dir,
        image.reference(), remote)
    assert stored_digest("skopeo/rootfs") == image.digest()
    run(program("skopeo"), "copy", "--quiet", "--preserve-digests", "--src-cert-dir", cert_dir,
        remote, f"oci:{tmp_path}/back:latest")
    back = images.Image(tmp_path / "back")
    assert back.digest() == image.digest()
    assert back.blob(back.config_digest()) == image.blob(image.config_digest())


def test_crane(registry, authority, stored_digest, tmp_path):
    image = images.many_layers()
    environment = {"SSL_CERT_FILE": str(authority.certificate)}
    remote = registry.reference("crane/layers")
    output(program("crane"), "push", image.layout, remote, environment=environment)
    assert stored_digest("crane/layers") == image.digest()
    output(program("crane"), "pull", "--format=oci", remote, tmp_path / "back",
           environment=environment)
    output(program("crane"), "validate", "--remote", remote, environment=environment)


def test_podman(registry, cert_dir, stored_digest, scratch):
    image = images.multi_architecture()  # podman takes this machine's part of it
    podman = [program("podman"), "--root", scratch / "root", "--runroot", scratch / "run",
              "--storage-driver=vfs", "--cgroup-manager=cgroupfs", "--events-backend=file",
              f"--tmpdir={scratch}/tmp"]
    remote = registry.reference("podman/one")
    loaded = output(*podman, "pull", "--quiet", image.linked(scratch))
    output(*podman, "push", "--quiet", "--cert-dir", cert_dir, "--digestfile",
           scratch / "digest", loaded, remote)
    assert stored_digest("podman/one") == (scratch / "digest").read_text()
    output(*podman, "rmi", "--force", loaded)
    assert output(*podman, "pull", "--quiet", "--cert-dir", cert_dir, remote) == loaded
    run(*podman, "system", "reset", "--force", expect=None)


def test_who_does_not_know_the_authority_does_not_connect(registry):
    for command in (["skopeo", "inspect", f"docker://{registry.reference('a')}"],
                    ["crane", "catalog", registry.address]):
        refused = run(program(command[0]), *command[1:], expect=None)
        assert refused.returncode != 0
        assert "x509" in refused.stderr


def test_skopeo_inspects_without_checking(registry):
    """--tls-verify=false over HTTPS."""
    remote = f"docker://{registry.reference('unchecked')}"
    image = images.many_layers()
    run(program("skopeo"), "copy", "--quiet", "--preserve-digests", "--dest-tls-verify=false",
        image.reference(), remote)
    shown = run(program("skopeo"), "inspect", "--tls-verify=false", remote).stdout
    assert json.loads(shown)["Digest"] == image.digest()
