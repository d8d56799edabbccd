"""The registry that test_matrix.py asks: its accounts, repositories and callers, made over HTTP."""

import base64
import itertools
import json
from dataclasses import dataclass, field

from conftest import PASSWORD, basic, bearer
from rights_table import CALLERS, OPEN, PLACES, THERE

from support.content import (OCI_CONFIG, OCI_LAYER, Repository, descriptor, encode, image_manifest)
from support.http import Answer, Client

API = "/api/v1"
LAYER = b"a layer that every image here has"
# Failed passwords are counted by account: after ten, 429. So they are those of several, in turn.
WRONGED = ("wronged1", "wronged2", "wronged3")
USERS = ("stranger", "reader", "writer", "maintainer", "keeper", "member", "editor", "owner",
         "lodger", "auditor", "disabled")
GRANTED = {"reader": "read", "writer": "write", "maintainer": "maintain", "keeper": "admin",
           "disabled": "admin"}
VISIBLE = {"acme/public": "public", "acme/inside": "internal"}

# Planted in what some may not see. Auditors see the first, and of the second nothing.
def word_told(place: str) -> str:
    return "told-in-" + place.replace("/", "-")


def word_within(place: str) -> str:
    return "kept-in-" + place.replace("/", "-")


@dataclass(frozen=True)
class Caller:
    """Somebody who asks, and how they prove it."""

    name: str
    account: str  # whose name the proof has; "" for anonymous
    headers: dict[str, str]
    proof: str  # none, basic, bearer; cookie at /api/v1
    # Where it comes otherwise there.
    api_headers: dict[str, str] = field(default_factory=dict)

    @property
    def secret(self) -> str:
        """Of Basic."""
        text = base64.b64decode(self.headers["Authorization"].split()[1]).decode()
        return text.partition(":")[2]

    def headers_for(self, target: str) -> dict[str, str]:
        return self.api_headers or self.headers if target.startswith(API) else self.headers


class World:
    """One registry with all that rights_table.py names. What it answered is in `log`, until that is
    looked through."""

    def __init__(self, registry):
        self.registry = registry
        self.client: Client = registry.client
        self.log: list[tuple[str, str, Answer]] = []  # caller, what was sent, answer
        self.admin = basic("admin")
        self.made: dict[str, str] = {}
        self.manifests: dict[str, str] = {}
        self._make_accounts()
        self._make_repositories()
        self._make_rights()
        self._known = list(self._make_callers())
        self._wronged = itertools.cycle(WRONGED)
        assert {caller.name for caller in self.callers} == set(CALLERS)

    @property
    def callers(self) -> list[Caller]:
        """One of each kind. Ask for them once in a test."""
        wronged = next(self._wronged)
        return [*self._known,
                Caller("wrong-password", wronged, basic(wronged, "wrong horse"), "basic"),
                Caller("unknown-name", f"un{wronged}", basic(f"un{wronged}", "horse"), "basic"),
                Caller("wrong-token", "", bearer("eyJ.nonsense.x"), "bearer")]

    @property
    def below_v2(self) -> list[Caller]:
        """The same, where cookies do not count."""
        return [Caller("anonymous", "", caller.headers, "none")
                if caller.proof == "cookie" else caller for caller in self.callers]

    def caller(self, name: str) -> Caller:
        return next(caller for caller in self._known if caller.name == name)

    def ask(self, caller: Caller, method: str, target: str, body: bytes | None = None,
            **more) -> Answer:
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        answer = self.client.request(method, target, body,
                                     {**caller.headers_for(target), **headers})
        self.log.append((caller.name, f"{method} {target} {(body or b'').decode()}", answer))
        return answer

    def _do(self, method: str, path: str, body=None, headers=None, expect=(200, 201, 204)):
        sent = None if body is None else encode(body)
        answer = self.client.request(method, API + path, sent, headers or self.admin)
        assert answer.status in expect, (method, path, answer)
        return answer.json() if answer.body else None

    def _make_accounts(self) -> None:
        for name in (*USERS, "patron", *WRONGED):
            self._do("POST", "/users", {"name": name, "password": PASSWORD})
        self._do("POST", "/organisations", {"name": "acme"})
        self._do("POST", "/organisations", {"name": "ajax", "base_role": "none"})
        self._do("POST", "/organisations", {"name": "solo"})
        for path, role in (("acme/members/member", "member"), ("acme/members/editor", "editor"),
                           ("acme/members/owner", "owner"), ("ajax/members/lodger", "member"),
                           ("solo/members/patron", "owner")):
            self._do("PUT", f"/organisations/{path}", {"role": role})
        self._do("POST", "/organisations/acme/teams", {"name": "dev"})
        self._do("PATCH", "/users/auditor", {"role": "auditor"})

    def _make_repositories(self) -> None:
        for place in (*THERE, "patron/keeps"):
            repository = Repository(Client(self.registry.address, headers=self.admin), place)
            config = encode({"architecture": "amd64", "os": "linux",
                             "rootfs": {"type": "layers", "diff_ids": []}})
            self.digest = repository.push_blob(LAYER)
            repository.push_blob(config)
            repository.push_blob(word_within(place).encode())
            parts = descriptor(config, OCI_CONFIG), [descriptor(LAYER, OCI_LAYER)]
            self.manifests[place] = repository.push_manifest("v1", image_manifest(
                *parts, annotations={"org.example.note": word_within(place)})).digest
            repository.push_manifest(word_within(place), image_manifest(*parts))
            self._do("PATCH", f"/repositories/{place}",
                     {"description": word_told(place),
                      "visibility": VISIBLE.get(place, "private")})
            self.put_readme(place)

    def put_readme(self, place: str) -> None:
        answer = self.client.request("PUT", f"{API}/repositories/{place}/-/readme",
                                     word_within(place).encode(),
                                     {**self.admin, "Content-Type": "text/markdown"})
        assert answer.status == 200, answer

    def _make_rights(self) -> None:
        for name, role in GRANTED.items():
            for place in ("acme/public", "acme/inside", "acme/hidden"):
                self._do("POST", "/grants", {"to": f"user:{name}", "role": role, "pattern": place})
        self.foreign_grant = self._do("POST", "/grants", {"to": "user:patron", "role": "read",
                                                          "pattern": "solo/hidden"})["id"]
        for name, grants in (("acme/botty", [{"pattern": "acme/*", "role": "write"}]),
                             ("acme/idle", []), ("solo/botty", [])):
            self.made[name] = self._do("POST", "/robots", {"name": name, "grants": grants,
                                                           "expires_at": None})["secret"]
        for name, scope, patterns in (("all", None, []), ("pull", ["pull"], ["acme/*"]),
                                      ("public", ["pull"], ["acme/public"])):
            self.made[name] = self._make_token("owner", name, scope, patterns)["secret"]
        for name, scope in (("reader", ["pull"]), ("writer", ["pull", "push"])):
            self.made[name] = self._make_token(name, "public", scope, ["acme/public"])["secret"]
        self.foreign_token = self._make_token("patron", "x", None, [])["id"]
        self._do("PATCH", "/users/disabled", {"enabled": False})

    def _make_token(self, user, name, scope, patterns):
        return self._do("POST", "/me/tokens", {"name": name, "scope": scope, "expires_at": None,
                                               "repositories": patterns}, basic(user))

    def _registry_token(self, headers, actions: str, places=PLACES,
                        more="&scope=registry:catalog:*") -> dict[str, str]:
        """A Bearer for these actions, as far as they may be done."""
        scopes = "".join(f"&scope=repository:{place}:{actions}" for place in places)
        answer = self.client.request("GET", f"/token?service=entrepot{scopes}{more}", None, headers)
        assert answer.status == 200, answer
        return bearer(answer.json()["token"])

    def _sign_in(self, name: str) -> dict[str, str]:
        answer = self.client.request("POST", API + "/sessions", None,
                                     {**basic(name), "Entrepot-Page": "1"})
        assert answer.status == 201, answer
        return {"Cookie": answer.header("Set-Cookie").split(";")[0], "Entrepot-Page": "1"}

    def _make_callers(self):
        every = "pull,push,delete"
        token, made = self._registry_token, self.made
        yield Caller("anonymous", "", {}, "none")
        yield Caller("anonymous-token", "", token({}, every), "bearer")
        for name in (*USERS, "admin"):
            yield Caller(name, name, basic(name), "basic")
        for name in ("stranger", "writer"):
            yield Caller(f"{name}-token", name, token(basic(name), every), "bearer")
        yield Caller("owner-pull-token", "owner", token(basic("owner"), "pull"), "bearer")
        yield Caller("reader-token-public", "reader",
                     token(basic("reader"), "pull", ["acme/public"], more=""), "bearer")
        yield Caller("owner-session", "owner", self._sign_in("owner"), "cookie")
        yield Caller("owner-secret", "owner", basic("owner", made["all"]), "basic",
                     bearer(made["all"]))
        yield Caller("owner-secret-pull", "owner", basic("owner", made["pull"]), "basic")
        yield Caller("owner-secret-public", "owner", basic("owner", made["public"]), "basic")
        for name in ("reader", "writer"):
            yield Caller(f"{name}-secret-public", name, basic(name, made[name]), "basic")
        yield Caller("robot", "acme/botty", basic("acme/botty", made["acme/botty"]), "basic")
        yield Caller("robot-idle", "acme/idle", basic("acme/idle", made["acme/idle"]), "basic")


class Mismatches:
    """What did not come as written down, told all at once; but for what OPEN has of this test."""

    def __init__(self, test: str):
        self._test = test
        self._asked = 0
        self._lines: list[str] = []
        self._open = {entry: False for entry in OPEN if entry.test == test}

    def expect(self, asked: str, caller: str, got, expected) -> None:
        self._asked += 1
        if got == expected:
            return
        for entry in self._open:
            if entry.covers(asked, caller, got):
                self._open[entry] = True
                return
        self._lines.append(f"{asked}\n    as {caller}: got {got}, expected {expected}")

    def check(self) -> None:
        print(f"{self._test}: {self._asked} cells, {len(self._lines)} mismatches,"
              f" {len(self._open)} known ones")
        shown = "\n".join(itertools.islice(self._lines, 100))
        assert not self._lines, f"{len(self._lines)} of {self._asked} cells differ:\n{shown}"
        mended = [entry for entry, seen in self._open.items() if not seen]
        assert not mended, f"these no longer differ; take them out of OPEN: {mended}"


def claims_of(token: str) -> dict:
    """What is written in a registry token."""
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
