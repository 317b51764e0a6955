"""The fixtures of this folder: real servers, and homes as the ingestion tests use them."""

from tests.ingestion.conftest import home
from tests.services.fixtures import (
    mariadb_server,
    mariadb_url,
    postgresql_server,
    postgresql_url,
)

__all__ = [
    "home",
    "mariadb_server",
    "mariadb_url",
    "postgresql_server",
    "postgresql_url",
]
