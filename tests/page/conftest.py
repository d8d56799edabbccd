"""A browser, and a registry with something to see."""

import pytest

from page_browser import Browser
from page_content import fill, push_version
from page_people import PASSWORD, Api, SignedIn
from support.command import run
from support.content import Repository
from support.paths import entrepot


@pytest.fixture(scope="module")
def browser():
    made = Browser()
    yield made
    made.close()


@pytest.fixture(scope="module")
def filled(start_module_registry):
    """Open, with everything of content.py. Nothing in it is changed."""
    registry = start_module_registry()
    fill(registry.client)
    return registry


@pytest.fixture(scope="module")
def closed(start_module_registry):
    """acme/secret, which alice may change; acme/open, which everybody may pull; bob, who may nothing."""
    registry = start_module_registry(environment={"ENTREPOT_ADMIN_PASSWORD": PASSWORD})

    def command(*words, **options):
        run(entrepot(), *words, "--data", registry.data, **options)

    for name in ("alice", "bob"):
        command("user", "create", name, "--password-stdin", input=PASSWORD + "\n")
    command("org", "create", "acme")
    for name, visibility in (("acme/secret", "private"), ("acme/open", "public")):
        command("repo", "create", name, "--visibility", visibility)
        command("grant", "create", name, "--to", "user:alice", "--role", "maintain")
        push_version(Repository(SignedIn(registry.address, "alice"), name), "1", name)
    return registry


@pytest.fixture(scope="module")
def peopled(start_module_registry):
    """acme with alice, its owner, and bob, a member, the team dev and the robot acme/ci; carol, who is nothing
    to it. acme/web is public, acme/api private."""
    registry = start_module_registry(environment={"ENTREPOT_ADMIN_PASSWORD": PASSWORD})
    admin = Api(registry.address, "admin")
    for name in ("alice", "bob", "carol"):
        admin.post("/users", {"name": name, "password": PASSWORD})
    admin.post("/organisations", {"name": "acme"})
    admin.put("/organisations/acme/members/alice", {"role": "owner"})
    admin.put("/organisations/acme/members/bob", {"role": "member"})
    admin.post("/organisations/acme/teams", {"name": "dev"})
    admin.put("/organisations/acme/teams/dev/members/bob", {})
    admin.post("/robots", {"name": "acme/ci", "grants": [{"pattern": "acme/*", "role": "write"}], "expires_at": None})
    admin.post("/grants", {"to": "team:acme/dev", "role": "maintain", "pattern": "acme/api"})
    for name in ("acme/web", "acme/api"):
        push_version(Repository(SignedIn(registry.address, "alice"), name), "1", name)
    admin.patch("/repositories/acme/web", {"visibility": "public"})
    return registry


@pytest.fixture
def open_page(browser):
    """Opens pages that must be quiet to their end: open_page(registry, theme=…)."""
    opened = []

    def open_one(registry, **settings):
        opened.append(browser.open(registry, **settings))
        return opened[-1]

    yield open_one
    for page in opened:
        page.require_quiet()
        page.close()
