"""One cell of the reference platform: an ASGI application with its own database, players and counterparties."""
