# ctest: labels=mirror timeout=300
"""With accounts an upstream is a namespace like any other: private until somebody is granted it."""

import pytest

from mirrored import NGINX, PREFIXED, manifest
from support.command import output, run
from support.content import digest_of
from support.dockerd import Dockerd
from support.paths import entrepot, program


@pytest.fixture
def closed(mirror):
    """Its admin's password is `correct horse`."""
    return mirror(ENTREPOT_ADMIN_PASSWORD="correct horse")


def grant(server, pattern: str) -> None:
    run(entrepot(), "grant", "create", pattern, "--to", "anonymous", "--role", "read",
        "--data", server.data)


def inspect(server, name: str, *options: str) -> str:
    """The digest of what skopeo gets there."""
    raw = output(program("skopeo"), "inspect", "--tls-verify=false", "--raw", *options,
                 f"docker://{server.reference(name)}")
    return digest_of(raw.encode())


def test_nobody_may_until_it_is_granted(closed, hub, image):
    assert manifest(closed, PREFIXED).status == 401
    assert manifest(closed).status == 401
    assert hub.counts["get_manifest"] == 0
    assert inspect(closed, PREFIXED, "--creds", "admin:correct horse") == image.digest()
    grant(closed, "docker.io/**")
    assert inspect(closed, PREFIXED) == image.digest()


def test_a_name_without_prefix_means_the_same_in_a_token(closed, image):
    grant(closed, "docker.io/library/*")
    assert inspect(closed, NGINX) == image.digest()
    token = closed.client.get(f"/token?service=entrepot&scope=repository:{NGINX}:pull").json()
    headers = {"Authorization": f"Bearer {token['token']}"}
    path = f"/v2/{NGINX}/manifests/{image.digest()}"
    assert closed.client.get(path, **headers).status == 200
    other = closed.client.get("/v2/docker.io/acme/app/manifests/1", **headers)
    assert other.status == 401


def test_docker_pulls_what_anybody_may(closed, scratch, image):
    grant(closed, "docker.io/**")
    docker = Dockerd(scratch / "docker", mirror=closed.url).start()
    try:
        assert docker.pull("nginx:latest") == image.digest()
    finally:
        docker.stop()
