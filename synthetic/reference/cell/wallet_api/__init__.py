"""The seamless wallet that game providers call: two dialects over one service."""
