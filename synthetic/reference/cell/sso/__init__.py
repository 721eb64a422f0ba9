"""Single sign-on of a cell: OpenID Connect's code flow with state, nonce and PKCE, against its identity provider."""

from synthetic.reference.cell.sso.routes import sso_routes
from synthetic.reference.cell.sso.switches import CELL_SWITCHES_SSO

__all__ = ["CELL_SWITCHES_SSO", "sso_routes"]
