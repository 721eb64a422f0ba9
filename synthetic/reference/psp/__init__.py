"""Payment service providers that the cells share: style A (payment intents) and style B (redirect and notification)."""
