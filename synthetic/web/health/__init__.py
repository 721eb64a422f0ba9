"""Release Health in a browser: a page for each rollout, live, and the same page as one file."""

from synthetic.web.health.door import Door
from synthetic.web.health.export import exported
from synthetic.web.health.live import Live
from synthetic.web.health.releases import Releases
from synthetic.web.health.routes import page_routes

__all__ = ["Door", "Live", "Releases", "exported", "page_routes"]
