"""All that clients can find in a registry, for comparing two registries, or one with its past."""

from support.content import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, digest_of
from support.registry import Registry

ACCEPT = ", ".join((OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST))


def contents(registry: Registry) -> dict[str, dict[str, tuple]]:
    """All that clients can find: for each repository, its tags and every manifest and blob that
    they lead to, as (media type or "", sha256 of the bytes, length)."""
    client = registry.client
    names = client.get("/v2/_catalog?n=1000").json()["repositories"]
    found = {name: _repository_contents(client, name) for name in names}
    client.close()
    return found


def tags_of(client, repository: str) -> list[str]:
    """All of them, by pages."""
    found: list[str] = []
    target = f"/v2/{repository}/tags/list?n=1000"
    while target:
        answer = client.get(target)
        assert answer.status == 200, answer
        found += answer.json()["tags"] or []
        target = answer.next_page()
    return found


def _repository_contents(client, name: str) -> dict[str, tuple]:
    found: dict[str, tuple] = {}
    references = tags_of(client, name)
    while references:
        reference = references.pop()
        if reference in found:
            continue
        answer = client.get(f"/v2/{name}/manifests/{reference}", Accept=ACCEPT)
        if answer.status == 404 and ":" in reference:  # BuildKit's cache indexes list layers
            found[reference] = _blob_contents(client, name, reference)
            continue
        assert answer.status == 200, (name, reference, answer)
        digest = answer.header("Docker-Content-Digest")
        assert digest_of(answer.body, digest.split(":")[0]) == digest
        found[reference] = (answer.header("Content-Type"), digest, len(answer.body))
        manifest = answer.json()
        references += [digest, *(child["digest"] for child in manifest.get("manifests", []))]
        for blob in [*manifest.get("layers", []), *filter(None, [manifest.get("config")])]:
            if blob["digest"] not in found:
                found[blob["digest"]] = _blob_contents(client, name, blob["digest"])
    return found


def _blob_contents(client, name: str, digest: str) -> tuple:
    answer = client.get(f"/v2/{name}/blobs/{digest}")
    assert answer.status == 200, (name, digest, answer.status)
    assert digest_of(answer.body, digest.split(":")[0]) == digest
    return ("", digest, len(answer.body))
