# ctest: labels=serving timeout=200
"""The configuration file and the variables of registry:2, as the running server obeys them."""

import json
import re

import pytest

from served import ANY_PORT
from support.command import output
from support.content import Repository, digest_of, with_query
from support.paths import entrepot


@pytest.fixture
def serve2(serve, tmp_path):
    """serve2(HTTP_X=value…): a server set up by nothing but REGISTRY_* variables."""

    def start(**variables: str):
        settings = {"HTTP_ADDR": ANY_PORT, "STORAGE_FILESYSTEM_ROOTDIRECTORY": str(tmp_path / "d"),
                    **variables}
        return serve(**{f"REGISTRY_{name}": value for name, value in settings.items()})

    return start


def location(server, repository: str = "a") -> str:
    answer = Repository(server.client, repository).start_upload()
    assert answer.status == 202, answer
    return answer.header("Location")


def test_address_and_root_directory(serve2, tmp_path):
    server = serve2()
    image = Repository(server.client, "a").push_image("latest")
    assert server.client.get("/v2/a/manifests/latest").body == image.content
    assert (tmp_path / "d/docker/registry/v2/blobs/sha256").is_dir()
    assert "whoever reaches this server may push" in server.process.current_stderr()


@pytest.mark.parametrize("variables", [{}, {"STORAGE_DELETE_ENABLED": "false"}])
def test_deletes_are_off_until_they_are_turned_on(serve2, variables):
    server = serve2(**variables)
    repository = Repository(server.client, "a")
    image = repository.push_image("latest")
    blob = repository.push_blob(b"alone")
    for path in ("manifests/latest", f"manifests/{image.digest}", f"blobs/{blob}"):
        answer = server.client.delete(repository.path(path))
        assert (answer.status, answer.error_codes()) == (405, ["UNSUPPORTED"])
        assert server.client.get(repository.path(path)).status == 200


def test_deletes_turned_on(serve2):
    server = serve2(STORAGE_DELETE_ENABLED="true")
    Repository(server.client, "a").push_image("latest")
    assert server.client.delete("/v2/a/manifests/latest").status == 202


def test_read_only(serve2):
    server = serve2(STORAGE_MAINTENANCE_READONLY_ENABLED="true")
    assert Repository(server.client, "a").start_upload().status == 405
    assert server.client.get("/v2/_catalog").status == 200


def test_an_upload_goes_on_only_with_the_secret_it_began_with(serve2):
    first = serve2(HTTP_SECRET="one")
    target = location(first)
    first.stop()
    other = serve2(HTTP_SECRET="two")
    assert other.client.get(target).error_codes() == ["BLOB_UPLOAD_UNKNOWN"]
    other.stop()
    same = serve2(HTTP_SECRET="one")
    finish = with_query(target, f"digest={digest_of(b'bytes')}")
    assert same.client.request("PUT", finish, b"bytes").status == 201


def test_locations_are_paths_unless_told_otherwise(serve2):
    assert location(serve2()).startswith("/v2/a/blobs/uploads/")


def test_absolute_locations(serve2):
    server = serve2(HTTP_RELATIVEURLS="false")
    assert location(server).startswith(f"http://{server.address}/v2/a/blobs/uploads/")


@pytest.mark.parametrize("variables", [
    {}, {"HTTP_RELATIVEURLS": "true"}, {"HTTP_RELATIVEURLS": "false"},
])
def test_absolute_locations_at_another_host(serve2, variables):
    server = serve2(HTTP_HOST="https://registry.example:8443", **variables)
    assert location(server).startswith("https://registry.example:8443/v2/a/blobs/uploads/")


def test_prefix(serve2):
    server = serve2(HTTP_PREFIX="/my/registry/")
    assert server.client.get("/my/registry/v2/").status == 200
    assert server.client.get("/v2/").status == 404
    answer = server.client.request("POST", "/my/registry/v2/a/blobs/uploads/", b"")
    target = answer.header("Location")
    assert target.startswith("/my/registry/v2/a/blobs/uploads/")
    finish = with_query(target, f"digest={digest_of(b'bytes')}")
    answer = server.client.request("PUT", finish, b"bytes")
    assert server.client.get(answer.header("Location")).body == b"bytes"


def test_headers(serve2):
    client = serve2(**{"HTTP_HEADERS_X-One": "[1]", "HTTP_HEADERS_X-Two": "[a, b]"}).client
    for target in ("/v2/", "/v2/none/tags/list", "/healthz", "/nothing"):
        answer = client.get(target)
        assert answer.header("X-One") == "1", answer
        assert answer.values("X-Two") == ["a", "b"], answer


def test_debug_address(serve2):
    server = serve2(HTTP_DEBUG_ADDR=ANY_PORT, HTTP_DEBUG_PROMETHEUS_ENABLED="true",
                    HTTP_DEBUG_PROMETHEUS_PATH="/numbers")
    operations = server.operations
    assert operations.get("/numbers").body.startswith(b"# HELP ")
    assert operations.get("/healthz").status == 200
    assert operations.get("/readyz").status == 200
    answer = operations.get("/debug/health")
    assert (answer.status, answer.body) == (200, b"{}")
    assert server.client.get("/debug/health").status == 404
    assert operations.get("/v2/").status == 404


def test_log(serve2):
    server = serve2(LOG_LEVEL="warn", LOG_FORMATTER="json", LOG_ACCESSLOG_DISABLED="true")
    server.client.get("/v2/")
    server.stop()
    lines = [json.loads(line) for line in server.process.current_stderr().splitlines()]
    assert lines and {line["level"] for line in lines} <= {"warning", "error"}
    assert re.fullmatch(r"listening on \S+\n", server.process.current_stdout())


def test_configuration_file(serve, write, tmp_path):
    """What Debian's docker-registry and the registry:2 image bring along, but for the port."""
    server = serve(write(f"""version: 0.1
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: {tmp_path}/d
  delete:
    enabled: true
http:
  addr: {ANY_PORT}
  headers:
    X-Content-Type-Options: [nosniff]
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
"""))
    Repository(server.client, "a").push_image("latest")
    assert server.client.delete("/v2/a/manifests/latest").status == 202
    said = server.process.current_stderr()
    for accepted in ("log.fields", "storage.cache", "health"):
        assert said.count(accepted) == 1, said


def test_garbage_collect(serve, write, tmp_path):
    """The old command with the old file, while the server runs and when it does not."""
    file = write(f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {tmp_path}/d}}}}\n"
                 f"http: {{addr: '{ANY_PORT}'}}\n")
    server = serve(file)
    kept = Repository(server.client, "a").push_image("latest")
    assert "done: " in output(entrepot(), "garbage-collect", file)
    assert server.client.get("/v2/a/manifests/latest").body == kept.content
    server.stop()
    assert "done: " in output(entrepot(), "garbage-collect", file)


def test_a_variable_wins_over_the_file(serve, write, tmp_path):
    file = write(f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {tmp_path}/d}}}}\n"
                 "http: {addr: '127.0.0.1:1', headers: {X-Set: [file]}}\n")
    server = serve(file, REGISTRY_HTTP_ADDR=ANY_PORT)
    assert server.client.get("/v2/").header("X-Set") == "file"
