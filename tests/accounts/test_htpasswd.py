# ctest: labels=clients timeout=300
"""A registry:2 that asked for passwords, adopted with its htpasswd file."""

import time
import warnings

import pytest
from conftest import PASSWORD, Office, ask, basic, bearer

from support import images
from support.command import run
from support.content import digest_of
from support.dockerd import Dockerd, load_image
from support.paths import program
from support.registry import DockerRegistry, Entrepot

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import crypt

OTHER = "another horse"


def line(name: str, password: str = PASSWORD) -> str:
    return f"{name}:{crypt.crypt(password, '$2y$05$' + 'a' * 22)}\n"


def wait_for(status: int, *question) -> None:
    for _ in range(100):
        if ask(*question).status == status:
            return
        time.sleep(0.1)
    raise AssertionError(f"no {status} within ten seconds")


class Adopted:
    """Both registries, on one directory and one file; `file` is what people edit."""

    def __init__(self, directory):
        self.file = directory / "htpasswd"
        self.file.write_text(line("carol") + line("Dave D.") + "# nobody\n")
        settings = {"REGISTRY_AUTH_HTPASSWD_PATH": str(self.file),
                    "REGISTRY_AUTH_HTPASSWD_REALM": "here"}
        before = DockerRegistry(directory, settings).start()
        self.blob = push(before.client, "team/app", "carol")
        before.stop()
        # With these it would have answered nobody.
        self.file.write_text(self.file.read_text() + "broken\nold:{SHA}x\n")
        self.registry = Entrepot(directory, settings)
        self.office = Office(self.registry)


def push(client, repository: str, name: str, password: str = PASSWORD) -> str | int:
    """The digest of a blob that was pushed, or the status that refused it."""
    content = f"of {name}".encode()
    headers = basic(name, password)
    begun = ask(client, f"/v2/{repository}/blobs/uploads/", headers, "POST")
    if begun.status != 202:
        return begun.status
    target = begun.header("Location").split("://")[-1]
    target = target[target.index("/"):]
    joint = "&" if "?" in target else "?"
    put = ask(client, f"{target}{joint}digest={digest_of(content)}", headers, "PUT", content)
    assert put.status == 201, put
    return digest_of(content)


@pytest.fixture
def adopted(scratch):
    made = Adopted(scratch)
    made.registry.start()
    yield made
    made.registry.stop()


def test_who_is_in_the_file_may_what_they_might(adopted):
    client = adopted.registry.client
    assert client.get("/v2/").status == 401
    assert ask(client, "/v2/", basic("carol", "wrong horse")).status == 401
    assert ask(client, "/v2/", basic("Carol")).status == 401, "the file's names have cases"
    assert ask(client, f"/v2/team/app/blobs/{adopted.blob}", basic("carol")).status == 200
    for name in ("carol", "Dave D."):
        assert push(client, "team/app", name) == push(client, "alone", name)
        assert push(client, "new/one", name) == digest_of(f"of {name}".encode())
        assert ask(client, "/metrics", basic(name)).status == 403, "none is a system admin"
    assert ask(client, "/v2/", basic("old", "x")).status == 401
    said = adopted.registry.process.current_stderr()
    assert said.count("old has no bcrypt hash") == 1 and said.count("line 4 is no name") == 1


def test_the_grant_of_all_of_them_can_be_removed(adopted):
    client = adopted.registry.client
    assert push(client, "team/app", "carol") == adopted.blob
    grant = next(row for row in adopted.office.run("grant", "list").stdout.splitlines()
                 if "htpasswd" in row)
    assert "maintain" in grant and "**" in grant
    adopted.office.run("grant", "remove", grant.split()[0])
    assert push(client, "team/app", "carol") == 403
    adopted.office.run("grant", "create", "team/*", "--to", "user:htpasswd:carol", "--role", "write")
    assert push(client, "team/app", "carol") == adopted.blob
    adopted.registry.stop()
    adopted.registry.start()
    assert push(adopted.registry.client, "team/app", "Dave D.") == 403, "it does not come back"


def test_the_file_stays_the_truth(adopted):
    client = adopted.registry.client
    token = bearer(adopted.office.token("repository:team/app:pull", basic("carol")))
    dave = bearer(adopted.office.token("repository:team/app:pull", basic("Dave D.")))
    assert ask(client, "/v2/", token).status == 200
    adopted.file.write_text(line("carol", OTHER) + line("eve"))
    wait_for(401, client, "/v2/", token)
    wait_for(401, client, "/v2/", dave)
    assert ask(client, "/v2/", basic("carol")).status == 401
    for name, password in (("carol", OTHER), ("eve", PASSWORD)):
        assert ask(client, "/v2/", basic(name, password)).status == 200
    adopted.file.unlink()
    wait_for(401, client, "/v2/", basic("nobody"))
    time.sleep(2.5)
    assert push(client, "new/one", "frank") == 401
    adopted.registry.stop()
    adopted.file.write_text(line("frank"))
    adopted.registry.start()
    client = adopted.registry.client
    assert push(client, "team/app", "eve") == 401
    assert push(client, "team/app", "frank") == digest_of(b"of frank")


def test_an_account_of_ours_comes_before_the_file(adopted):
    client = adopted.registry.client
    assert ask(client, "/v2/", basic("carol")).status == 200
    adopted.office.run("user", "create", "eve", "--password-stdin", input=OTHER + "\n")
    adopted.file.write_text(line("carol") + line("eve"))
    time.sleep(2.5)
    assert ask(client, "/v2/", basic("eve")).status == 401
    assert ask(client, "/v2/", basic("eve", OTHER)).status == 200
    adopted.office.run("user", "disable", "htpasswd:carol")
    assert ask(client, "/v2/", basic("carol")).status == 401
    assert "htpasswd file" in adopted.office.run("user", "password", "htpasswd:carol", expect=2,
                                                 input=OTHER + "\n").stderr


def test_without_the_file_it_stays_closed(adopted):
    assert ask(adopted.registry.client, "/v2/", basic("carol")).status == 200
    adopted.registry.stop()
    kept = dict(adopted.registry.environment)
    adopted.registry.environment.clear()
    adopted.registry.start()
    assert adopted.registry.client.get("/v2/").status == 401
    assert ask(adopted.registry.client, "/v2/", basic("carol")).status == 401
    adopted.registry.stop()
    adopted.registry.environment.update(kept)
    adopted.registry.start()


def test_docker(adopted, scratch):
    address = adopted.registry.address
    daemon = Dockerd(scratch).start()
    try:
        reference = f"{address}/team/app:docker"
        load_image(daemon, images.root_filesystem().reference(), reference, scratch)

        def login(password, expect=0):
            return run(program("docker"), "login", address, "-u", "carol", "--password-stdin",
                       input=password, environment=daemon.environment, expect=expect)

        login("wrong horse", expect=1)
        login(PASSWORD)
        digest, _ = daemon.push(reference)
        assert daemon.pull(reference) == digest
        adopted.file.write_text(line("carol", OTHER))
        time.sleep(2.5)
        daemon.refused("pull", reference)
        login(OTHER)
        assert daemon.pull(reference) == digest
    finally:
        daemon.stop()
