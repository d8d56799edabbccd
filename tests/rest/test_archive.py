# ctest: labels=serving timeout=120
"""An archived repository is pulled, and nothing else."""

from conftest import basic

from support.content import OCI_MANIFEST, Repository
from support.http import Client


def test_archived(office, document, closed_api):
    pusher = Client(office.address, headers=basic("alice"))
    repository = Repository(pusher, "acme/app")
    image = repository.push_image("latest")
    admin, alice = closed_api.as_("admin"), closed_api.as_("alice")
    alice.send("PATCH", "/repositories/acme/app", 403, {"archived": True})
    assert admin.send("PATCH", "/repositories/acme/app", 200, {"archived": True})["archived"]

    assert admin.get("/search?q=acme/app")["items"][0]["archived"]

    manifest = pusher.get(repository.path("manifests/latest"), Accept=OCI_MANIFEST)
    assert manifest.status == 200
    for method, target, body, headers in (
            ("PUT", "manifests/other", manifest.body, {"Content-Type": OCI_MANIFEST}),
            ("DELETE", f"manifests/{image.digest}", b"", {}),
            ("DELETE", "manifests/latest", b"", {})):
        as_admin = basic("admin") if method == "DELETE" else {}
        answer = pusher.request(method, repository.path(target), body, {**headers, **as_admin})
        assert answer.status == 403, (method, target, answer)
        assert answer.json()["errors"][0]["code"] == "DENIED"
        assert "archived" in answer.body.decode()
    alice.send("PATCH", "/repositories/acme/app", 403, {"description": "text"})
    office.command("gc", "--delete-untagged")  # see also Untagged.AnArchivedRepositoryStaysAsItIs
    assert pusher.get(repository.path("manifests/latest"), Accept=OCI_MANIFEST).status == 200

    assert "can be pushed to again" in office.command("repo", "unarchive", "acme/app").stdout
    repository.push_image("other")
    assert not admin.get("/repositories/acme/app")["archived"]
    assert not admin.get("/search?q=acme/app")["items"][0]["archived"]
