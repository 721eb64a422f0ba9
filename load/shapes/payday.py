"""`locust -f load/locustfile.py,load/shapes/payday.py --headless -u 100 -t 10m` (docs/load.md)."""

from synthetic.locust_user.shapes import Payday

__all__ = ["Payday"]
