"""What filters, sorts and pages mean: pure functions over records.

No HTTP, no I/O. The mock answers with it, the contract suite judges with it.
"""

from mock_server.query.criteria import CRITERIA
from mock_server.query.data import Collection, Data, Record
from mock_server.query.pages import Page, paginate
from mock_server.query.select import Filters, count, select
from mock_server.query.sort import DEFAULT_SORT, SORTS

__all__ = [
    "CRITERIA",
    "DEFAULT_SORT",
    "SORTS",
    "Collection",
    "Data",
    "Filters",
    "Page",
    "Record",
    "count",
    "paginate",
    "select",
]
