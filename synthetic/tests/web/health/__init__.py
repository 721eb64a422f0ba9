"""The Release Health pages: who may read them, what they hold, and what a browser makes of them."""
