# ctest: labels=protocol timeout=60 sanitizers=dev,tsan
"""Conditions on changes: If-Match and If-None-Match on PUT and DELETE (RFC 9110 §13)."""

import threading

import pytest

from support.content import ABSENT, OCI_MANIFEST, Repository, digest_of, encode


def put(repository, reference: str, content: bytes, **conditions: str):
    headers = {name.replace("_", "-"): value for name, value in conditions.items()}
    return repository.client.request("PUT", repository.path(f"manifests/{reference}"), content,
                                     {"Content-Type": OCI_MANIFEST, **headers})


def delete(repository, reference: str, **conditions: str):
    return repository.client.request(
        "DELETE", repository.path(f"manifests/{reference}"),
        headers={name.replace("_", "-"): value for name, value in conditions.items()})


def refused(answer) -> bool:
    if answer.status != 412:
        return False
    assert answer.error_codes() == ["PRECONDITION_FAILED"]
    return True


def at(repository, tag: str) -> str | None:
    return repository.client.head(repository.path(f"manifests/{tag}")).header(
        "Docker-Content-Digest")


def test_create_only(repository):
    first, second = (encode(repository.image_document()) for _ in range(2))
    assert put(repository, "t", first, If_None_Match="*").status == 201
    assert refused(put(repository, "t", second, If_None_Match="*"))
    assert at(repository, "t") == digest_of(first)
    assert at(repository, digest_of(second)) is None, "nothing of it was stored"
    assert put(repository, digest_of(second), second, If_None_Match="*").status == 201
    assert refused(put(repository, digest_of(second), second, If_None_Match="*"))


@pytest.mark.parametrize("form", ['"{}"', "{}", '"other", "{}"', f'"{ABSENT}", {{}}'])
def test_move_only_from(repository, form):
    first, second, third = (encode(repository.image_document()) for _ in range(3))
    repository.push_manifest("t", first)
    assert put(repository, "t", second, If_Match=form.format(digest_of(first))).status == 201
    assert refused(put(repository, "t", third, If_Match=form.format(digest_of(first))))
    assert at(repository, "t") == digest_of(second)


@pytest.mark.parametrize(("conditions", "there", "absent"), [
    ({"If_Match": "*"}, 201, 412), ({"If_None_Match": "*"}, 412, 201),
    ({"If_Match": f'"{ABSENT}"'}, 412, 412), ({"If_None_Match": f'"{ABSENT}"'}, 201, 201),
    ({"If_Match": "*", "If_None_Match": f'"{ABSENT}"'}, 201, 412),
    ({"If_Match": 'W/"{digest}"'}, 412, 412), ({"If_None_Match": 'W/"{digest}"'}, 412, 201),
    ({"If_Match": ""}, 412, 412), ({"If_None_Match": ""}, 201, 201), ({}, 201, 201),
])
def test_which_conditions_hold(repository, conditions, there, absent):
    pushed = repository.push_image("t")
    conditions = {name: value.format(digest=pushed.digest) for name, value in conditions.items()}
    document = encode(repository.image_document())
    assert put(repository, "u", document, **conditions).status == absent
    assert put(repository, "t", document, **conditions).status == there


def test_what_is_wrong_besides_is_said_first(repository):
    repository.push_image("t")
    assert put(repository, "t", b"{", If_None_Match="*").status == 400
    document = repository.image_document()
    document["layers"][0]["digest"] = ABSENT
    assert put(repository, "t", encode(document), If_None_Match="*").status == 404
    assert delete(repository, "absent", If_Match="*").status == 404
    assert delete(repository, ABSENT, If_Match="*").status == 404


def test_delete(repository):
    image = repository.push_image("t")
    for reference in ("t", image.digest):
        assert refused(delete(repository, reference, If_Match=f'"{ABSENT}"'))
        assert refused(delete(repository, reference, If_None_Match="*"))
    assert at(repository, "t") == image.digest
    assert delete(repository, "t", If_Match=f'"{image.digest}"').status == 202
    assert at(repository, "t") is None
    assert delete(repository, image.digest, If_Match=image.digest).status == 202


@pytest.mark.parametrize("round_", range(5))
def test_of_sixteen_creators_one_wins(registry, repository, round_):
    """At once, each over a connection of its own; the tag is what the winner pushed."""
    contents = [encode(repository.image_document()) for _ in range(16)]
    ready = threading.Barrier(len(contents))
    outcomes: dict[bytes, int] = {}

    def create(content: bytes) -> None:
        own = Repository(registry.client, repository.name)
        own.client.get("/v2/")
        ready.wait(10)
        outcomes[content] = put(own, f"t{round_}", content, If_None_Match="*").status
        own.client.close()

    creators = [threading.Thread(target=create, args=(content,)) for content in contents]
    for creator in creators:
        creator.start()
    for creator in creators:
        creator.join(30)
    assert sorted(outcomes.values()) == [201] + [412] * 15
    winner = next(content for content, status in outcomes.items() if status == 201)
    assert at(repository, f"t{round_}") == digest_of(winner)
