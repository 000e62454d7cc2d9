"""A session as a service of systemd: the unit's text, from its configuration. docs/deploy.md explains it.

Knows paths and secrets' places, never a secret. Writes no file.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tradekit.config.schema import Config

__all__ = ["unit_name", "unit_text"]

_STOP_S = 90  # for the last snapshot, and for orders on their way
_START_S = 900  # for the replay of a long journal
_WATCHDOG_S = 120  # a loop that has not turned for so long does not come back by itself
_QUIET = (  # what needs no mount namespace: a user's manager has these too
    "NoNewPrivileges=yes",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "LockPersonality=yes",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "UMask=0077",
    "LimitCORE=0",
    "LimitNOFILE=20000",
)
_WALLED = (
    "CapabilityBoundingSet=",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "ProtectSystem=strict",
    "ProtectHome=read-only",
    "ProtectClock=yes",
    "ProtectControlGroups=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "ProtectProc=invisible",
    "OOMScoreAdjust=-500",
)


def unit_name(config: Config) -> str:
    """What the unit's file is called."""
    return f"tradekit-{config.session.name}.service"


def unit_text(config: Config, *, system: bool = False, user: str = "", python: str = "") -> str:
    """The unit: of the user's own manager, or of the system's, where `user` runs it.

    python  the interpreter that has tradekit; this one unless given
    """
    lines = [*_head(config, system=system), *_service(config, python=python or sys.executable)]
    lines += _secrets(config, system=system)
    lines += ["", "# What it may not do."]
    lines += _walls(config, user) if system else _QUIET
    lines += ["", "[Install]", f"WantedBy={'multi-user' if system else 'default'}.target"]
    return "\n".join(lines) + "\n"


def _head(config: Config, *, system: bool) -> Iterator[str]:
    name, where = unit_name(config), "/etc/systemd/system" if system else "~/.config/systemd/user"
    control = "systemctl" if system else "systemctl --user"
    yield f"# {where}/{name}, made by `tradekit service`. To start it now and at each boot:"
    yield f"#   {control} daemon-reload && {control} enable --now {name}"
    if not system:
        yield "#   loginctl enable-linger    (once: else it ends when you log out)"
    yield from (
        "",
        "[Unit]",
        f"Description=tradekit {config.session.mode} session {_percent(config.session.name)}",
    )
    if system:
        yield from ("Wants=network-online.target", "After=network-online.target time-sync.target")
    yield "# Five failures within half an hour, and it stays down until somebody looks (systemctl reset-failed)."
    yield from ("StartLimitIntervalSec=1800", "StartLimitBurst=5")


def _service(config: Config, *, python: str) -> Iterator[str]:
    yield from (
        "",
        "[Service]",
        "# Ready once clients can attach; the event loop itself gives the signs of life.",
    )
    yield from ("Type=notify", "NotifyAccess=main")
    yield f"ExecStart={_quoted(python)} -m tradekit run {_quoted(str(config.file.absolute()))}"
    yield f"WorkingDirectory={_percent(str(config.root.absolute()))}"
    yield "# A crash is restarted; a stop in good order is not, nor a start that was refused (2: a human has to look)."
    yield from ("Restart=on-failure", "RestartSec=10", "RestartPreventExitStatus=2")
    yield f"TimeoutStartSec={_START_S}"
    yield "# SIGTERM to the session alone: it sends what waits, closes its journal and writes a last snapshot."
    yield from ("KillMode=mixed", f"TimeoutStopSec={_STOP_S}")
    yield "# A loop that hangs cannot stop in good order: it is killed and restarted, and its journal has everything."
    yield from (f"WatchdogSec={_WATCHDOG_S}", "WatchdogSignal=SIGKILL")


def _secrets(config: Config, *, system: bool) -> Iterator[str]:
    """Where the secrets that the configuration names come from; none of them stands here."""
    kinds = {kind: sorted(names) for kind, names in _places(config).items()}
    base = "/etc/tradekit" if system else "%h/.config/tradekit"
    if kinds.get("env"):
        yield f"# Has {', '.join(kinds['env'])}, a line NAME=value each; chmod 600."
        yield f"EnvironmentFile={base}/{_percent(config.session.name)}.env"
    for name in kinds.get("credential", ()):
        yield f"LoadCredential={name}:{base}/credentials/{name}"


def _walls(config: Config, user: str) -> Iterator[str]:
    if user:
        yield f"User={_percent(user)}"
    yield from ("RuntimeDirectory=tradekit", "RuntimeDirectoryMode=0700", "RuntimeDirectoryPreserve=yes")
    yield "Environment=TRADEKIT_RUNTIME_DIR=/run/tradekit"
    yield from (*_QUIET, *_WALLED)
    yield f"ReadWritePaths={' '.join(_quoted(str(path)) for path in _written(config))}"


def _written(config: Config) -> list[Path]:
    """The folders that the session writes in; they have to be there before the first start."""
    folders = {config.folder, config.snapshots}
    if config.journal is not None:
        folders.add(config.journal.parent)
    if config.monitoring.daily_report is not None:
        folders.add(config.path(config.monitoring.daily_report))
    return sorted(folder.absolute() for folder in folders)


def _places(config: Config) -> dict[str, set[str]]:
    """The places of secrets that any key names, by their kind."""
    found: dict[str, set[str]] = {}
    broker = msgspec.structs.asdict(config.broker)
    said = [value for name, value in broker.items() if name.endswith("_from") and value is not None]
    for place in (*said, *config.alerts.targets):
        kind, _, name = str(place).partition(":")
        found.setdefault(kind, set()).add(name)
    return found


def _quoted(text: str) -> str:
    """One word of a command line, whatever is in it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{_percent(escaped)}"' if set(escaped) - _SAFE else escaped


_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:@,=")


def _percent(text: str) -> str:
    return text.replace("%", "%%")
