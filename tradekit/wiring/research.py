"""The research page wired to a project: its configurations, its strategies, a folder of bars.

Knows no page; what is offered and what becomes of it is `tradekit.apps.research`.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradekit.errors import ConfigError

if TYPE_CHECKING:
    from tradekit.apps.research.project import Project
    from tradekit.wiring.configs import Configs

__all__ = ["page", "project_of"]


def page(data: str | Path | None = None, *, theme: str = "auto") -> Any:
    """The research page as a notebook cell's output: run, compare and sweep, and promote to paper.

    data   a folder whose CSV and Parquet files are offered beside the samples
    theme  "auto" (as the notebook), "dark" or "light"

    The project is found from the working directory upward, by its folder `config/`. Raises ConfigError where `data` is
    no folder.
    """
    from tradekit.apps.research.notebook import ResearchWidget
    from tradekit.wiring.configs import Configs

    return ResearchWidget(project_of(Configs(), data=None if data is None else Path(data)), theme=theme)


def project_of(configs: "Configs", *, data: Path | None = None) -> "Project":
    """The project whose configurations these are; without any it is the working directory, and nothing is promoted.

    data  a folder of CSV and Parquet files; raises ConfigError where there is none
    """
    from tradekit.apps.research.offers import Offers
    from tradekit.apps.research.project import Project

    if data is not None and not data.is_dir():
        raise ConfigError(
            f"the data folder {data} does not exist; --data and dashboard.data_folder name a folder"
        )
    folder = configs.folder
    root = Path.cwd() if folder is None else folder.parent
    offers = Offers(root, data=data, named=configs.strategies)
    return Project(offers, None if folder is None else configs)
