"""What filters, sorts and pages mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contract_tests.session import Session


def test_dataset(session: Session) -> None:
    """The data set can be made, and read back."""
    assert session.dataset.deployments
