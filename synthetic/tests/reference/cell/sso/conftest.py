"""One cell and one identity provider for all tests of this folder; each starts with no switch thrown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from synthetic.tests.reference.cell.sso.browsing import SsoCell, running_sso


@pytest.fixture(scope="session")
def served_sso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SsoCell]:
    with running_sso(tmp_path_factory.mktemp("sso")) as cell:
        yield cell


@pytest.fixture
def sso(served_sso: SsoCell) -> SsoCell:
    """The cell with no switch thrown, here or at its identity provider."""
    served_sso.board.clear()
    served_sso.idp.board.clear()
    return served_sso
