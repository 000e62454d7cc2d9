"""The research page wired to a project: its configurations, its strategies, a folder of bars.

Knows no page; what is offered and what becomes of it is `tradekit.apps.research`.
"""

from pathlib import Path

from tradekit.apps.research.offers import Offers
from tradekit.apps.research.project import Project
from tradekit.errors import ConfigError
from tradekit.wiring.configs import Configs

__all__ = ["project_of"]


def project_of(configs: Configs, *, data: Path | None = None) -> Project:
    """The project whose configurations these are; without any it is the working directory, and nothing is promoted.

    data  a folder of CSV and Parquet files; raises ConfigError where there is none
    """
    if data is not None and not data.is_dir():
        raise ConfigError(
            f"the data folder {data} does not exist; --data and dashboard.data_folder name a folder"
        )
    folder = configs.folder
    root = Path.cwd() if folder is None else folder.parent
    offers = Offers(root, data=data, named=configs.strategies)
    return Project(offers, None if folder is None else configs)
