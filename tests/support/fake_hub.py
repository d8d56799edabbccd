"""A registry to mirror, which behaves like Docker Hub, or as badly as a test wants.

    with FakeHub() as hub:
        image = hub.add_image("library/nginx", "latest", layers=[b"…"])
        … hub.url …
        hub.fault.blobs = Fault(reset_after=1000)
        assert hub.counts["get_blob"] == 1

Three servers on three ports: the registry, its token server, and the storage, to which the registry
sends who asks for a blob, and which refuses a request that carries Authorization.
"""

import base64
import json
import re
import secrets
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from support.content import (DOCKER_CONFIG, DOCKER_LAYER, DOCKER_MANIFEST, descriptor, digest_of,
                             encode)
from support.faulty_server import Fault, FaultyServer, Reply, Request, error_reply, json_reply
from support.images import Image

__all__ = ["FakeHub", "Fault", "HubImage"]

TOKEN_SECONDS = 60
_SERVICE = "registry.docker.io"
_RATE_WINDOW = "w=21600"


@dataclass(frozen=True)
class HubImage:
    """An image that the hub has."""

    manifest: bytes
    media_type: str
    blobs: tuple[bytes, ...] = ()

    @property
    def digest(self) -> str:
        return digest_of(self.manifest)


@dataclass
class Faults:
    """What is wrong with the answers of each kind. Nothing: None."""

    tokens: Fault | None = None
    manifests: Fault | None = None
    blobs: Fault | None = None  # of their bytes, wherever they come from
    tags: Fault | None = None
    expired_token: int = 401  # what a token gets whose time is over


@dataclass
class _Repository:
    manifests: dict[str, HubImage] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class _Token:
    repositories: frozenset[str]
    good_until: float


class FakeHub:
    """Set what it has and how it behaves at any time, from any thread.

    `counts` tells the requests of each kind: ping, tokens, head_manifest, get_manifest, head_blob,
    get_blob (asked of the registry), storage (answered by the storage), tags; and blob_bytes (sent),
    limited (429 for the limit), unauthorized (401), turned_away (connections, while down).
    """

    def __init__(self):
        self.fault = Faults()
        self.users: dict[str, str] = {}  # name and password
        self.anonymous = True  # are tokens for whoever asks?
        self.private: set[str] = set()  # repositories for users alone
        self.manifests_left: int | None = None  # that may still be got; None: no limit
        self.manifests_limit = 100  # as the headers tell it
        self.redirects = True  # blobs come from the storage
        self._lock = threading.RLock()
        self._counts: Counter[str] = Counter()
        self._repositories: dict[str, _Repository] = {}
        self._tokens: dict[str, _Token] = {}
        self._signature = secrets.token_hex(8)
        self._registry = FaultyServer(self._answer_as_registry)
        self._realm = FaultyServer(self._answer_as_realm)
        self._storage = FaultyServer(self._answer_as_storage)
        self._servers = (self._registry, self._realm, self._storage)

    def __enter__(self) -> "FakeHub":
        return self.start()

    def __exit__(self, *_) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return self._registry.url

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._registry.port}"

    @property
    def counts(self) -> Counter[str]:
        """A copy, as of now."""
        with self._lock:
            turned_away = sum(server.turned_away for server in self._servers)
            return self._counts + Counter(turned_away=turned_away)

    def forget_counts(self) -> None:
        with self._lock:
            self._counts.clear()
            for server in self._servers:
                server.turned_away = 0

    # --- Its life ---

    def start(self) -> "FakeHub":
        for server in self._servers:
            server.start()
        return self

    def stop(self) -> None:
        for server in self._servers:
            server.close()
        failures = [failure for server in self._servers for failure in server.failures]
        if failures:
            raise failures[0]

    def go_down(self, refuse: bool = True, storage_only: bool = False) -> None:
        """Cuts all connections. New ones are refused, or taken, counted as turned_away and reset."""
        for server in (self._storage,) if storage_only else self._servers:
            server.stop() if refuse else server.turn_away()

    def come_back(self) -> None:
        """Listens again, on the same ports."""
        self.start()

    # --- What it has ---

    def add(self, repository: str, manifest: bytes, media_type: str, tags: Sequence[str] = (),
            blobs: Sequence[bytes] = ()) -> HubImage:
        """Adds a manifest, and moves these tags to it. Nothing is checked."""
        image = HubImage(manifest, media_type, tuple(blobs))
        with self._lock:
            kept = self._repositories.setdefault(repository, _Repository())
            kept.manifests[image.digest] = image
            kept.tags.update({tag: image.digest for tag in tags})
            kept.blobs.update({digest_of(blob): blob for blob in blobs})
        return image

    def add_image(self, repository: str, tag: str = "latest",
                  layers: Sequence[bytes] = (b"a layer",), **config) -> HubImage:
        """An image for docker of these layers, taken as they are."""
        document = encode({"architecture": "amd64", "os": "linux", **config,
                           "rootfs": {"type": "layers", "diff_ids": [digest_of(layer)
                                                                     for layer in layers]}})
        manifest = encode({"schemaVersion": 2, "mediaType": DOCKER_MANIFEST,
                           "config": descriptor(document, DOCKER_CONFIG),
                           "layers": [descriptor(layer, DOCKER_LAYER) for layer in layers]})
        return self.add(repository, manifest, DOCKER_MANIFEST, [tag], [document, *layers])

    def add_layout(self, repository: str, image: Image, name: str = "latest",
                   tag: str | None = None) -> HubImage:
        """An image of support.images, with all that its index lists; `name` is its name there."""
        entry = image.entry(name)
        return self._add_from(repository, image, entry, [tag or name])

    def _add_from(self, repository: str, image: Image, entry: dict, tags: list[str]) -> HubImage:
        manifest = image.blob(entry["digest"])
        document = json.loads(manifest)
        for child in document.get("manifests", []):
            self._add_from(repository, image, child, [])
        named = [document["config"], *document["layers"]] if "config" in document else []
        return self.add(repository, manifest, entry["mediaType"], tags,
                        [image.blob(blob["digest"]) for blob in named])

    def remove_tag(self, repository: str, tag: str) -> None:
        with self._lock:
            del self._repositories[repository].tags[tag]

    def expire_tokens(self) -> None:
        """The time of all that were given is over."""
        with self._lock:
            self._tokens = {text: _Token(token.repositories, 0)
                            for text, token in self._tokens.items()}

    # --- The registry ---

    def _answer_as_registry(self, request: Request) -> Reply:
        url = urlsplit(request.path)
        if url.path == "/v2/":
            self._count("ping")
            return self._refusal(request, None) or json_reply({})
        route = re.fullmatch(r"/v2/(?P<name>.+)/(?P<kind>manifests|blobs|tags)/(?P<of>[^/]+)",
                             url.path)
        if route is None:
            return error_reply(404, "NOT_FOUND", "there is no such path")
        name, kind, of = route.group("name", "kind", "of")
        verb = "get" if request.command == "GET" else "head"
        self._count("tags" if kind == "tags" else f"{verb}_{kind[:-1]}")
        refusal = self._refusal(request, name)
        if refusal is not None:
            return refusal
        with self._lock:
            repository = self._repositories.get(name, _Repository())
        if kind == "manifests":
            return self._manifest(request, repository, of)
        if kind == "blobs":
            return self._blob(request, repository, of)
        return self._tags(name, repository, parse_qs(url.query))

    def _refusal(self, request: Request, repository: str | None) -> Reply | None:
        """Why this token is none for this repository."""
        kind, _, text = (request.headers["Authorization"] or "").partition(" ")
        challenge = f'Bearer realm="{self._realm.url}/token",service="{_SERVICE}"'
        if repository is not None:
            challenge += f',scope="repository:{repository}:pull"'
        with self._lock:
            token = self._tokens.get(text) if kind == "Bearer" else None
        status = 401
        if token is not None and token.good_until <= time.monotonic():
            challenge += ',error="invalid_token"'
            status = self.fault.expired_token
        elif token is not None and repository is not None and repository not in token.repositories:
            challenge += ',error="insufficient_scope"'
        elif token is not None:
            return None
        self._count("unauthorized")
        return error_reply(status, "UNAUTHORIZED", "authentication required",
                           WWW_Authenticate=challenge)

    def _manifest(self, request: Request, repository: _Repository, reference: str) -> Reply:
        limit = self._take_from_limit(counts=request.command == "GET")
        if limit is None:
            self._count("limited")
            return error_reply(429, "TOOMANYREQUESTS", "You have reached your pull rate limit.",
                               **self._limit_headers(0))
        with self._lock:
            image = repository.manifests.get(repository.tags.get(reference, reference))
        accepted = ",".join(request.headers.get_all("Accept", ["*/*"]))
        if image is None or ("*/*" not in accepted and image.media_type not in accepted):
            return error_reply(404, "MANIFEST_UNKNOWN", "manifest unknown", **limit)
        headers = {name.replace("_", "-"): value for name, value in limit.items()}
        return Reply(200, image.manifest, {"Content-Type": image.media_type,
                                           "Docker-Content-Digest": image.digest, **headers},
                     fault=self._take_fault("manifests"))

    def _take_from_limit(self, counts: bool) -> dict[str, str] | None:
        """The headers that tell what is left; None: nothing was."""
        with self._lock:
            if self.manifests_left is None:
                return {}
            if counts and self.manifests_left == 0:
                return None
            self.manifests_left -= 1 if counts else 0
            return self._limit_headers(self.manifests_left)

    def _limit_headers(self, left: int) -> dict[str, str]:
        return {"ratelimit_limit": f"{self.manifests_limit};{_RATE_WINDOW}",
                "ratelimit_remaining": f"{left};{_RATE_WINDOW}"}

    def _blob(self, request: Request, repository: _Repository, digest: str) -> Reply:
        blob = repository.blobs.get(digest)
        if blob is None:
            return error_reply(404, "BLOB_UNKNOWN", "blob unknown to registry")
        if not self.redirects:
            return self._blob_bytes(request, blob, {"Docker-Content-Digest": digest})
        query = urlencode({"digest": digest, "signature": self._signature})
        return Reply(307, b"", {"Location": f"{self._storage.url}/data?{query}",
                                "Docker-Content-Digest": digest})

    def _tags(self, name: str, repository: _Repository, query: dict[str, list[str]]) -> Reply:
        with self._lock:
            tags = sorted(repository.tags)
        if name not in self._repositories:
            return error_reply(404, "NAME_UNKNOWN", "repository name not known to registry")
        after = query.get("last", [""])[0]
        limit = int(query.get("n", ["1000"])[0])
        rest = [tag for tag in tags if tag > after]
        headers = {"Content-Type": "application/json"}
        if len(rest) > limit:
            following = urlencode({"last": rest[limit - 1], "n": limit})
            headers["Link"] = f'</v2/{name}/tags/list?{following}>; rel="next"'
        return Reply(200, encode({"name": name, "tags": rest[:limit]}), headers,
                     fault=self._take_fault("tags"))

    # --- The storage ---

    def _answer_as_storage(self, request: Request) -> Reply:
        self._count("storage")
        if request.headers["Authorization"] is not None:
            return Reply(400, b"<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism "
                              b"allowed</Message></Error>", {"Content-Type": "application/xml"})
        query = parse_qs(urlsplit(request.path).query)
        if query.get("signature") != [self._signature]:
            return Reply(403, b"<Error><Code>AccessDenied</Code></Error>",
                         {"Content-Type": "application/xml"})
        [digest] = query["digest"]
        with self._lock:
            found = [repository.blobs[digest] for repository in self._repositories.values()
                     if digest in repository.blobs]
        return self._blob_bytes(request, found[0], {}) if found else Reply(404)

    def _blob_bytes(self, request: Request, blob: bytes, headers: dict[str, str]) -> Reply:
        headers = {"Content-Type": "application/octet-stream", "Accept-Ranges": "bytes", **headers}
        status = 200
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers["Range"] or "")
        if wanted is not None:
            first = int(wanted[1])
            end = min(int(wanted[2] or len(blob)) + 1, len(blob))
            headers["Content-Range"] = f"bytes {first}-{end - 1}/{len(blob)}"
            blob, status = blob[first:end], 206
        return Reply(status, blob, headers, fault=self._take_fault("blobs"),
                     count=lambda sent: self._count("blob_bytes", sent))

    # --- Tokens ---

    def _answer_as_realm(self, request: Request) -> Reply:
        self._count("tokens")
        user = self._user_of(request.headers["Authorization"])
        if user is None or (user == "" and not self.anonymous):
            return json_reply({"details": "incorrect username or password"}, 401)
        query = parse_qs(urlsplit(request.path).query)
        if query.get("service") != [_SERVICE]:
            return json_reply({"details": "no such service"}, 400)
        repositories = set()
        for scope in query.get("scope", []):
            kind, _, rest = scope.partition(":")
            name, _, actions = rest.rpartition(":")
            open_to_it = name not in self.private or user != ""
            if kind == "repository" and "pull" in actions.split(",") and open_to_it:
                repositories.add(name)
        text = secrets.token_hex(16)
        with self._lock:
            self._tokens[text] = _Token(frozenset(repositories), time.monotonic() + TOKEN_SECONDS)
        issued = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        reply = json_reply({"token": text, "access_token": text, "expires_in": TOKEN_SECONDS,
                            "issued_at": issued})
        return Reply(reply.status, reply.body, reply.headers, fault=self._take_fault("tokens"))

    def _user_of(self, authorization: str | None) -> str | None:
        """"" for nobody; None for somebody whose password is wrong."""
        if authorization is None:
            return ""
        kind, _, encoded = authorization.partition(" ")
        if kind != "Basic":
            return None
        name, _, password = base64.b64decode(encoded).decode().partition(":")
        return name if self.users.get(name) == password else None

    # --- What they share ---

    def _count(self, what: str, by: int = 1) -> None:
        with self._lock:
            self._counts[what] += by

    def _take_fault(self, kind: str) -> Fault | None:
        with self._lock:
            fault = getattr(self.fault, kind)
            if fault is None or fault.times is None:
                return fault
            left = fault.times - 1
            setattr(self.fault, kind,
                    None if left == 0 else Fault(**{**vars(fault), "times": left}))
            return fault
