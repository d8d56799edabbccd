# ctest: labels=examples serial timeout=300
"""The files of packaging/examples do what they say: run where they can be, checked by the tool that
reads them where not."""

import json
import re
import shutil
import socket
import sys
import time
from pathlib import Path

import pytest
import yaml

from support.certificates import Authority
from support.command import output, run
from support.content import Repository
from support.dockerd import Dockerd
from support.nginx import Nginx
from support.paths import REPOSITORY, entrepot, program
from support.raw import ask

EXAMPLES = REPOSITORY / "packaging/examples"
METRIC = re.compile(r"\bentrepot_\w+")
SUFFIX = re.compile(r"_(bucket|sum|count)$")


def documents(path: str) -> list[dict]:
    return list(yaml.safe_load_all((EXAMPLES / path).read_text()))


# --- Prometheus, Grafana

@pytest.mark.parametrize("path", ["prometheus/alerts.yaml", "grafana/entrepot.json"])
def test_every_metric_that_is_named_is_told(registry, path):
    Repository(registry.client, "examples/metrics").push_image("latest")
    told = set(re.findall(r"^# TYPE (\S+)", registry.client.get("/metrics").body.decode(), re.M))
    named = {SUFFIX.sub("", name) for name in METRIC.findall((EXAMPLES / path).read_text())}
    assert len(named) >= 8
    assert named <= told


def test_prometheus_reads_its_files(tmp_path):
    shutil.copytree(EXAMPLES / "prometheus", tmp_path / "prometheus")
    said = output(program("promtool"), "check", "config", tmp_path / "prometheus/scrape.yaml")
    assert "9 rules found" in said


def test_every_panel_asks_for_something():
    dashboard = json.loads((EXAMPLES / "grafana/entrepot.json").read_text())
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"]) >= 10
    for panel in dashboard["panels"]:
        assert all("entrepot_" in target["expr"] for target in panel["targets"]), panel["title"]


# --- Kubernetes

def test_kubernetes_gives_it_no_more_than_it_needs():
    """Against the fields of Kubernetes' documentation; the probes are those that the server has."""
    claim, deployment, service = documents("kubernetes/entrepot.yaml")
    assert [one["kind"] for one in (claim, deployment, service)] == [
        "PersistentVolumeClaim", "Deployment", "Service"]
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}, "one process has the volume"
    pod = deployment["spec"]["template"]
    assert pod["metadata"]["labels"].items() >= service["spec"]["selector"].items()
    assert deployment["spec"]["selector"]["matchLabels"] == service["spec"]["selector"]
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    (container,) = pod["spec"]["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]}}
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert {port["targetPort"] for port in service["spec"]["ports"]} <= set(ports)
    assert container["livenessProbe"]["exec"]["command"] == ["entrepot", "health"]
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "metrics"}
    (volume,) = pod["spec"]["volumes"]
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert [mount["name"] for mount in container["volumeMounts"]] == [volume["name"]]


def test_its_variables_are_understood(start_registry, tmp_path):
    """As the kubelet starts it, on other ports."""
    _, deployment, _ = documents("kubernetes/entrepot.yaml")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    environment = {variable["name"]: variable["value"] for variable in container["env"]}
    environment["ENTREPOT_DEBUG_LISTEN"] = "127.0.0.1:0"
    registry = start_registry(environment=environment)
    assert "means nothing" not in registry.process.current_stderr()
    answer = ask(registry.address, "GET", "/v2/", {"Host": "registry.example.com"})
    assert answer.status == 200
    assert ask(registry.address, "GET", "/v2/", {"Host": "evil.example.com"}).status == 403


# --- nginx

def test_behind_nginx(start_registry, tmp_path):
    """The directives of the example, with the test's certificate and ports."""
    text = (EXAMPLES / "nginx/entrepot.conf").read_text()
    command = re.search(r"entrepot serve (.*)", text)[1].split()
    registry = start_registry(options=command)
    location = re.search(r"location / \{(.*?)\}", text, re.S)[1]
    directives = re.sub(r"proxy_pass \S+;", "", location) + "".join(
        re.findall(r"^  (proxy_\w+ .*?;)", text, re.M))
    with Nginx(tmp_path / "nginx", registry.address, directives) as proxy:
        headers = {"Host": "registry.example.com"}
        assert ask(proxy.address, "GET", "/v2/", headers).status == 200
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    certificate, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    Authority(tmp_path / "authority").issue(certificate, key)
    whole = (text.replace("listen 443", f"listen 127.0.0.1:{port}")
             .replace("/etc/ssl/registry/tls.crt", str(certificate))
             .replace("/etc/ssl/registry/tls.key", str(key))
             .replace("127.0.0.1:5000", registry.address))
    (tmp_path / "nginx.conf").write_text(f"events {{}}\nhttp {{\n{whole}\n}}\n")
    run(program("nginx"), "-t", "-e", "stderr", "-c", tmp_path / "nginx.conf")


# --- docker-compose

@pytest.fixture(scope="module")
def docker(network, tmp_path_factory):
    """A daemon whose containers can publish any port, with the image."""
    folder = tmp_path_factory.mktemp("docker")
    run(sys.executable, REPOSITORY / "packaging/image/build_image.py", entrepot(),
        folder / "entrepot.tar", "--version", "1.2.3", "--epoch", "1700000000")
    daemon = Dockerd(folder / "d", network.prefix, bridge=True).start()
    daemon.docker("load", "--input", folder / "entrepot.tar")
    yield daemon
    daemon.stop()


def test_compose_brings_up_a_registry_with_tls_and_backups(docker, network, tmp_path):
    project = tmp_path / "registry"
    shutil.copytree(EXAMPLES / "compose", project)
    authority = Authority(tmp_path / "authority")
    (project / "certs").mkdir(mode=0o700)
    authority.issue(project / "certs/tls.crt", project / "certs/tls.key")
    (project / "certs/tls.key").chmod(0o600)  # root's alone, as openssl makes it
    environment = {**docker.environment, "ENTREPOT_NAME": "localhost", "BACKUP_INTERVAL": "1s"}

    def compose(*arguments) -> str:
        return run(program("docker-compose"), *arguments, cwd=project,
                   environment=environment).stdout

    compose("up", "-d")
    try:
        container = compose("ps", "-q").strip()
        wait_until(docker, container, lambda: inspect(docker, container)["State"]["Health"]
                   ["Status"] == "healthy")
        answer = network.run("curl", "--fail", "--silent", "--cacert", authority.certificate,
                             "https://localhost/v2/")
        assert answer.stdout == "{}"
        (volume,) = [mount["Source"] for mount in inspect(docker, container)["Mounts"]
                     if mount["Destination"].endswith("/backups")]
        wait_until(docker, container, lambda: list(Path(volume).glob("metadata-*.sqlite")))
    finally:
        compose("down", "-v")


def wait_until(docker: Dockerd, container: str, condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, docker.log_of(container)
        time.sleep(0.2)


def inspect(docker: Dockerd, container: str) -> dict:
    return json.loads(docker.docker("inspect", container))[0]
