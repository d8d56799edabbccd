# ctest: labels=mirror timeout=300
"""Upstreams that fail: what is here is served, nothing wrong is kept, and nobody is told "not found"."""

import http.client
import threading

import pytest

from mirrored import NGINX, SOON, large_layer, manifest, pull
from support.content import digest_of
from support.fake_hub import Fault

# Of a manifest; each way in which an answer can go wrong.
FAULTS = {
    "500": Fault(status=500),
    "429": Fault(status=429),
    "html": Fault(page=True),
    "reset": Fault(reset_after=0),
    "short": Fault(end_after=10),
    "gzip": Fault(zipped=True),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_was_pulled_is_served_and_the_rest_is_no_404(hub, mirror, name):
    server = mirror(SOON)
    first = pull(server)
    hub.fault.manifests = FAULTS[name]
    stale = manifest(server)
    assert stale.status == 200
    hub.add_image("library/other")
    assert manifest(server, "library/other").status == 503
    hub.fault.manifests = None
    assert pull(server) == first


def test_a_realm_that_fails_is_a_fault(hub, mirror):
    server = mirror()
    hub.fault.tokens = Fault(status=500)
    assert manifest(server).status == 503


def test_wrong_bytes_are_neither_taken_whole_nor_kept(hub, mirror, image):
    server = mirror()
    manifest(server)
    layer = large_layer(image)
    path = f"/v2/{NGINX}/blobs/{layer['digest']}"
    hub.fault.blobs = Fault(wrong=True)
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        server.client.get(path)
    small = image.manifest(image.digest())["config"]["digest"]
    assert server.client.get(f"/v2/{NGINX}/blobs/{small}").status == 503
    hub.fault.blobs = None
    assert digest_of(server.client.get(path).body) == layer["digest"]


def test_a_transfer_that_breaks_goes_on(hub, mirror, image):
    server = mirror()
    manifest(server)
    layer = large_layer(image)
    hub.fault.blobs = Fault(end_after=1_500_000, times=1)
    got = server.client.get(f"/v2/{NGINX}/blobs/{layer['digest']}")
    assert digest_of(got.body) == layer["digest"]
    assert hub.counts["storage"] == 2 and hub.counts["blob_bytes"] == layer["size"]


def test_it_goes_on_without_its_client(hub, mirror, image):
    server = mirror()
    manifest(server)
    layer = large_layer(image)
    hub.fault.blobs = Fault(rate=4_000_000)
    connection = http.client.HTTPConnection(server.address, timeout=30)
    connection.request("GET", f"/v2/{NGINX}/blobs/{layer['digest']}")
    assert len(connection.getresponse().read(100_000)) == 100_000
    connection.close()
    got = server.client.get(f"/v2/{NGINX}/blobs/{layer['digest']}")
    assert digest_of(got.body) == layer["digest"]
    assert hub.counts["storage"] == 1


def test_a_slow_client_holds_up_nobody(hub, mirror, image):
    server = mirror()
    manifest(server)
    layer = large_layer(image)
    slow = [http.client.HTTPConnection(server.address, timeout=30) for _ in range(50)]
    for connection in slow:
        connection.request("GET", f"/v2/{NGINX}/blobs/{layer['digest']}")
    got = server.client.get(f"/v2/{NGINX}/blobs/{layer['digest']}")
    assert digest_of(got.body) == layer["digest"]
    assert server.client.get("/v2/").status == 200
    assert hub.counts["storage"] == 1
    for connection in slow:
        connection.close()


def test_a_server_that_ends_cuts_what_comes(hub, mirror, image):
    server = mirror("--http.drain_timeout=500ms")
    manifest(server)
    hub.fault.blobs = Fault(silent_after=1_500_000)
    path = f"/v2/{NGINX}/blobs/{large_layer(image)['digest']}"
    connection = http.client.HTTPConnection(server.address, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    assert len(answer.read(1_000_000)) == 1_000_000
    ended = threading.Thread(target=server.stop)
    ended.start()
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        while answer.read(100_000):
            pass
        raise http.client.IncompleteRead(b"")
    ended.join(30)
    assert not ended.is_alive()
