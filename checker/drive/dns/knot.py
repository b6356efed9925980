"""Knot DNS on a free port of the loopback address."""

from __future__ import annotations

import base64
from pathlib import Path

from planrace.checker.drive.dns.daemon import DaemonServer, installed
from planrace.checker.drive.dns.nameserver import ALGORITHM, KEY_NAME


class KnotServer(DaemonServer):
    """``knotd`` of Knot DNS. Commits are in its journal; the zone file stays as it was at the start."""

    program = "knotd"
    package = "knot"

    def configure(self, folder: Path) -> list[str]:
        assert self.key is not None
        zones = "".join(f'  - domain: "{o}"\n    file: "{o}zone"\n    acl: ours\n' for o in self.origins)
        secret = base64.b64encode(self.key.secret).decode()
        # Without its database folder every update that changes something fails, while prerequisites still answer.
        (folder / "database").mkdir(exist_ok=True)
        (folder / "knot.conf").write_text(
            "server:\n"
            f'  rundir: "{folder}"\n  listen: "{self.address}@{self.port}"\n  automatic-acl: off\n'
            "  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n"
            f'log:\n  - target: "{folder}/server.log"\n    any: info\n'
            f'database:\n  storage: "{folder}/database"\n'
            f'key:\n  - id: "{KEY_NAME}"\n    algorithm: {ALGORITHM}\n    secret: "{secret}"\n'
            f'acl:\n  - id: ours\n    key: "{KEY_NAME}"\n    action: [update, transfer]\n'
            f'template:\n  - id: default\n    storage: "{folder}"\n    zonefile-sync: -1\n'
            f"zone:\n{zones}"
        )
        return [installed(self.program) or self.program, "-c", str(folder / "knot.conf")]
