"""Which tests depend on real sockets and wall time: only those may be run a second time (docs/decisions/0017)."""

from __future__ import annotations

from pathlib import Path

_TESTS = Path("synthetic", "tests")
REAL_TIME = (
    Path("contracts"),
    Path("scenarios"),
    *(
        _TESTS / name
        for name in (
            "bad_input",
            "cli",
            "conformance",
            "contracts",
            "controllers",
            "deploy/test_gate_calls.py",
            "drivers",
            "locust_user/test_carrier.py",
            "locust_user/test_ends.py",
            "locust_user/test_gathering.py",
            "locust_user/test_load.py",
            "locust_user/test_shapes.py",
            "reference",
            "report/test_prometheus.py",
            "report/tracing",
            "rollouts/test_keeper.py",
            "runner",
            "second_platform",
            "test_bench.py",
            "test_bench_accuracy.py",
            "test_bench_crash_storm.py",
            "test_bench_gate_polls.py",
            "test_bench_peers.py",
            "test_bench_growth.py",
            "test_bench_line.py",
            "test_bench_schedule.py",
            "test_bench_transport_fuzz.py",
            "test_bench_server.py",
            "test_pytest_plugin.py",
            "test_secrets_stay_secret.py",
            "web",
        )
    ),
)
"""Folders and files, below the root of the project."""
PURE = tuple(
    _TESTS / name
    for name in (
        "reference/ledger",
        "runner/test_appointments.py",
        "runner/test_comparing.py",
        "runner/test_density.py",
        "runner/test_gaps.py",
        "runner/test_grid.py",
        "runner/test_health.py",
        "runner/test_maintenance.py",
        "runner/test_policy.py",
        "runner/test_timetable.py",
    )
)
"""What stands among them and waits for nobody: it fails for a reason, each time."""


def may_be_run_again(path: Path) -> bool:
    """Whether a failure of a test in this file, named from the root, may be the machine's."""
    return any(path.is_relative_to(place) for place in REAL_TIME) and not any(
        path.is_relative_to(place) for place in PURE
    )
