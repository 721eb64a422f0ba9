"""`locust -f load/locustfile.py,load/shapes/soak.py --headless -u 100 -t 10m` (docs/load.md)."""

from synthetic.locust_user.shapes import Soak

__all__ = ["Soak"]
