"""`tradekit demo, dashboard, lab`: things to look at.

Knows how each is started; what they show is elsewhere.
"""

import argparse
import os
import sys
from pathlib import Path

from tradekit.cli.parser import Commands, command, port
from tradekit.cli.show import note
from tradekit.errors import ConfigError

__all__ = ["add"]

_NO_NETWORK = [  # JupyterLab asks for its news and for newer versions, and a pop-up asks whether it may
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
]


def add(commands: Commands) -> None:
    """Declare the commands."""
    demo = command(
        commands,
        "demo",
        _demo,
        help="a paper session on real bars and its dashboard; prints one address, Ctrl-C ends all of it",
        example="tradekit demo",
    )
    demo.add_argument("--port", type=port, default=8765, help="the session's port (8765, or a free one)")
    demo.add_argument(
        "--dashboard-port", type=port, default=5006, help="the dashboard's (5006, or a free one)"
    )
    demo.add_argument("--show", action="store_true", help="open the address in a browser")
    dashboard = command(
        commands,
        "dashboard",
        _dashboard,
        help="serve the live dashboard of running sessions and the research page, until Ctrl-C",
        example="tradekit dashboard paper",
    )
    dashboard.add_argument("sessions", nargs="*", metavar="NAME", help="which sessions; without a name, all")
    dashboard.add_argument(
        "--config", type=Path, metavar="CONFIG", help="take port, host, theme and data folder from here"
    )
    dashboard.add_argument("--port", type=port, help="where to serve (5006), 0 for a free one")
    dashboard.add_argument("--address", help="where to listen (127.0.0.1)")
    dashboard.add_argument("--theme", choices=["dark", "light"], help="how it looks (dark)")
    dashboard.add_argument(
        "--data", type=Path, metavar="FOLDER", help="offer its CSV and Parquet files on the research page"
    )
    dashboard.add_argument("--no-show", action="store_true", help="do not open a browser")
    lab = command(
        commands,
        "lab",
        _lab,
        help="open JupyterLab on the notebooks; other options go to it",
        example="tradekit lab --no-browser --port 8890",
    )
    lab.set_defaults(passes_on=True)


def _demo(args: argparse.Namespace) -> int:
    from tradekit.wiring.demo import run_demo

    return run_demo(port=args.port, dashboard_port=args.dashboard_port, show=args.show, say=print)


def _dashboard(args: argparse.Namespace) -> int:
    from tradekit.config.load import load_config
    from tradekit.config.schema import DashboardSection
    from tradekit.wiring.board import serve_dashboard

    chosen, data = DashboardSection(), args.data
    if args.config is not None:
        config = load_config(args.config)
        chosen = config.dashboard
        data = data or (config.path(chosen.data_folder) if chosen.data_folder else None)
    serve_dashboard(
        args.sessions,
        host=args.address or chosen.host,
        port=chosen.port if args.port is None else args.port,
        theme=args.theme or chosen.theme,
        data=data,
        show=not args.no_show,
        on_ready=lambda url: note(f"tradekit: the dashboard is at {url} - Ctrl-C ends it"),
    )
    return 0


def _lab(args: argparse.Namespace) -> int:
    folder = next((one for one in _folders(Path.cwd()) if one.is_dir()), Path.cwd())
    note(f"tradekit: JupyterLab on {folder}")
    options = [f"--ServerApp.root_dir={folder.parent}", f"--LabApp.default_url=/lab/tree/{folder.name}"]
    if folder == Path.cwd():
        options = [f"--ServerApp.root_dir={folder}"]
    options += _NO_NETWORK
    try:
        os.execv(sys.executable, [sys.executable, "-m", "jupyterlab", *options, *args.rest])  # noqa: S606
    except OSError as error:
        raise ConfigError(f"JupyterLab cannot be started: {error.strerror}") from error


def _folders(here: Path) -> list[Path]:
    """Where the notebooks may lie: here or in a folder above."""
    return [above / "notebooks" for above in (here, *here.parents)]
