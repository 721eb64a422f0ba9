"""Laws about who may do what: signatures, tokens, logins, restrictions (invariants 38 to 45)."""
