"""The identity provider: OpenID Connect with the authorization code flow, PKCE and rotating keys."""

from synthetic.reference.idp.accounts import Account
from synthetic.reference.idp.app import build_idp
from synthetic.reference.idp.clients import IdpClient
from synthetic.reference.idp.switches import IDP_SWITCHES

__all__ = ["IDP_SWITCHES", "Account", "IdpClient", "build_idp"]
