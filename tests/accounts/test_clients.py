# ctest: labels=clients timeout=600
"""Clients sign in, push, pull, are refused with a reason, and sign out."""

import json

import pytest

from conftest import PASSWORD

from support import images
from support.command import run
from support.dockerd import Dockerd, load_image
from support.paths import program

REASON = "bob may not push to acme/app: that needs write, which acme's owners give"


def secrets_of(office):
    """The kinds of credentials: a password, an access token, a robot's secret."""
    token = office.made("token", "create", "laptop", "--owner", "alice", "--expires", "1d")
    robot = office.made("robot", "create", "acme/ci", "--grant", "acme/*:write")
    return {"password": ("alice", PASSWORD), "access token": ("alice", token["secret"]),
            "robot": ("acme/ci", robot["secret"])}


def test_crane(office, scratch):
    environment = {"DOCKER_CONFIG": str(scratch)}
    picture = images.many_layers()

    def crane(*arguments, expect=0):
        return run(program("crane"), *arguments, "--insecure", environment=environment,
                   expect=expect)

    address = office.registry.address
    reference = f"{address}/acme/app:crane"
    assert crane("push", picture.layout, reference, expect=1).returncode
    for name, secret in secrets_of(office).values():
        run(program("crane"), "auth", "login", address, "-u", name, "-p", secret,
            environment=environment)
        crane("push", picture.layout, reference)
        assert crane("digest", reference).stdout.strip() == picture.digest()
        run(program("crane"), "auth", "logout", address, environment=environment)
        crane("digest", reference, expect=1)
    run(program("crane"), "auth", "login", address, "-u", "bob", "-p", PASSWORD,
        environment=environment)
    # It asks by HEAD first, whose answer has no body, and prints no challenge's words.
    assert "401" in crane("push", picture.layout, reference, expect=1).stderr


def test_skopeo(office, scratch):
    address = office.registry.address
    auth = ("--authfile", str(scratch / "auth.json"))
    picture = images.many_layers()
    reference = f"docker://{address}/acme/app:skopeo"

    def copy(expect=0):
        return run(program("skopeo"), "copy", "--dest-tls-verify=false", "--preserve-digests",
                   *auth, picture.reference(), reference, expect=expect)

    def login(name, secret, expect=0):
        return run(program("skopeo"), "login", "--tls-verify=false", *auth, "-u", name,
                   "--password-stdin", address, input=secret, expect=expect)

    login("alice", "wrong horse", expect=1)
    for name, secret in secrets_of(office).values():
        login(name, secret)
        copy()
        run(program("skopeo"), "inspect", "--tls-verify=false", *auth, reference)
        run(program("skopeo"), "logout", *auth, address)
        run(program("skopeo"), "inspect", "--tls-verify=false", *auth, reference, expect=1)
    login("bob", PASSWORD)
    assert copy(expect=1).returncode


class Store:
    """podman or buildah, with a storage and sign-ins of its own."""

    def __init__(self, client: str, directory):
        self._client = client
        self._storage = ("--root", directory / "root", "--runroot", directory / "run",
                         "--storage-driver=vfs")
        sign_ins = directory / "auth.json"
        sign_ins.write_text("{}")
        self._environment = {"REGISTRY_AUTH_FILE": str(sign_ins)}

    def run(self, *arguments, **options):
        return run(program(self._client), *self._storage, *arguments,
                   environment=self._environment, **options)

    def login(self, place: str, name: str, secret: str, expect=0):
        return self.run("login", "--tls-verify=false", "-u", name, "--password-stdin", place,
                        input=secret, expect=expect)

    def push(self, image: str, reference: str, expect=0):
        return self.run("push", "--tls-verify=false", image, f"docker://{reference}", expect=expect)

    def pull(self, reference: str, expect=0):
        policy = ("--policy", "always") if self._client == "buildah" else ()
        return self.run("pull", "--quiet", "--tls-verify=false", *policy, reference, expect=expect)


@pytest.mark.parametrize("client", ["podman", "buildah"])
def test_podman_and_buildah(office, scratch, client):
    address = office.registry.address
    store = Store(client, scratch)
    image = store.run("pull", "--quiet", images.many_layers().linked(scratch)).stdout.strip()
    reference = f"{address}/acme/app:{client}"
    store.login(address, "alice", "wrong horse", expect=125)
    store.push(image, reference, expect=125)
    for name, secret in secrets_of(office).values():
        store.login(address, name, secret)
        store.push(image, reference)
        assert store.pull(reference).stdout.strip() == image
        store.run("logout", address)
        store.pull(reference, expect=125)
    store.login(address, "bob", PASSWORD)
    # They look for the layers first.
    assert ("bob may not pull from acme/app: that needs read, which acme's owners give"
            in store.push(image, reference, expect=125).stderr)
    store.run("rmi", "--all", "--force", expect=None)


def test_two_accounts_of_one_registry_by_path(office, scratch):
    """podman takes the credentials of the longest path that it has some for."""
    office.run("repo", "create", "bob/app", "--visibility", "private")
    address = office.registry.address
    podman = Store("podman", scratch)
    image = podman.run("pull", "--quiet", images.many_layers().linked(scratch)).stdout.strip()
    podman.login(f"{address}/acme", "alice", PASSWORD)
    podman.login(f"{address}/bob", "bob", PASSWORD)
    for reference in (f"{address}/acme/app:1", f"{address}/bob/app:1"):
        podman.push(image, reference)
    assert podman.push(image, f"{address}/alice/app:1", expect=125).returncode
    podman.run("rmi", "--all", "--force", expect=None)


def test_docker(office, scratch):
    address = office.registry.address
    daemon = Dockerd(scratch).start()
    try:
        load_image(daemon, images.root_filesystem().reference(), f"{address}/acme/app:docker",
                   scratch)
        daemon.refused("push", f"{address}/acme/app:docker")
        for name, secret in secrets_of(office).values():
            said = run(program("docker"), "login", address, "-u", name, "--password-stdin",
                       input=secret, environment=daemon.environment).stdout
            assert "Login Succeeded" in said
            # A password is not kept where a refresh token can stand for it.
            kept = json.loads((scratch / "config/config.json").read_text())["auths"][address]
            assert bool(kept.get("identitytoken")) == (secret == PASSWORD)
            digest, _ = daemon.push(f"{address}/acme/app:docker")
            assert daemon.pull(f"{address}/acme/app:docker") == digest
            run(program("docker"), "logout", address, environment=daemon.environment)
            daemon.refused("pull", f"{address}/acme/app:docker")
        wrong = run(program("docker"), "login", address, "-u", "alice", "--password-stdin",
                    input="wrong horse", environment=daemon.environment, expect=1)
        assert "unauthorized" in wrong.stderr.lower()
        run(program("docker"), "login", address, "-u", "bob", "--password-stdin", input=PASSWORD,
            environment=daemon.environment)
        assert REASON in daemon.refused("push", f"{address}/acme/app:docker")
    finally:
        daemon.stop()
