# ctest: labels=serving timeout=200
"""Who is answered by a server that is open to others, adopted, behind a proxy, or used by a page."""

import os
import re

import pytest

from served import ANY_PORT
from support.content import Repository
from support.http import Client
from support.nginx import Nginx
from support.raw import RawConnection, ask

UI = "http://ui.example.com"
REBOUND = {"Host": "evil.example.com:5000"}
REBOUND_SCRIPT = {**REBOUND, "Origin": "http://evil.example.com:5000"}
WRITES = [("POST", "/v2/a/blobs/uploads/"), ("PUT", "/v2/a/manifests/x"),
          ("DELETE", "/v2/a/manifests/x"), ("PATCH", "/v2/a/blobs/uploads/x")]


@pytest.fixture
def start(serve, tmp_path):
    """start(arguments…, VARIABLE=value…): a server on the data directory `tmp_path/d`."""
    return lambda *arguments, **variables: serve(
        "--data", tmp_path / "d", "--listen", ANY_PORT, *arguments, **variables)


def status(server, headers: dict[str, str], method: str = "GET", target: str = "/v2/") -> int:
    return ask(server.address, method, target, headers).status


# --- names

def test_an_open_server_takes_no_writes_of_a_rebound_page(start):
    """Without `names` it cannot tell its own name from another, but a script tells its page."""
    server = start("--open")
    assert status(server, REBOUND) == 200
    for method, target in WRITES:
        assert status(server, REBOUND_SCRIPT, method, target) == 403


def test_names_hold_on_an_open_server(start):
    server = start("--open", "--names", "registry.example.com")
    own = {"Host": "registry.example.com"}
    assert status(server, own) == 200
    assert status(server, {**own, "Origin": "http://registry.example.com"}) == 200
    assert status(server, {**own, "Origin": "https://registry.example.com",
                           "X-Forwarded-Proto": "https"}) == 200
    assert status(server, {"Host": "10.1.2.3:5000"}) == 200
    assert status(server, {"Host": "registry:5000"}) == 200
    for stranger in (REBOUND, REBOUND_SCRIPT, {**REBOUND, "X-Forwarded-Host": "localhost"}):
        assert status(server, stranger) == 403
    assert ask(server.address, "GET", "/v2/", REBOUND).error_codes() == ["DENIED"]


def test_the_host_of_the_url_is_an_own_name(start):
    server = start("--open", "--http.host", "https://registry.example.com:8443")
    own = {"Host": "registry.example.com:8443", "X-Forwarded-Proto": "https",
           "Origin": "https://registry.example.com:8443"}
    assert status(server, own, "POST", "/v2/a/blobs/uploads/") == 202
    assert status(server, REBOUND_SCRIPT, "POST", "/v2/a/blobs/uploads/") == 403


def test_an_adopted_directory_opens_nothing_to_a_rebound_page(start, tmp_path):
    (tmp_path / "d/docker/registry/v2/repositories").mkdir(parents=True)
    server = start()
    assert status(server, {"Host": "localhost"}) == 200
    assert status(server, {"Host": "localhost", "X-Forwarded-For": "10.0.0.1"}) == 403
    for rebound in (REBOUND, REBOUND_SCRIPT, {**REBOUND, "X-Forwarded-For": "10.0.0.1"}):
        assert status(server, rebound, "GET", "/v2/_catalog") == 403
        assert status(server, rebound, "POST", "/v2/a/blobs/uploads/") == 403


# --- proxies

@pytest.mark.parametrize("directives", [
    "",
    "proxy_http_version 1.1; proxy_set_header X-Real-IP $remote_addr;",
    "proxy_http_version 1.1; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
    "proxy_http_version 1.1; proxy_set_header Host $http_host; "
    "proxy_set_header X-Forwarded-Proto $scheme;",
    "proxy_http_version 1.1; proxy_set_header Forwarded for=$remote_addr;",
    "proxy_http_version 1.1; proxy_set_header X-NginX-Proxy true;",
])
def test_what_nginx_forwards_is_refused(start, tmp_path, directives):
    server = start()
    with Nginx(tmp_path / "nginx", server.address, directives) as proxy:
        client = Client(proxy.address)
        answer = client.get("/v2/")
        assert (answer.status, answer.error_codes()) == (403, ["DENIED"])
        assert client.get("/healthz").status == 200
        assert client.get("/readyz").body == b"ready\n"
        assert client.get("/metrics").status == 403
    server.stop()
    opened = start("--open")
    with Nginx(tmp_path / "opened", opened.address, directives) as proxy:
        assert Client(proxy.address).get("/v2/").status == 200


def test_http_1_0_is_what_proxies_speak(start):
    server = start()
    with RawConnection(server.address) as connection:
        connection.send(b"GET /v2/ HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert connection.answer().status == 403


def test_a_push_and_a_pull_through_nginx_find_their_way(serve, tmp_path):
    """`relativeurls: false`: Location leads to the address that the proxy was asked at."""
    file = tmp_path / "config.yml"
    file.write_text(f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {tmp_path}/d}}}}\n"
                    f"http: {{addr: '{ANY_PORT}', relativeurls: false}}\n")
    server = serve(file)
    directives = ("proxy_http_version 1.1; proxy_set_header Host $http_host; "
                  "proxy_set_header X-Forwarded-Proto $scheme;")
    with Nginx(tmp_path / "nginx", server.address, directives) as proxy:
        client = Client(proxy.address)
        answer = Repository(client, "a").start_upload()
        assert answer.header("Location").startswith(f"http://{proxy.address}/v2/a/blobs/uploads/")
        image = Repository(client, "a").push_image("latest")
        assert client.get("/v2/a/manifests/latest").body == image.content


@pytest.mark.parametrize(("headers", "wanted"), [
    ({"Host": "hub.example.com", "X-Forwarded-Proto": "https"}, "https://hub.example.com"),
    ({"Host": "h", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "hub.example.com"},
     "https://hub.example.com"),
    ({"Host": "h", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "hub.example.com:8443, h"},
     "https://hub.example.com:8443"),
    ({"Host": "h", "Forwarded": 'for=10.0.0.1;proto=https;host="hub.example.com"'},
     "https://hub.example.com"),
    ({"Host": "h", "X-Forwarded-Host": "evil.example/path"}, "http://h"),
    ({"Host": "h", "X-Forwarded-Proto": "javascript"}, "http://h"),
])
def test_absolute_locations_are_made_from_what_proxies_say(serve, tmp_path, headers, wanted):
    server = serve(REGISTRY_HTTP_ADDR=ANY_PORT, REGISTRY_HTTP_RELATIVEURLS="false",
                   REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=str(tmp_path / "d"))
    answer = ask(server.address, "POST", "/v2/a/blobs/uploads/", headers)
    assert answer.header("Location").startswith(f"{wanted}/v2/a/blobs/uploads/")


def test_relative_locations_listen_to_nobody(start):
    answer = ask(start("--open").address, "POST", "/v2/a/blobs/uploads/",
                 {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "hub.example.com"})
    assert answer.header("Location").startswith("/v2/a/blobs/uploads/")


# --- figures and reasons

def test_strangers_see_neither_figures_nor_reasons(start, tmp_path):
    server = start("--debug.listen", ANY_PORT)
    stranger = {"Origin": "http://evil.example"}
    for headers in (stranger, REBOUND, {"Via": "1.1 proxy"}):
        assert status(server, headers, target="/metrics") == 403
        assert status(server, headers, target="/healthz") == 200
        assert ask(server.address, "GET", "/readyz", headers).body == b"ready\n"
    assert server.client.get("/metrics").status == 200
    assert server.operations.get("/metrics", Via="1.1 proxy").status == 200


# --- pages

HEADERS = {
    "file": f"""
    Access-Control-Allow-Origin: ['{UI}']
    Access-Control-Allow-Methods: [HEAD, GET, OPTIONS, DELETE]
    Access-Control-Allow-Headers: [Authorization, Accept, Cache-Control]
    Access-Control-Expose-Headers: [Docker-Content-Digest]
    Access-Control-Allow-Credentials: [true]
""",
    "one of several": f"\n    Access-Control-Allow-Origin: ['http://other.example', '{UI}']\n",
    "one text": f"\n    Access-Control-Allow-Origin: {UI}\n",
    "with a slash": f"\n    Access-Control-Allow-Origin: ['{UI}/', 'http://other.example']\n",
    "everybody": "\n    Access-Control-Allow-Origin: ['*']\n",
}


@pytest.fixture(params=HEADERS)
def with_ui(request, serve, write, tmp_path):
    """A server whose configuration file names the page."""
    return serve(write(
        f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {tmp_path}/d}}, "
        f"delete: {{enabled: true}}}}\nhttp:\n  addr: {ANY_PORT}\n"
        f"  headers:{HEADERS[request.param]}"))


def test_a_named_page_lists_and_deletes(with_ui):
    Repository(with_ui.client, "a").push_image("latest")
    page = {"Origin": UI}
    for method, target, wanted in [("GET", "/v2/_catalog", 200), ("GET", "/v2/a/tags/list", 200),
                                   ("HEAD", "/v2/a/manifests/latest", 200),
                                   ("GET", "/v2/none/tags/list", 404),
                                   ("DELETE", "/v2/a/manifests/latest", 202)]:
        answer = ask(with_ui.address, method, target, page)
        assert answer.status == wanted, answer
        assert answer.header("Access-Control-Allow-Origin") in (UI, "*")
    assert with_ui.client.get("/v2/a/manifests/latest").status == 404


def test_a_named_pages_browser_asks_first(with_ui):
    for target in ("/v2/a/manifests/x", "/v2/_catalog", "/v2/"):
        answer = ask(with_ui.address, "OPTIONS", target,
                     {"Origin": UI, "Access-Control-Request-Method": "DELETE",
                      "Access-Control-Request-Headers": "authorization"})
        assert answer.status in (200, 204) and not answer.body
        assert answer.header("Access-Control-Allow-Origin") in (UI, "*")


def test_other_pages_are_refused(with_ui):
    everybody = with_ui.client.get("/v2/").values("Access-Control-Allow-Origin") == ["*"]
    wanted = 200 if everybody else 403
    for origin in ("http://evil.example", f"{UI}.evil.example", UI.replace("http", "https"),
                   f"{UI}:8080", "null"):
        assert status(with_ui, {"Origin": origin}) == wanted
        preflight = {"Origin": origin, "Access-Control-Request-Method": "DELETE"}
        assert status(with_ui, preflight, "OPTIONS", "/v2/a/manifests/x") == (
            204 if everybody else 403)


def test_everybody_is_warned_about(serve, tmp_path):
    server = serve(**{"REGISTRY_HTTP_ADDR": ANY_PORT,
                      "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": str(tmp_path / "d"),
                      "REGISTRY_HTTP_HEADERS_Access-Control-Allow-Origin": "['*']"})
    assert "every web page" in server.process.current_stderr()
    assert status(server, {"Origin": "http://any.example"}) == 200


def test_a_variable_of_a_compose_file_names_the_page(serve, tmp_path):
    server = serve(**{"REGISTRY_HTTP_ADDR": ANY_PORT,
                      "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": str(tmp_path / "d"),
                      "REGISTRY_HTTP_HEADERS_Access-Control-Allow-Origin": "[http://ui]",
                      "REGISTRY_HTTP_HEADERS_Access-Control-Allow-Methods":
                          "[HEAD,GET,OPTIONS,DELETE]"})
    answer = ask(server.address, "OPTIONS", "/v2/a/manifests/x",
                 {"Origin": "http://ui", "Access-Control-Request-Method": "DELETE"})
    assert answer.status in (200, 204)
    assert answer.header("Access-Control-Allow-Origin") == "http://ui"
    assert "DELETE" in answer.values("Access-Control-Allow-Methods")


def test_a_page_whose_server_passes_requests_on(start):
    """It needs no header for browsers, only to be known."""
    server = start("--open", "--http.origins", UI, "--http.origins", "https://b.example")
    proxied = {"Host": "registry:5000", "X-Forwarded-For": "10.0.0.1"}
    for origin in (UI, "https://b.example"):
        assert status(server, {**proxied, "Origin": origin}, "POST", "/v2/a/blobs/uploads/") == 202
    assert status(server, {**proxied, "Origin": "http://c.example"}, "POST",
                  "/v2/a/blobs/uploads/") == 403


@pytest.mark.parametrize("origin", ["ui.example.com", "http://ui/path", "http://*.example"])
def test_what_is_no_origin_stops_the_start(refusal, tmp_path, origin):
    said = refusal("--data", tmp_path / "d", "--listen", ANY_PORT, "--http.origins", origin)
    assert said.startswith(f'--http.origins: http.origins: "{origin}" is not an origin')


# --- headers

def test_a_configured_header_replaces_ours(start):
    server = start("--http.headers", "x-content-type-options: theirs",
                   "--http.headers", "Server: mine", "--http.headers", "Cache-Control: no-cache")
    for target in ("/v2/", "/v2/none/tags/list", "/healthz", "/nothing"):
        answer = server.client.get(target)
        assert answer.values("X-Content-Type-Options") == ["theirs"]
        assert answer.values("Server") == ["mine"]
        assert answer.values("Cache-Control") == ["no-cache"]
    with RawConnection(server.address) as connection:
        connection.send(b"nonsense\r\n\r\n")
        assert connection.answer().header("X-Content-Type-Options") == "theirs"


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding", "Connection", "Location",
                                  "Docker-Content-Digest", "ETag", "Content-Type", "Date",
                                  "WWW-Authenticate", "Content-Range"])
def test_a_header_that_frames_or_names_stops_the_start(refusal, write, tmp_path, name):
    assert f"{name} cannot be set" in refusal("--data", tmp_path / "d",
                                              "--http.headers", f"{name}: 1")
    file = write(f"version: 0.1\nstorage: filesystem\nhttp:\n  headers:\n    {name}: [x]\n")
    assert refusal(file).startswith(f"{file}:4: http.headers: {name} cannot be set")


# --- names to listen on, secrets

def test_a_host_name_is_listened_on(serve, tmp_path):
    name = os.uname().nodename
    server = serve(REGISTRY_HTTP_ADDR=f"{name}:0",
                   REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=str(tmp_path / "d"))
    for address in re.findall(r"^listening on http://(\S+)$", server.process.current_stdout(),
                              re.MULTILINE):
        assert Client(address).get("/v2/").status == 200


def test_a_host_name_of_nothing_stops_the_start(refusal, tmp_path):
    said = refusal("--data", tmp_path / "d", "--listen", "no-such-name.invalid:5000")
    assert said.startswith("http.listen: no-such-name.invalid:5000: ")


def test_a_short_secret_is_refused_in_our_configuration(refusal, write, tmp_path):
    for arguments, variables in [(("--http.secret", "short"), {}),
                                 ((write("http:\n  secret: short\n"),), {}),
                                 ((), {"ENTREPOT_HTTP_SECRET": "short"})]:
        said = refusal(*arguments, "--data", tmp_path / "d", **variables)
        assert "http.secret: has to be at least 32 bytes" in said


def test_a_short_secret_of_registry2_is_not_the_whole_key(serve, tmp_path):
    """Two servers with the same guessable secret do not take each other's locations."""
    def one(name: str):
        return serve(REGISTRY_HTTP_ADDR=ANY_PORT, REGISTRY_HTTP_SECRET="asecret",
                     REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=str(tmp_path / name))

    first, second = one("a"), one("b")
    assert "mixed with a key" in first.process.current_stderr()
    location = Repository(first.client, "a").upload()
    assert second.client.get(location).status == 404
    assert first.client.get(location).status == 204


def test_unknown_keys_of_registry2_are_warned_about(serve, write, refusal, tmp_path):
    head = f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {tmp_path}/d}}}}\n"
    server = serve(write(f"{head}http: {{addr: '{ANY_PORT}', adr: x}}\nlog: {{fileds: {{a: b}}}}\n"))
    said = server.process.current_stderr()
    assert 'did you mean "http.addr"?' in said and 'did you mean "log.fields"?' in said
    file = write(f"{head}proxy: {{remoteur: 'https://u.example'}}\n")
    assert refusal(file).startswith(f'{file}:3: distribution has no key "proxy.remoteur"')
