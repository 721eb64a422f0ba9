"""Faults of single sign-on (domain reference 7, 32): the identity provider's keys change. Either side can get that wrong."""

from __future__ import annotations

from synthetic.reference.catalogue import Fault, Throw

FAULTS: tuple[Fault, ...] = (
    Fault(
        "jwks_rotation_not_followed",
        32,
        "the identity provider rotates its keys, and the cell goes on with those that it has",
        (Throw("idp", "rotates_jwks"), Throw("cell", "caches_jwks_for_ever")),
        "platform",
        "sso-login",
        "step:login",
    ),
    Fault(
        "jwks_rotation_not_published",
        32,
        "the identity provider signs with a key that it does not publish",
        (Throw("idp", "signs_with_unpublished_key"),),
        "provider",
        "sso-login",
        "step:login",
        shared=True,
    ),
)
