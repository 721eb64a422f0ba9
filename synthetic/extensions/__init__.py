"""What a user's package adds to Synthetic: operations in Python, found only where the operator allows it."""

from synthetic.extensions.hooks import HookResolver

__all__ = ["HookResolver"]
