# ctest: labels=harness timeout=60
"""The hub that mirrors are tested against behaves as it is told, and counts right."""

import base64
import http.client
import json
import socket
from urllib.parse import urlencode, urlsplit

import pytest

from support.content import DOCKER_MANIFEST, digest_of
from support.fake_hub import FakeHub, Fault
from support.http import Answer, Client

NAME = "library/nginx"
LAYER = bytes(range(256)) * 400


@pytest.fixture
def hub():
    with FakeHub() as running:
        yield running


@pytest.fixture
def image(hub):
    return hub.add_image(NAME, "latest", layers=[LAYER])


class Puller:
    """A client as it should be: asks for a token when it is told to, and shows it to no storage."""

    def __init__(self, hub: FakeHub, user: str | None = None):
        self.client = Client(hub.address)
        self.headers = {}
        self.user = user

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        answer = self.client.request(method, path, headers={**self.headers, **headers})
        if answer.status != 401:
            return answer
        token = self.token(answer.header("WWW-Authenticate"))
        if token.status != 200:
            return token
        self.headers = {"Authorization": f"Bearer {token.json()['token']}"}
        return self.client.request(method, path, headers={**self.headers, **headers})

    def token(self, challenge: str) -> Answer:
        kind, _, rest = challenge.partition(" ")
        assert kind == "Bearer"
        told = dict(item.split("=", 1) for item in rest.split('",'))
        told = {name: value.strip('"') for name, value in told.items()}
        realm = urlsplit(told.pop("realm"))
        told.pop("error", None)
        encoded = base64.b64encode((self.user or "").encode()).decode()
        headers = {"Authorization": f"Basic {encoded}"} if self.user else {}
        return Client(realm.netloc).request("GET", f"{realm.path}?{urlencode(told)}",
                                            headers=headers)

    def manifest(self, reference: str = "latest", method: str = "GET") -> Answer:
        return self.get(f"/v2/{NAME}/manifests/{reference}", method, Accept=DOCKER_MANIFEST)

    def blob(self, digest: str, **headers: str) -> Answer:
        answer = self.get(f"/v2/{NAME}/blobs/{digest}")
        if answer.status != 307:
            return answer
        place = urlsplit(answer.header("Location"))
        return once(place.netloc, f"{place.path}?{place.query}", headers)


def once(address: str, target: str, headers: dict[str, str] | None = None) -> Answer:
    """A GET that is never tried again."""
    connection = http.client.HTTPConnection(address, timeout=15)
    connection.request("GET", target, headers=headers or {})
    response = connection.getresponse()
    return Answer(response.status, tuple(response.getheaders()), response.read())


@pytest.fixture
def puller(hub):
    return Puller(hub)


def body_of_a_broken_answer(puller, digest: str) -> bytes:
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)) as caught:
        puller.blob(digest)
    return caught.value.partial if isinstance(caught.value, http.client.IncompleteRead) else b""


def test_image_is_pulled_with_one_token(hub, puller, image):
    told = puller.manifest(method="HEAD")
    assert (told.status, told.body) == (200, b"")
    assert told.header("Docker-Content-Digest") == image.digest
    answer = puller.manifest(image.digest)
    assert (answer.body, answer.header("Content-Type")) == (image.manifest, DOCKER_MANIFEST)
    for blob in json.loads(answer.body)["layers"]:
        assert digest_of(puller.blob(blob["digest"]).body) == blob["digest"]
    assert hub.counts == {"head_manifest": 2, "unauthorized": 1, "tokens": 1, "get_manifest": 1,
                          "get_blob": 1, "storage": 1, "blob_bytes": len(LAYER)}
    hub.forget_counts()
    assert not hub.counts


def test_tag_moves_and_goes(hub, puller, image):
    moved = hub.add_image(NAME, "latest", layers=[b"newer"])
    assert puller.manifest().body == moved.manifest
    assert puller.manifest(image.digest).body == image.manifest
    hub.remove_tag(NAME, "latest")
    assert puller.manifest().error_codes() == ["MANIFEST_UNKNOWN"]
    assert puller.get(f"/v2/{NAME}/manifests/{moved.digest}", Accept="text/x").status == 404


def test_part_of_a_blob(puller, image):
    part = puller.blob(digest_of(LAYER), Range="bytes=1000-")
    assert (part.status, part.body) == (206, LAYER[1000:])
    assert part.header("Content-Range") == f"bytes 1000-{len(LAYER) - 1}/{len(LAYER)}"
    assert puller.blob(digest_of(LAYER), Range="bytes=0-9").body == LAYER[:10]


def test_storage_takes_no_token_and_wants_its_signature(hub, puller, image):
    assert puller.blob(digest_of(LAYER), Authorization="Bearer x").status == 400
    place = urlsplit(puller.get(f"/v2/{NAME}/blobs/{digest_of(LAYER)}").header("Location"))
    assert Client(place.netloc).get(f"{place.path}?digest={digest_of(LAYER)}").status == 403
    hub.redirects = False
    assert puller.get(f"/v2/{NAME}/blobs/{digest_of(LAYER)}").body == LAYER


def test_users_and_private_repositories(hub, image):
    hub.users["ann"] = "secret"
    hub.private.add(NAME)
    assert Puller(hub).manifest().status == 401
    assert Puller(hub, "ann:wrong").manifest().status == 401
    assert Puller(hub, "ann:secret").manifest().status == 200
    hub.private.clear()
    assert Puller(hub).manifest().status == 200
    hub.anonymous = False
    assert Puller(hub).manifest().status == 401


def test_tokens_end(hub, puller, image):
    assert puller.manifest().status == 200
    hub.expire_tokens()
    assert puller.manifest().status == 200
    assert hub.counts["tokens"] == 2
    hub.expire_tokens()
    hub.fault.expired_token = 400
    assert puller.manifest().status == 400


def test_limit_of_manifests(hub, puller, image):
    hub.manifests_left = 2
    left = [puller.manifest(method=method).header("ratelimit-remaining")
            for method in ("HEAD", "GET", "HEAD", "GET", "HEAD")]
    assert left == [f"{number};w=21600" for number in (2, 1, 1, 0, 0)]
    refused = puller.manifest()
    assert (refused.status, refused.error_codes()) == (429, ["TOOMANYREQUESTS"])
    assert hub.counts["limited"] == 1


def test_tags_come_in_pages(hub, puller):
    for tag in "abcde":
        hub.add_image(NAME, tag)
    path, seen = f"/v2/{NAME}/tags/list?n=2", []
    while path:
        page = puller.get(path)
        seen.append(page.json()["tags"])
        path = page.next_page()
    assert seen == [["a", "b"], ["c", "d"], ["e"]]
    assert puller.get("/v2/nobody/has/tags/list").status == 404


def test_layout_with_its_platforms(hub, puller):
    class Layout:  # as support.images has them, without making one
        contents = [b'{"config": {"digest": "c"}, "layers": [{"digest": "l"}]}', b"config", b"layer"]

        def entry(self, _):
            return {"digest": "index", "mediaType": "x/index"}

        def blob(self, digest):
            index = b'{"manifests": [{"digest": "child", "mediaType": "x/image"}]}'
            return {"index": index, "child": self.contents[0], "c": b"config", "l": b"layer"}[digest]

    index = hub.add_layout(NAME, Layout(), tag="v1")
    assert puller.get(f"/v2/{NAME}/manifests/v1").body == index.manifest
    child = digest_of(Layout.contents[0])
    assert puller.get(f"/v2/{NAME}/manifests/{child}").header("Content-Type") == "x/image"
    assert puller.blob(digest_of(b"layer")).body == b"layer"


@pytest.mark.parametrize("fault, seen", [
    (Fault(status=500), (500, None)),
    (Fault(status=429, retry_after="7"), (429, "7")),
    (Fault(page=True), (200, None)),
])
def test_errors_instead(hub, puller, image, fault, seen):
    hub.fault.manifests = fault
    hub.fault.blobs = fault
    for answer in (puller.manifest(), puller.blob(digest_of(LAYER))):
        assert (answer.status, answer.header("Retry-After")) == seen
        assert answer.body not in (image.manifest, LAYER)
    hub.fault.manifests = None
    assert puller.manifest().body == image.manifest


def test_realm_that_refuses(hub, puller, image):
    hub.fault.tokens = Fault(status=401, times=1)
    assert puller.manifest().status == 401
    assert puller.manifest().status == 200


def test_fault_passes_after_so_many(hub, puller, image):
    hub.fault.manifests = Fault(status=503, times=2)
    assert [puller.manifest().status for _ in range(3)] == [503, 503, 200]


def test_wrong_and_zipped_bytes(hub, puller, image):
    hub.fault.blobs = Fault(wrong=True)
    wrong = puller.blob(digest_of(LAYER)).body
    assert len(wrong) == len(LAYER) and wrong != LAYER
    hub.fault.blobs = Fault(zipped=True)
    assert puller.blob(digest_of(LAYER)).header("Content-Encoding") == "gzip"


@pytest.mark.parametrize("fault, most", [(Fault(end_after=1000), 1000),
                                         (Fault(reset_after=1000), 1000),
                                         (Fault(end_after=0), 0)])
def test_bodies_that_break_off(hub, puller, image, fault, most):
    hub.fault.blobs = fault
    body = body_of_a_broken_answer(puller, digest_of(LAYER))
    assert body in (LAYER[:most], b"")
    assert hub.counts["blob_bytes"] == most
    if fault.reset_after is None:
        assert len(body) == most


@pytest.mark.parametrize("fault, expected", [(Fault(silent=True), b""),
                                             (Fault(silent_after=1000), LAYER[:1000])])
def test_silence_lasts_until_the_hub_is_cut(hub, puller, image, fault, expected):
    hub.fault.blobs = fault
    hub.redirects = False
    puller.manifest()
    with socket.create_connection(("127.0.0.1", int(hub.address.split(":")[1]))) as raw:
        head = f"GET /v2/{NAME}/blobs/{digest_of(LAYER)} HTTP/1.1\r\nHost: x\r\n"
        raw.sendall(f"{head}Authorization: {puller.headers['Authorization']}\r\n\r\n".encode())
        came = b""
        while len(came.partition(b"\r\n\r\n")[2]) < len(expected):
            came += raw.recv(65536)
        raw.settimeout(0.2)
        with pytest.raises(TimeoutError):
            raw.recv(1)
        hub.go_down()
        raw.settimeout(10)
        assert raw.recv(1) == b""
    assert came.partition(b"\r\n\r\n")[2] == expected


def test_slow_bodies_come_whole(hub, puller, image):
    hub.fault.blobs = Fault(rate=4 * len(LAYER))
    assert puller.blob(digest_of(LAYER)).body == LAYER


def test_away_and_back_on_the_same_port(hub, puller, image):
    assert puller.manifest().status == 200
    url = hub.url
    hub.go_down()
    with pytest.raises(ConnectionRefusedError):
        once(hub.address, "/v2/")
    hub.come_back()
    assert (hub.url, puller.manifest().status) == (url, 200)
    hub.go_down(refuse=False)
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        once(hub.address, "/v2/")
    assert hub.counts["turned_away"] == 1
    hub.come_back()
    hub.go_down(storage_only=True)
    assert puller.manifest().status == 200
    with pytest.raises(ConnectionRefusedError):
        puller.blob(digest_of(LAYER))
