# ctest: labels=serving timeout=180
"""What is kept has an end, and a page has a size: sessions, empty repositories, referrers."""

import re

from support.content import Repository, digest_of, upload_target


def patch(repository: Repository, target: str, content: bytes):
    return repository.client.request("PATCH", target, content,
                                     {"Content-Type": "application/octet-stream"})


def gauge(client, name: str) -> int:
    found = re.search(rf"^{name} (\d+)$", client.get("/metrics").body.decode(), re.MULTILINE)
    assert found, name
    return int(found[1])


def test_spent_location_stays_spent_over_a_restart(start_registry):
    registry = start_registry()
    repository = Repository(registry.client, "growth/spent")
    content = b"a layer"
    spent, cancelled, going_on = (repository.upload() for _ in range(3))
    assert repository.finish(spent, content, digest_of(content)).status == 201
    assert patch(repository, cancelled, b"some").status == 202
    assert repository.client.delete(cancelled).status == 204
    answer = patch(repository, going_on, content[:3])
    assert answer.status == 202
    going_on = upload_target(answer, repository.client)

    registry.restart()
    repository = Repository(registry.client, "growth/spent")
    for target in (spent, cancelled):
        for answer in (patch(repository, target, b"more"), repository.client.get(target),
                       repository.client.delete(target)):
            assert (answer.status, answer.error_codes()) == (404, ["BLOB_UPLOAD_UNKNOWN"])
    assert repository.finish(going_on, content[3:], digest_of(content)).status == 201


def test_longest_silent_upload_makes_room(start_registry):
    registry = start_registry(options=["--uploads.max_open", "3"])
    repository = Repository(registry.client, "growth/uploads")
    targets = [repository.upload() for _ in range(5)]
    for target in targets:
        assert patch(repository, target, b"x").status == 202
    assert gauge(registry.client, "entrepot_uploads_sessions") == 3
    assert gauge(registry.client, "entrepot_uploads_evicted_total") == 2
    statuses = [repository.client.get(target).status for target in targets]
    assert statuses == [404, 404, 204, 204, 204]
    assert len(list((registry.data / "entrepot" / "uploads").iterdir())) == 2 * 3


def test_catalog_lists_what_holds_a_manifest(start_registry):
    registry = start_registry()
    emptied = Repository(registry.client, "growth/emptied")
    pushed = emptied.push_image("v1")
    Repository(registry.client, "growth/blobs-alone").push_blob(b"nobody names it")
    Repository(registry.client, "growth/holding").push_image("v1")
    assert emptied.client.delete(emptied.path(f"manifests/{pushed.digest}")).status == 202
    assert registry.client.get("/v2/_catalog").json() == {"repositories": ["growth/holding"]}
    for name in ("growth/emptied", "growth/blobs-alone"):
        answer = registry.client.get(f"/v2/{name}/tags/list")
        assert (answer.status, answer.json()) == (200, {"name": name, "tags": []})
    emptied.push_image("v2")
    assert registry.client.get("/v2/_catalog").json() == {
        "repositories": ["growth/emptied", "growth/holding"]}


def test_referrers_come_in_pages_of_bytes(start_registry):
    """Six of 1.5 MiB: two a page, whatever `n` says; all of them by the links."""
    repository = Repository(start_registry().client, "growth/referrers")
    subject = repository.push_image()
    note = "x" * 1_500_000
    digests = sorted(repository.push_image(subject=subject.descriptor(), artifactType="a/note",
                                           annotations={"note": f"{number}{note}"}).digest
                     for number in range(6))
    target, found = repository.path(f"referrers/{subject.digest}?n=5"), []
    while target is not None:
        answer = repository.client.get(target)
        assert answer.status == 200
        assert len(answer.body) < 4 << 20
        page = [entry["digest"] for entry in answer.json()["manifests"]]
        assert len(page) <= 2
        found += page
        target = answer.next_page()
    assert found == digests
