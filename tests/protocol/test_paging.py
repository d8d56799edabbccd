# ctest: labels=protocol timeout=180
"""Lists in pages: tags, repositories and referrers; every page size gives exactly the set.

CVE-2023-2253 (a page size that allocates), and distribution's #4898 and #4904 (names that prefix
another one were lost).
"""

import pytest

from support.content import Repository, index_manifest

TAGS = sorted([
    "1", "1-x", "1.0", "1.0.1", "1.10", "1.2", "10", "A", "B", "Z", "_", "__", "_a", "a", "a-b",
    "a.b", "a_b", "aa", "ab", "b", "latest", "latest-1", "z",
])  # ASCII order, which is Python's for these

NAMES = sorted([
    "list/a", "list/a-b", "list/a.b", "list/a/b", "list/a/b/c", "list/a_b", "list/aa", "list/ab",
    "list/a0", "list/b", "list0", "lis", "list", "lists",
])

WRONG_SIZES = ["-1", "abc", "1.5", "0x10", "+1", "%2B1", "1e3", "1,2", "%201", "%00", "١"]
HUGE_SIZES = ["1001", "1000000000", "2147483647", "2147483648", "9223372036854775807",
              "18446744073709551616", "9" * 400]


def pages(client, first: str, field: str, most_pages: int = 200) -> list[list]:
    """All pages of a list, by its Link headers."""
    found, target = [], first
    while target is not None:
        answer = client.get(target)
        assert answer.status == 200, answer
        found.append(answer.json()[field])
        assert len(found) <= most_pages, "the list does not end"
        target = answer.next_page()
        assert target is None or target.startswith("/v2/"), target
    return found


def joined(lists: list[list]) -> list:
    return [entry for page in lists for entry in page]


@pytest.fixture(scope="module")
def tagged(registry):
    repository = Repository(registry.client, "paging/tags")
    document = repository.image_document()
    for tag in TAGS:
        repository.push_manifest(tag, document)
    return repository


@pytest.fixture(scope="module")
def named(start_module_registry):
    """A registry with just these repositories."""
    registry = start_module_registry()
    for name in NAMES:
        Repository(registry.client, name).push_image("latest")
    return registry.client


@pytest.fixture(scope="module")
def referred(registry):
    repository = Repository(registry.client, "paging/referrers")
    subject = repository.push_image()
    kinds = ["a/one", "a/two"]
    digests = [repository.push_image(subject=subject.descriptor(),
                                     artifactType=kinds[number % 2]).digest
               for number in range(23)]
    return repository, subject, sorted(digests)


@pytest.mark.parametrize("size", range(1, len(TAGS) + 2))
def test_tags_at_every_page_size(tagged, size):
    found = pages(tagged.client, tagged.path(f"tags/list?n={size}"), "tags")
    assert joined(found) == TAGS
    assert all(len(page) == size for page in found[:-1])


@pytest.mark.parametrize("size", range(1, len(NAMES) + 2))
def test_catalog_at_every_page_size(named, size):
    found = pages(named, f"/v2/_catalog?n={size}", "repositories")
    assert joined(found) == NAMES
    assert all(len(page) == size for page in found[:-1])


@pytest.mark.parametrize("size", range(1, 25))
def test_referrers_at_every_page_size(referred, size):
    repository, subject, digests = referred
    found = joined(pages(repository.client, repository.path(
        f"referrers/{subject.digest}?n={size}"), "manifests"))
    assert sorted(entry["digest"] for entry in found) == digests


def test_whole_lists_without_a_size(tagged, named):
    assert tagged.client.get(tagged.path("tags/list")).json() == {"name": tagged.name, "tags": TAGS}
    assert named.get("/v2/_catalog").json() == {"repositories": NAMES}


@pytest.mark.parametrize("last", ["", "0", "1", "1.0", "1.0.0", "B", "a", "a.", "latest", "zzz",
                                  "~"])
def test_tags_behind_any_word(tagged, last):
    """`last` need not be a tag, and works with and without `n`."""
    expected = [tag for tag in TAGS if tag > last]
    for query in (f"last={last}", f"n=3&last={last}"):
        assert joined(pages(tagged.client, tagged.path(f"tags/list?{query}"), "tags")) == expected


@pytest.mark.parametrize("last", ["", "lis", "list", "list/a", "list/a/b", "list/a0", "zzz",
                                  "LIST"])
def test_catalog_behind_any_word(named, last):
    expected = [name for name in NAMES if name > last]
    for query in (f"last={last}", f"n=2&last={last}"):
        assert joined(pages(named, f"/v2/_catalog?{query}", "repositories")) == expected


@pytest.mark.parametrize("last", ["%00", "%ff", "%27%20OR%201=1--", "%25", "_%25", "%5c",
                                  "a" * 5000, "%0d%0aX:y"])
def test_odd_last(tagged, named, last):
    """Compared or refused, never run: no 5xx, no header of the caller's."""
    for client, target in ((tagged.client, tagged.path("tags/list")), (named, "/v2/_catalog")):
        answer = client.get(f"{target}?n=5&last={last}")
        assert answer.status in (200, 400)
        assert answer.header("X") is None


def lists(tagged, referred) -> list[tuple]:
    repository, subject, _ = referred
    return [(tagged.client, tagged.path("tags/list")), (tagged.client, "/v2/_catalog"),
            (repository.client, repository.path(f"referrers/{subject.digest}"))]


@pytest.mark.parametrize("size", WRONG_SIZES, ids=ascii)
def test_wrong_page_size(tagged, referred, size):
    for client, target in lists(tagged, referred):
        answer = client.request("GET", f"{target}?n={size}".replace("١", "%D9%A1"))
        assert (answer.status, answer.error_codes()) == (400, ["PAGINATION_NUMBER_INVALID"]), target


@pytest.mark.parametrize("size", HUGE_SIZES, ids=lambda size: size[:22])
def test_huge_page_size(registry, tagged, referred, size):
    """The cap or a refusal; never memory for what was asked."""
    before = registry.process.resident_bytes()
    for client, target in lists(tagged, referred):
        answer = client.get(f"{target}?n={size}")
        assert answer.status in (200, 400)
    assert registry.process.resident_bytes() - before < 8 << 20


def test_an_empty_page_size_is_none(tagged, referred):
    """`?n=` is what a client makes of a page size that it was not given."""
    for client, target in lists(tagged, referred):
        assert client.get(f"{target}?n=").body == client.get(target).body


def test_empty_page(tagged, referred):
    """n=0: nothing, and no way to go on."""
    for client, target in lists(tagged, referred):
        answer = client.get(f"{target}?n=0")
        assert (answer.status, answer.next_page()) == (200, None)
        lists_in = [value for value in answer.json().values() if isinstance(value, list)]
        assert lists_in == [[]]


def test_referrers_are_filtered_over_pages(referred):
    repository, subject, _ = referred
    target = repository.path(f"referrers/{subject.digest}")
    answer = repository.client.get(f"{target}?artifactType=a/one")
    assert answer.header("OCI-Filters-Applied") == "artifactType"
    for size in (1, 2, 5, 100):
        found = joined(pages(repository.client, f"{target}?artifactType=a/one&n={size}",
                             "manifests"))
        assert len(found) == 12
        assert {entry["artifactType"] for entry in found} == {"a/one"}


def test_deleted_entry_does_not_break_paging(registry):
    """The tag that a Link names is deleted between two pages."""
    repository = Repository(registry.client, "paging/deleted")
    document = index_manifest([])
    for tag in ("a", "b", "c", "d"):
        repository.put_manifest(tag, document, document["mediaType"])
    answer = repository.client.get(repository.path("tags/list?n=2"))
    assert answer.json()["tags"] == ["a", "b"]
    assert repository.client.delete(repository.path("manifests/b")).status == 202
    following = repository.client.get(answer.next_page())
    assert following.json()["tags"] == ["c", "d"]


def test_tags_of_an_unknown_repository(registry):
    answer = registry.client.get("/v2/not/there/tags/list")
    assert (answer.status, answer.error_codes()) == (404, ["NAME_UNKNOWN"])
