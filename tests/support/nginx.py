"""nginx in front of a server, as administrators set it up."""

import socket
import time
from pathlib import Path

from support.paths import program
from support.server import ServerProcess


class Nginx:
    """Passes every request on to `upstream`, with these directives in its one location."""

    def __init__(self, directory: Path, upstream: str, directives: str = ""):
        directory.mkdir(parents=True)
        self.address = _free_address()
        self._process = ServerProcess("nginx", directory)
        self._file = directory / "nginx.conf"
        self._file.write_text(f"""daemon off; master_process off; pid {directory}/pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi; uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  server {{
    listen {self.address};
    client_max_body_size 0;
    location / {{ proxy_pass http://{upstream}; {directives} }}
  }}
}}
""")

    def __enter__(self) -> "Nginx":
        self._process.spawn([program("nginx"), "-e", "stderr", "-c", str(self._file)])
        self._process.wait_until(self._listens, 20)
        return self

    def __exit__(self, *_) -> None:
        self._process.stop()

    def _listens(self) -> bool:
        host, _, port = self.address.rpartition(":")
        try:
            socket.create_connection((host, int(port)), 1).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
            return False
        return True


def _free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"
