# ctest: labels=serving timeout=120
"""How often tags and repositories were pulled, as the API tells it."""

from support.content import Repository


def told(server, name: str) -> tuple[dict, dict]:
    """The repository, and its one tag."""
    [tag] = server.client.get(f"/api/v1/repositories/{name}/-/tags").json()["items"]
    return server.client.get(f"/api/v1/repositories/{name}").json(), tag


def test_pulls_are_counted_and_outlive_a_restart(start_registry):
    server = start_registry()
    repository = Repository(server.client, "acme/app")
    pushed = repository.push_image("latest")
    about, tag = told(server, "acme/app")
    assert (about["pulls"], about["last_pulled_at"]) == (tag["pulls"], tag["last_pulled_at"]) == (0, None)
    for reference in ("latest", "latest", pushed.digest):
        path = repository.path(f"manifests/{reference}")
        assert server.client.get(path).status == 200
        assert server.client.head(path).status == 200  # a look is no pull
    server.restart()
    about, tag = told(server, "acme/app")
    assert about["pulls"] == tag["pulls"] == 3
    assert about["last_pulled_at"] == tag["last_pulled_at"] is not None
