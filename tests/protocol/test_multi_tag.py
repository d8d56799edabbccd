# ctest: labels=protocol timeout=60
"""A push by digest that names tags: `PUT manifests/<digest>?tag=a&tag=b` (end-7b)."""

import pytest

from support.content import OCI_MANIFEST, digest_of, encode
from support.raw import ask


def push(repository, tags: list[str], reference: str | None = None):
    content = encode(repository.image_document())
    query = "&".join(f"tag={tag}" for tag in tags)
    answer = repository.put_manifest(f"{reference or digest_of(content)}?{query}", content)
    return answer, digest_of(content)


@pytest.mark.parametrize("count", [1, 2, 10, 40])
def test_every_tag_moves_and_is_named(repository, count):
    tags = [f"v{number}" for number in range(count)]
    answer, digest = push(repository, tags)
    assert answer.status == 201
    named = [tag.strip() for value in answer.values("OCI-Tag") for tag in value.split(",")]
    assert sorted(named) == sorted(tags)
    for tag in tags:
        head = repository.client.head(repository.path(f"manifests/{tag}"))
        assert head.header("Docker-Content-Digest") == digest


def test_tags_move_from_an_older_image(repository):
    older = repository.push_image("2")
    answer, digest = push(repository, ["2", "2.1", "2.1.106"])
    assert answer.status == 201
    assert repository.client.head(repository.path("manifests/2")).header(
        "Docker-Content-Digest") == digest
    assert repository.client.head(repository.path(f"manifests/{older.digest}")).status == 200


def test_the_same_tag_twice(repository):
    answer, _ = push(repository, ["a", "a"])
    assert answer.status == 201
    assert repository.client.get(repository.path("tags/list")).json()["tags"] == ["a"]


@pytest.mark.parametrize("bad", ["", "-x", "a%20b", "a%2fb", "t" * 129, "..", "%00", "a,b"])
def test_one_bad_tag_refuses_all(repository, bad):
    """Nothing is stored: not the manifest, not the good tag."""
    answer, digest = push(repository, ["good", bad])
    assert answer.status == 400
    assert answer.error_codes()
    assert repository.client.head(repository.path("manifests/good")).status == 404
    assert repository.client.head(repository.path(f"manifests/{digest}")).status == 404


def test_at_most_a_hundred(registry, repository):
    """Each tag is a row, an entry of the journal, and a header of the answer."""
    content = encode(repository.image_document())
    tags = [f"tag=v{number}" for number in range(1000)]
    path = repository.path(f"manifests/{digest_of(content)}")
    for count in (1000, 101):
        answer = ask(registry.address, "PUT", f"{path}?{'&'.join(tags[:count])}",
                     {"Content-Type": OCI_MANIFEST}, content)
        assert (answer.status, answer.error_codes()) == (400, ["TAG_INVALID"])
        assert repository.client.head(path).status == 404
        assert repository.client.head(repository.path("manifests/v0")).status == 404
    answer = ask(registry.address, "PUT", f"{path}?{'&'.join(tags[:100])}",
                 {"Content-Type": OCI_MANIFEST}, content)
    assert (answer.status, len(answer.values("OCI-Tag"))) == (201, 100)


def test_too_many_for_the_request_line(repository):
    """414 or 431 as the specification has it, and nothing stored."""
    answer, digest = push(repository, [f"{number:0128}" for number in range(2000)])
    assert answer.status in (414, 431)
    assert repository.client.head(repository.path(f"manifests/{digest}")).status == 404


def test_tag_in_the_query_of_a_push_by_tag(repository):
    """`?tag=` belongs to a push by digest; with a tag in the path it moves nothing else."""
    content = encode(repository.image_document())
    answer = repository.put_manifest("path?tag=query", content)
    assert answer.status in (201, 400)
    assert repository.client.head(repository.path("manifests/query")).status == 404
