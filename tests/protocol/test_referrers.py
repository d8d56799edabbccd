# ctest: labels=protocol timeout=60
"""Referrers: what refers to a subject, whole or by type, by the API and by the fallback tag."""

import pytest

from support.content import (ABSENT, DOCKER_CONFIG, DOCKER_MANIFEST, OCI_CONFIG, OCI_EMPTY,
                             OCI_INDEX, OCI_LAYER, OCI_MANIFEST, descriptor, digest_of, encode,
                             image_manifest, index_manifest)


def referrers(repository, digest: str, query: str = ""):
    answer = repository.client.get(repository.path(f"referrers/{digest}{query}"))
    assert answer.status == 200, answer
    assert answer.header("Content-Type") == OCI_INDEX
    body = answer.json()
    assert (body["schemaVersion"], body["mediaType"]) == (2, OCI_INDEX)
    return body["manifests"]


def refer(repository, subject: dict, **more):
    return repository.push_image(subject=subject, **more)


@pytest.mark.parametrize("name", ["not/there", "a"])
def test_unknown_subject_has_an_empty_list(repository, name):
    path = repository.path(f"referrers/{ABSENT}").replace(repository.name, name)
    answer = repository.client.get(path)
    assert (answer.status, answer.json()["manifests"]) == (200, [])


def test_descriptor_tells_the_referrer(repository):
    """Type, digest, size, artifact type and every annotation of the referring manifest."""
    subject = repository.push_image("subject")
    annotations = {"org.example.a": "1", "org.example.ü": "größe \"quoted\" \\ \n", "empty": ""}
    referrer = refer(repository, subject.descriptor(), artifactType="a/sbom",
                     annotations=annotations)
    assert referrers(repository, subject.digest) == [
        {**referrer.descriptor(), "artifactType": "a/sbom", "annotations": annotations}]


def test_artifact_type_of_an_image_is_its_configs(repository):
    subject = repository.push_image()
    refer(repository, subject.descriptor())
    assert [entry["artifactType"] for entry in referrers(repository, subject.digest)] == [
        OCI_CONFIG]


def test_index_as_a_referrer(repository):
    """With its own artifact type, or with none."""
    subject = repository.push_image().descriptor()
    repository.push_manifest(None, index_manifest([], subject=subject), OCI_INDEX)
    repository.push_manifest(None, index_manifest([], subject=subject, artifactType="a/index"),
                             OCI_INDEX)
    kinds = [entry.get("artifactType") for entry in referrers(repository, subject["digest"])]
    assert sorted(kinds, key=str) == [None, "a/index"]


def test_empty_config_needs_its_artifact_type(repository):
    """An artifact with the empty config is listed by its artifactType."""
    subject = repository.push_image().descriptor()
    repository.push_blob(b"{}")
    empty = descriptor(b"{}", OCI_EMPTY)
    repository.push_manifest(None, image_manifest(empty, [empty], subject=subject,
                                                  artifactType="a/thing"))
    assert [entry["artifactType"] for entry in referrers(repository, subject["digest"])] == [
        "a/thing"]


@pytest.mark.parametrize(("wanted", "count"), [
    ("a/one", 2), ("a/two", 1), ("a/none", 0), ("a/On", 0), ("a/o%25", 0), ("a%2Fone", 2),
    ("a/one%20", 0), ("%27%20OR%20%271%27=%271", 0), ("a/with%2Bplus", 1), ("a/with+plus", 0),
])
def test_filter(repository, wanted, count):
    """By the exact type, and the answer says that it was filtered."""
    subject = repository.push_image().descriptor()
    for kind in ("a/one", "a/one", "a/two", "a/with+plus"):
        refer(repository, subject, artifactType=kind)
    answer = repository.client.get(
        repository.path(f"referrers/{subject['digest']}?artifactType={wanted}"))
    assert answer.header("OCI-Filters-Applied") == "artifactType"
    assert len(answer.json()["manifests"]) == count


def test_no_filter_is_not_named(repository):
    answer = repository.client.get(repository.path(f"referrers/{ABSENT}"))
    assert answer.header("OCI-Filters-Applied") is None


def test_referrer_may_come_first(repository):
    """A subject that is not there yet, and one that never will be."""
    content = encode(repository.image_document())
    subject = {"mediaType": OCI_MANIFEST, "digest": digest_of(content), "size": len(content)}
    referrer = refer(repository, subject, artifactType="a/early")
    assert [entry["digest"] for entry in referrers(repository, subject["digest"])] == [
        referrer.digest]
    repository.push_manifest("late", content)
    assert len(referrers(repository, subject["digest"])) == 1


def test_deleted_referrer_is_gone(repository):
    subject = repository.push_image().descriptor()
    stays = refer(repository, subject, artifactType="a/x")
    goes = refer(repository, subject, artifactType="a/x")
    assert repository.client.delete(repository.path(f"manifests/{goes.digest}")).status == 202
    assert [entry["digest"] for entry in referrers(repository, subject["digest"])] == [
        stays.digest]


def test_referrers_outlive_their_subject(repository):
    subject = repository.push_image()
    refer(repository, subject.descriptor(), artifactType="a/x")
    assert repository.client.delete(repository.path(f"manifests/{subject.digest}")).status == 202
    assert len(referrers(repository, subject.digest)) == 1


def test_other_repository_does_not_see_them(registry, repository):
    subject = repository.push_image().descriptor()
    refer(repository, subject)
    other = type(repository)(registry.client, f"{repository.name}/other")
    other.push_image()
    assert referrers(other, subject["digest"]) == []


def test_sha512_subject(repository):
    content = encode(repository.image_document())
    digest = digest_of(content, "sha512")
    assert repository.put_manifest(digest, content).status == 201
    subject = {"mediaType": OCI_MANIFEST, "digest": digest, "size": len(content)}
    referrer = refer(repository, subject, artifactType="a/x")
    assert [entry["digest"] for entry in referrers(repository, digest)] == [referrer.digest]
    assert referrers(repository, digest_of(content)) == []


def test_docker_manifest_with_a_subject(repository):
    """Docker's format with a subject, as some signers write it, is listed too."""
    subject = repository.push_image().descriptor()
    repository.push_blob(b"{}")
    document = {"schemaVersion": 2, "mediaType": DOCKER_MANIFEST, "layers": [],
                "config": descriptor(b"{}", DOCKER_CONFIG), "subject": subject}
    answer = repository.put_manifest("signed", document, DOCKER_MANIFEST)
    assert answer.status == 201
    if answer.header("OCI-Subject"):
        assert len(referrers(repository, subject["digest"])) == 1


def test_fallback_tag_is_a_tag(repository):
    """An older client's list of referrers is kept as pushed, and lists nothing twice."""
    subject = repository.push_image().descriptor()
    referrer = refer(repository, subject, artifactType="a/old")
    tag = subject["digest"].replace(":", "-")
    listed = index_manifest([referrer.descriptor(artifactType="a/old")])
    pushed = repository.push_manifest(tag, listed, OCI_INDEX)
    assert repository.client.get(repository.path(f"manifests/{tag}")).body == pushed.content
    assert [entry["digest"] for entry in referrers(repository, subject["digest"])] == [
        referrer.digest]


def test_layer_named_as_the_subject_is_no_referrer(repository):
    """Only `subject` counts: an image that holds the bytes as a layer refers to nothing."""
    subject = repository.push_image()
    repository.push_blob(subject.content)
    config = b"{}"
    repository.push_blob(config)
    repository.push_manifest(None, image_manifest(descriptor(config, OCI_CONFIG), [
        descriptor(subject.content, OCI_LAYER)]))
    assert referrers(repository, subject.digest) == []
