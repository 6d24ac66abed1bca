"""The three searches among deployments."""

from __future__ import annotations

from typing import Final

COUNT: Final = "count_deployments"
FILTER: Final = "read_deployments"
PAGINATE: Final = "paginate_deployments"
PATHS: Final = {
    COUNT: "/deployments/count",
    FILTER: "/deployments/filter",
    PAGINATE: "/deployments/paginate",
}
