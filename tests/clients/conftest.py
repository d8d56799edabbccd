"""What all clients need: the images, what the registry says of them, and a row in the table."""

import time

import pytest

from support import images, report
from support.content import Repository, digest_of

_ACCEPT = ", ".join([
    "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json"])


@pytest.fixture(scope="session")
def root_filesystem():
    return images.root_filesystem()


@pytest.fixture(scope="session")
def multi_architecture():
    return images.multi_architecture()


@pytest.fixture(scope="session")
def many_layers():
    return images.many_layers()


@pytest.fixture(scope="session")
def artifact():
    return images.artifact_with_referrers()


@pytest.fixture
def stored_digest(registry):
    """stored_digest(repository, tag): what the registry itself says, its bytes checked."""

    def ask(repository: str, reference: str = "latest") -> str:
        answer = registry.client.get(f"/v2/{repository}/manifests/{reference}", Accept=_ACCEPT)
        assert answer.status == 200, answer
        digest = answer.header("Docker-Content-Digest")
        assert digest == digest_of(answer.body)
        return digest

    return ask


@pytest.fixture
def tags(registry):
    def ask(repository: str) -> list[str]:
        return registry.client.get(f"/v2/{repository}/tags/list").json()["tags"]

    return ask


@pytest.fixture
def referrers(registry):
    """referrers(repository, digest): the artifact types of what refers to the digest."""

    def ask(repository: str, digest: str) -> list[str]:
        answer = registry.client.get(Repository(registry.client, repository).path(
            f"referrers/{digest}"))
        assert answer.status == 200, answer
        return sorted(entry["artifactType"] for entry in answer.json()["manifests"])

    return ask


@pytest.fixture(autouse=True)
def table_row(request):
    """Every client test is a row: the file's CLIENT, its version(), the test's first line."""
    start = time.monotonic()
    yield
    outcome = getattr(request.node, "report_call", None)
    what = (request.function.__doc__ or request.node.name).strip().splitlines()[0]
    report.write(report.ClientRow(
        client=request.module.CLIENT,
        version=request.module.version(),
        what=what.rstrip("."),
        result=outcome.outcome if outcome else "error",
        seconds=round(time.monotonic() - start, 1)))
