"""`locust -f load/locustfile.py,load/shapes/promo_peak.py --headless -u 100 -t 10m` (docs/load.md)."""

from synthetic.locust_user.shapes import PromoPeak

__all__ = ["PromoPeak"]
