"""The program with exactly the settings that a test names."""

import re

from support.http import Client
from support.paths import entrepot
from support.registry import Entrepot

ANY_PORT = "127.0.0.1:0"


class Program(Entrepot):
    """`entrepot serve` with these arguments and no others."""

    def _command(self) -> list[str]:
        return [entrepot(), "serve", *map(str, self.options)]

    @property
    def operations(self) -> Client:
        """A client of debug.listen, whose address only the log tells."""
        line = r"operations on http://(\S+)"
        return Client(self.process.wait_until(
            lambda: re.search(line, self.process.current_stderr()), 5)[1])
