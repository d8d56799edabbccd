# ctest: labels=serving timeout=200
"""A wrong configuration stops the start and says where it is wrong; a right one is read from files,
variables and flags."""

import re

import pytest

from served import ANY_PORT
from support.http import Client


@pytest.mark.parametrize(("text", "complaint"), [
    ("http:\n  lisen: 127.0.0.1:0\n", ':2: unknown key "http.lisen"; did you mean "http.listen"?'),
    ("data: d\ndta: e\n", ':2: unknown key "dta"; did you mean "data"?'),
    ("limits:\n  head: lots\n", ':2: limits.head: "lots" is not a size'),
    ("http:\n  listen: hello\n", ':2: http.listen: "hello" is not an address'),
    ("open: perhaps\n", ':1: open: "perhaps"'),
    ("open: true\nopen: true\n", ':2: the key "open" stands here for the second time'),
    ("data: [b\n", ":2: not valid YAML"),
    ("version: 0.1\nstorage: filesystem\nhttp:\n  addr: hello\n",
     ':4: http.addr: "hello" is not an address'),
    ("version: 0.1\nstorage: filesystem\nauth:\n  htpasswd: {realm: r}\n", ":4: auth"),
    ("version: 0.1\nstorage: filesystem\nauth:\n  token: {realm: r}\n", ":3: auth"),
    ("version: 0.1\nstorage:\n  s3: {bucket: b}\n", ":3: storage.s3: "),
    ("version: 0.1\nstorage: filesystem\nproxy:\n  remoteurl: http://localhost\n  exec: {command: x}\n",
     ":5: proxy.exec"),
    ("mirror:\n  upstreams: [acme]\n", ':2: mirror.upstreams: "acme" is no name of an upstream'),
])
def test_a_wrong_file_is_refused_with_its_line(refusal, write, text, complaint):
    file = write(text)
    assert refusal(file).startswith(f"{file}{complaint}")


@pytest.mark.parametrize(("name", "value", "complaint"), [
    ("ENTREPOT_LIMITS_HEAD", "lots", 'limits.head: "lots" is not a size'),
    ("REGISTRY_HTTP_ADDR", "hello", 'http.addr: "hello" is not an address'),
    ("REGISTRY_AUTH_HTPASSWD_REALM", "r", "auth.htpasswd.path: "),
    ("REGISTRY_PROXY_REMOTEURL", "localhost", 'proxy: "localhost" is not a URL'),
    ("ENTREPOT_MIRROR_ROOT", "Docker Hub", 'mirror.root: "Docker Hub" is no name of an upstream'),
])
def test_a_wrong_variable_is_refused_by_its_name(refusal, name, value, complaint):
    assert refusal(**{name: value}).startswith(f"{name}: {complaint}")


def test_a_wrong_flag_is_refused(refusal):
    assert refusal("--lisen", ANY_PORT) == "serve has no flag --lisen; did you mean --listen?"


def test_a_file_that_is_not_there_is_refused(refusal, tmp_path):
    assert refusal(tmp_path / "none.yml") == f"{tmp_path}/none.yml: No such file or directory"


def test_an_address_that_others_reach_is_closed_unless_it_is_meant(serve, tmp_path):
    server = serve("--data", tmp_path / "closed", "--listen", "0.0.0.0:0")
    assert Client(server.address.replace("0.0.0.0", "127.0.0.1")).get("/v2/").status == 401
    said = server.process.current_stderr()
    assert "entrepot user password admin" in said and "--open" in said
    server = serve("--data", tmp_path / "open", "--listen", "0.0.0.0:0", ENTREPOT_OPEN="1")
    assert Client(server.address.replace("0.0.0.0", "127.0.0.1")).get("/v2/").status == 200


def test_a_second_server_on_the_same_data_is_refused(refusal, serve, tmp_path):
    serve("--data", tmp_path / "d", "--listen", ANY_PORT)
    assert str(tmp_path / "d") in refusal("--data", tmp_path / "d", "--listen", ANY_PORT)


def test_unknown_variables_are_only_warned_about(serve, tmp_path):
    server = serve("--data", tmp_path / "d", "--listen", ANY_PORT, ENTREPOT_DTA="1",
                   REGISTRY_HTP_ADDR="1", REGISTRY_PORT="tcp://10.0.0.1:5000",
                   ENTREPOT_SERVICE_HOST="10.0.0.1")
    warned = set(re.findall(r"warning ([A-Z_]+): ", server.process.current_stderr()))
    assert {"ENTREPOT_DTA", "REGISTRY_HTP_ADDR"} <= warned
    assert not warned & {"REGISTRY_PORT", "ENTREPOT_SERVICE_HOST"}


def test_a_flag_wins_over_a_variable_and_that_over_the_file(serve, write, tmp_path):
    file = write(f"data: {tmp_path}/file\nhttp: {{listen: '{ANY_PORT}', headers: {{X-A: file}}}}\n")
    assert serve(file).client.get("/v2/").header("X-A") == "file"
    assert (tmp_path / "file").is_dir()
    server = serve(file, "--data", tmp_path / "flag", ENTREPOT_DATA=str(tmp_path / "variable"),
                   ENTREPOT_HTTP_HEADERS="X-A: variable")
    assert server.client.get("/v2/").header("X-A") == "variable"
    assert (tmp_path / "flag").is_dir() and not (tmp_path / "variable").exists()


def test_listens_on_every_address_that_it_is_given(serve, tmp_path):
    server = serve("--data", tmp_path / "d", "--listen", "[::1]:0", "--listen", ANY_PORT)
    addresses = re.findall(r"^listening on http://(\S+)$", server.process.current_stdout(), re.M)
    assert [address.rpartition(":")[0] for address in addresses] == ["[::1]", "127.0.0.1"]
    for address in addresses:
        assert Client(address).get("/v2/").status == 200
