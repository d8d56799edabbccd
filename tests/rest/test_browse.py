# ctest: labels=serving timeout=300
"""What the page asks for: repositories, tags, images; in open mode."""

import json

from support.content import (OCI_CONFIG, OCI_LAYER, Repository, descriptor, encode,
                             image_manifest, index_manifest)

HISTORY = [{"created_by": "/bin/sh -c #(nop) ADD file:1 in / ", "created": "2026-01-01T00:00:00Z"},
           {"created_by": "ENV A=1", "empty_layer": True},
           {"created_by": "RUN /bin/sh -c make # buildkit"}]


def push_image(repository: Repository, tag: str | None, architecture: str = "amd64"):
    config = encode({"os": "linux", "architecture": architecture, "created": "2026-01-02T00:00:00Z",
                     "config": {"Env": ["A=1"], "Cmd": ["sh"], "Labels": {"a": "<b>"}},
                     "rootfs": {"type": "layers", "diff_ids": []}, "history": HISTORY})
    layers = [f"{architecture} one".encode(), f"{architecture} three".encode()]
    for blob in (config, *layers):
        repository.push_blob(blob)
    return repository.push_manifest(tag, image_manifest(
        descriptor(config, OCI_CONFIG), [descriptor(each, OCI_LAYER) for each in layers]))


def test_an_empty_registry_says_so(start_registry, document):
    from conftest import Api
    api = Api(start_registry().client, document)
    assert api.get("/repositories") == {"items": [], "next": None}
    assert api.get("/system")["state"] == "open"
    assert api.get("/me") == {"kind": "anonymous", "name": "", "role": "none"}


def test_repositories_are_listed_by_pages(registry, open_api):
    names = [f"browse/r{n}" for n in range(5)]
    for name in names:
        Repository(registry.client, name).push_image("latest")
    seen, after = [], ""
    while True:
        page = open_api.get(f"/repositories?q=browse/&limit=2&after={after}")
        seen += [row["name"] for row in page["items"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert seen == names
    row = open_api.get("/repositories/browse/r1")
    assert row == open_api.get("/repositories/browse%2Fr1")
    assert row["namespace"] == "browse" and row["tags"] == 1 and row["updated_at"]
    assert row["visibility"] == "public" and "delete" in row["may"]
    assert open_api.get("/repositories?q=no-such-part")["items"] == []


def test_one_namespace_is_listed(registry, open_api):
    names = [f"shelf/{name}" for name in ("a", "deep/er/b", "empty", "shelf")]
    for name in [*names, "shelf", "shelf-x/a", "shelf0/a"]:
        if name != "shelf/empty":
            Repository(registry.client, name).push_image("latest")
    Repository(registry.client, "shelf/empty").push_blob(b"a layer")

    def pages(query: str) -> list[str]:
        seen, after = [], ""
        while after is not None:
            page = open_api.get(f"/repositories?{query}&limit=2&after={after}")
            seen += [row["name"] for row in page["items"]]
            after = page["next"]
        return seen

    assert pages("namespace=shelf") == names
    assert pages("q=shelf/") == [name for name in names if name != "shelf/empty"]
    assert pages("namespace=shelf&q=er/") == ["shelf/deep/er/b"]
    assert pages("namespace=shelf&q=shelf") == ["shelf/shelf"]
    assert pages("namespace=nobodys") == pages("namespace=shel") == []
    for wrong in ("shelf/a", "Shelf", "%25", "shelf/"):
        assert open_api.get(f"/repositories?namespace={wrong}", 400)["code"] == "invalid", wrong


def test_tags_are_told_with_what_they_are(registry, open_api):
    repository = Repository(registry.client, "tags/app")
    arm, amd = (push_image(repository, None, each) for each in ("arm64", "amd64"))
    index = repository.push_manifest("multi", index_manifest([
        arm.descriptor(platform={"os": "linux", "architecture": "arm64"}),
        amd.descriptor(platform={"os": "linux", "architecture": "amd64"})]),
        "application/vnd.oci.image.index.v1+json")
    repository.push_manifest("single", arm.content)
    rows = open_api.get("/repositories/tags/app/-/tags")["items"]
    assert [row["name"] for row in rows] == ["multi", "single"]
    assert rows[0]["digest"] == index.digest and rows[0]["kind"] == "index"
    assert rows[0]["platforms"] == ["linux/arm64", "linux/amd64"]
    assert rows[0]["size_bytes"] == len("amd64 one") + len("amd64 three")
    assert rows[1]["kind"] == "image" and len(rows[1]["layers"]) == 2
    first = open_api.get("/repositories/tags/app/-/tags?sort=newest&limit=1")
    assert [row["name"] for row in first["items"]] == ["single"]
    second = open_api.get(f"/repositories/tags/app/-/tags?sort=newest&limit=1&after={first['next']}")
    assert [row["name"] for row in second["items"]] == ["multi"] and second["next"] is None


def test_an_image_is_told_whole(registry, open_api):
    repository = Repository(registry.client, "images/app")
    pushed = push_image(repository, "v1")
    image = open_api.get("/repositories/images/app/-/images/v1")
    assert image["digest"] == pushed.digest and image["tags"] == ["v1"]
    assert image["platform"] == "linux/amd64"
    assert [layer["instruction"] for layer in image["layers"]] == ["ADD file:1 in /", "RUN make"]
    assert image["empty_history"] == [{"instruction": "ENV A=1", "created_at": None, "before": 1}]
    assert image["config"]["labels"] == {"a": "<b>"} and image["config"]["cmd"] == ["sh"]
    assert open_api.get(f"/repositories/images/app/-/images/{pushed.digest}")["digest"] == \
        pushed.digest
    raw = open_api.ask("GET", f"/repositories/images/app/-/manifests/{pushed.digest}", 200)
    assert raw.body == pushed.content
    assert "sandbox" in raw.header("Content-Security-Policy")


def test_a_tag_can_be_deleted_and_its_history_stays(registry, open_api):
    repository = Repository(registry.client, "history/app")
    first, second = repository.push_image("v1"), repository.push_image("v1")
    repository.push_manifest("other", second.content)
    open_api.ask("DELETE", "/repositories/history/app/-/tags/v1", 204)
    moves = open_api.get("/repositories/history/app/-/tags/v1/history")["items"]
    assert [move["digest"] for move in moves] == [None, second.digest, first.digest]
    rows = open_api.get("/repositories/history/app/-/tags")["items"]
    assert [row["name"] for row in rows] == ["other"]
    open_api.ask("DELETE", "/repositories/history/app/-/tags/v1", 404)


def test_bad_input_gets_a_clear_error(registry, open_api):
    Repository(registry.client, "bad/app").push_image("v1")
    for path in ("/repositories?limit=0", "/repositories?limit=101", "/repositories?limit=x",
                 "/repositories?after=%20", "/repositories/bad/app/-/tags?sort=size",
                 "/repositories/bad/app/-/tags?after=AAAA",
                 "/repositories/bad/app/-/images/sha256:x",
                 "/repositories/bad/app/-/images/%20"):
        assert open_api.get(path, 400)["code"] == "invalid", path
    for path in ("/repositories/bad/none", "/repositories/Bad", "/repositories/bad/app/-/images/v2",
                 "/repositories/bad/app/-/tags/v2/history"):
        assert open_api.get(path, 404)["code"] == "not_found", path
    for path in ("/nothing", "", "/repositories/bad/app/-/nothing"):
        assert registry.client.get("/api/v1" + path).status == 404, path
    answer = registry.client.request("POST", "/api/v1/me", b"")
    assert answer.status == 405 and answer.header("Allow") == "GET, HEAD"
    body = json.dumps({"visibility": "x" * 70_000}).encode()
    for content, status in ((b"", 400), (b"[]", 400), (b"{}", 400), (body, 413),
                            (b'{"visibility":"secret"}', 400)):
        open_api.ask("PATCH", "/repositories/bad/app", status, content)
    assert registry.process.running()
