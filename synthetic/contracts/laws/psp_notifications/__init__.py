"""The laws of a PSP of style B (redirect and notification), tried as a merchant: its API and its calls."""

from synthetic.contracts.laws.psp_notifications.target import NotificationsTarget

__all__ = ["NotificationsTarget"]
