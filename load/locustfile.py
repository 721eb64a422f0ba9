"""The reference platform's load: `locust -f load/locustfile.py --headless -u 10 -r 10 -t 60s --cells cells.yaml` (docs/load.md)."""

from locust import between, events

from synthetic.locust_user.user import ScenarioUser, attach

attach(events)


class Player(ScenarioUser):
    """Deposits, plays a round over WebSocket and cashes out; then looks at what he has for a while."""

    plays = {"deposit-bet-withdraw": 1}
    budget = {"run": "5.00 EUR", "day": "20000.00 EUR", "outstanding": "500.00 EUR"}
    wait_time = between(1, 3)
