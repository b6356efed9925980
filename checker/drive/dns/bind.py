"""BIND 9 on a free port of the loopback address."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import dns.name

from planrace.checker.drive.dns.daemon import DaemonServer, installed
from planrace.checker.drive.dns.nameserver import ALGORITHM, KEY_NAME


class BindServer(DaemonServer):
    """``named`` of BIND 9. Every file that it would keep elsewhere is in the private folder."""

    program = "named"
    package = "bind9"

    def journal(self, origin: dns.name.Name) -> str:
        """All changes of a zone since it was made, each with its serial number, as ``named-journalprint`` prints them;
        empty if that program is missing, or nothing has changed."""
        program, file = installed("named-journalprint"), f"{origin}zone.jnl"
        if program is None or self.folder is None or not (self.folder / file).exists():
            return ""
        return subprocess.run([program, file], cwd=self.folder, capture_output=True, text=True, check=True).stdout

    def configure(self, folder: Path) -> list[str]:
        assert self.key is not None
        zones = "".join(
            f'zone "{o}" {{ type primary; file "{o}zone"; allow-update {{ key "{KEY_NAME}"; }}; }};\n'
            for o in self.origins
        )
        secret = base64.b64encode(self.key.secret).decode()
        (folder / "named.conf").write_text(
            f'key "{KEY_NAME}" {{ algorithm {ALGORITHM}; secret "{secret}"; }};\n'
            "controls { };\n"
            "options {\n"
            f'  directory "{folder}"; managed-keys-directory "{folder}";\n'
            '  pid-file "named.pid"; session-keyfile "session.key"; lock-file none;\n'
            f"  listen-on port {self.port} {{ {self.address}; }}; listen-on-v6 {{ none; }};\n"
            f'  allow-transfer {{ key "{KEY_NAME}"; }};\n'
            "  recursion no; dnssec-validation no; notify no; empty-zones-enable no;\n"
            "  max-journal-size unlimited;\n"
            "};\n"
            'logging { channel all { file "server.log"; severity info; print-time yes; print-category yes; };\n'
            "  category default { all; }; category update { all; }; };\n" + zones
        )
        # -f and not -g: with -g the server ignores the channels of its configuration.
        # -L: what it says before it has read them would go to the system's log.
        program = installed(self.program) or self.program
        return [program, "-f", "-4", "-n", "1", "-L", str(folder / "early.log"), "-c", str(folder / "named.conf")]
