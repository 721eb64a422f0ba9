"""Hangs a load test into Locust's events: options, checks before the first user, figures from the workers, and the verdict."""

from __future__ import annotations

import logging
import signal
import sys
import time
from functools import partial
from typing import Any

import gevent
from locust import FastHttpUser
from locust.runners import STATE_MISSING, STATE_RUNNING, STATE_SPAWNING, MasterRunner, WorkerRunner

from synthetic.core.errors import HarnessError, SyntheticError
from synthetic.locust_user.arrivals import Arrivals
from synthetic.locust_user.asked import read_asked
from synthetic.locust_user.command import NOT_ATTACHED, Command, command_of, has_command, keep_command
from synthetic.locust_user.ending import end
from synthetic.locust_user.figures import NO_USER, Figures
from synthetic.locust_user.gathering import Gathering
from synthetic.locust_user.hub import OffHub
from synthetic.locust_user.interrupts import Interrupts
from synthetic.locust_user.options import add_options, arrivals_of, paths_of
from synthetic.locust_user.plays import plays_of

log = logging.getLogger("synthetic.load")

STOP_TIMEOUT_S = 90.0
"""How long a run may go on once the test is over: as long as a scenario's deadline, so that its money comes home."""
FIGURES_EVERY_S = 1.0
CHECKED_WITHIN_S = 120.0
_ATTACHED: list[Any] = []
_DATA, _FINISH, _FINISHED, _STOP = "synthetic", "synthetic_finish", "synthetic_finished", "synthetic_stop"


def attach(events: Any) -> None:
    """Hang load tests of scenarios into Locust's events (`locust.events`). A locustfile calls it once, at its top."""
    _ATTACHED.append(events)
    events.init_command_line_parser.add_listener(add_options)
    events.init.add_listener(_init)
    events.test_start.add_listener(_test_start)
    events.test_stopping.add_listener(_test_stopping)


def expect_attach(events: Any) -> None:
    """Refuse a locustfile that plays scenarios and does not `attach`, before each option of ours is one that nobody knows."""
    events.init_command_line_parser.add_listener(_require_attached)


def _require_attached(**_: Any) -> None:
    if not _ATTACHED:
        _refuse(HarnessError(NOT_ATTACHED))


def _init(environment: Any, runner: Any, **_: Any) -> None:
    """Check everything; what may not be played ends here, before any user is there."""
    _give_shape_users(environment)
    off_hub = OffHub()  # a worker that does not answer meanwhile is taken for dead
    classes = [one for one in environment.user_classes if hasattr(one, "plays") and issubclass(one, FastHttpUser)]
    try:
        arrivals_of(environment.parsed_options)
        asked = off_hub(
            read_asked,
            paths_of(environment.parsed_options),
            {one.__name__: plays_of(one) for one in classes},
        )
    except SyntheticError as error:
        _refuse(error)
    finally:
        off_hub.close()
    for one in classes:
        one.host = one.host or next(iter(asked.cell.endpoints.values()))
    command = Command(asked, environment.parsed_options.journal, _saying(runner), time.monotonic)
    keep_command(environment, command)
    if not isinstance(runner, WorkerRunner):
        environment.stop_timeout = environment.stop_timeout or STOP_TIMEOUT_S
        gevent.spawn(_gather, command)
    _listen(environment, runner, command)
    interrupts = Interrupts(environment, runner, command)
    environment.events.quitting.add_listener(
        partial(_quitting, interrupts=interrupts)
    )  # behind Locust's own, and so before it: it says good-bye to the master
    gevent.signal_handler(signal.SIGINT, interrupts.ctrl_c)
    if not isinstance(runner, WorkerRunner):
        gevent.signal_handler(signal.SIGTERM, interrupts.sigterm)
    gevent.get_hub().loop.update_now()  # where the loop stood still meanwhile, `-t` would be over by what it missed


def _give_shape_users(environment: Any) -> None:
    """Without `-u`, Locust would take 1, which is no load of any shape."""
    options = environment.parsed_options
    if options.num_users is None:
        options.num_users = getattr(environment.shape_class, "users", None)


def _refuse(error: SyntheticError) -> None:
    sys.stderr.write(f"load refused: {error}\n")
    sys.stderr.flush()
    sys.exit(2)


def _saying(runner: Any) -> Any:
    """How a process ends the test early: a worker tells the master."""

    def say(why: str) -> None:
        if isinstance(runner, WorkerRunner):
            runner.send_message(_STOP, {"why": why})
        else:
            _stop_early(runner, why)

    return say


def _stop_early(runner: Any, why: str) -> None:
    command = command_of(runner.environment)
    if command.cut_short:
        return
    command.cut_short = why
    log.error("the test ends early: %s", why)
    options = runner.environment.parsed_options
    gevent.spawn(runner.quit if options is not None and options.headless else runner.stop)


def _listen(environment: Any, runner: Any, command: Command) -> None:
    """Messages between master and workers."""
    if isinstance(runner, MasterRunner):
        _Workers(runner, command).listen(environment.events)
    elif isinstance(runner, WorkerRunner):
        _Worker(runner, command).listen(environment.events)


class _Workers:
    """The master's side: takes what workers report, and lets their runs come to an end.

    Locust's own master waits for half a second only, and money would stay out.
    """

    def __init__(self, runner: MasterRunner, command: Command) -> None:
        self._runner: Any = runner
        self._command = command

    def listen(self, events: Any) -> None:
        """Hang it into Locust's events."""
        events.test_start.add_listener(self.begin)
        events.worker_report.add_listener(self.report)
        events.test_stopping.add_listener(self.finish_all)
        self._runner.register_message(_FINISHED, self.finished)
        self._runner.register_message(_STOP, self.stop)

    def begin(self, **_: Any) -> None:
        """A test begins, on the workers that are there; `attach` has made sure that what was before is forgotten."""
        self._command.workers |= self._alive()

    def report(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        """A worker has reported; it may have come later than the others."""
        if _DATA in data:
            self._command.add(Figures.of(data[_DATA]))
        if self._runner.state in (STATE_SPAWNING, STATE_RUNNING):
            self._command.workers.add(client_id)

    def finished(self, msg: Any, **_: Any) -> None:
        """The runs of a worker have ended."""
        self._command.add(Figures.of(msg.data))
        self._command.finished.add(msg.node_id)

    def stop(self, msg: Any, **_: Any) -> None:
        """A worker can't go on."""
        _stop_early(self._runner, msg.data["why"])

    def finish_all(self, **_: Any) -> None:
        """Have the workers begin nothing more, and wait for what goes on."""
        waited_for = self._alive()
        self._runner.send_message(_FINISH)
        deadline_s = time.monotonic() + self._runner.environment.stop_timeout + 10 * FIGURES_EVERY_S
        while waited_for - self._command.finished and time.monotonic() < deadline_s:
            gevent.sleep(0.05)
            waited_for &= self._alive()

    def _alive(self) -> set[str]:
        return {client.id for client in self._runner.clients.all if client.state != STATE_MISSING}


class _Worker:
    """A worker's side: reports, and finishes when it is told."""

    def __init__(self, runner: WorkerRunner, command: Command) -> None:
        self._runner: Any = runner
        self._command = command

    def listen(self, events: Any) -> None:
        """Hang it into Locust's events."""
        events.report_to_master.add_listener(self.report)
        self._runner.register_message(_FINISH, self.finish, concurrent=True)

    def report(self, data: dict[str, Any], **_: Any) -> None:
        """Our figures go with Locust's statistics."""
        data[_DATA] = self._command.taken().as_data()

    def finish(self, **_: Any) -> None:
        """Begin nothing more, let what goes on end, and tell the rest."""
        self._runner.stop()
        self._runner.send_message(_FINISHED, self._command.taken().as_data())


def _gather(command: Command) -> None:
    """Where users and judge are one process: take over what the users have shown, bit by bit."""
    while True:
        gevent.sleep(FIGURES_EVERY_S)
        figures = command.taken()
        if figures.runs or figures.missed:
            command.add(figures)


def _test_start(environment: Any, **_: Any) -> None:
    command, options = _checked(environment), environment.parsed_options
    command.forget()
    runner = environment.runner
    if not isinstance(runner, WorkerRunner):
        options.arrivals_per_user = arrivals_of(options) / max(1, _users(environment))
        options.gather_after_s = _gather_after_s(environment)
    if isinstance(runner, MasterRunner):
        return
    try:
        session = command.session
    except HarnessError as error:
        command.note(str(error))
        return
    per_user_s: float = getattr(options, "arrivals_per_user", 0.0)
    if per_user_s:
        command.arrivals = Arrivals(per_user_s, lambda: runner.user_count, time.monotonic, session.seed)
    if after_s := getattr(options, "gather_after_s", 0.0):
        operation = environment.shape_class.gather
        command.gathering = Gathering(operation, time.monotonic() + after_s, time.monotonic)


def _gather_after_s(environment: Any) -> float:
    """When a shape lets its users go on; 0 where it holds nobody. Workers are told: they know nothing of `-t`."""
    shape = environment.shape_class
    if shape is None or not hasattr(shape, "gather"):
        return 0.0
    shape.runner = environment.runner
    return float(shape.gather_after_s())


def _checked(environment: Any) -> Command:
    """The load test, once its checks are over: a master may send its workers off before that."""
    deadline_s = time.monotonic() + CHECKED_WITHIN_S
    while not has_command(environment) and time.monotonic() < deadline_s:
        gevent.sleep(0.05)
    return command_of(environment)


def _users(environment: Any) -> int:
    """How many users there are at most: the rate of arrivals is theirs all together."""
    return int(environment.parsed_options.num_users or environment.runner.target_user_count or 1)


def _test_stopping(environment: Any, **_: Any) -> None:
    command = command_of(environment)
    command.stopping()
    if command.arrivals is not None:
        command.session.figures.miss(NO_USER, command.arrivals.overdue())
        command.arrivals = None
    if command.gathering is not None:
        command.gathering.open()


def _quitting(environment: Any, interrupts: Interrupts, **_: Any) -> None:
    command = command_of(environment)
    if isinstance(environment.runner, WorkerRunner):
        command.leave()
        _stopped(environment.runner)
        environment.runner.send_message(_FINISHED, command.taken().as_data())
        command.close()
        environment.process_exit_code = 0  # the master says how the test ended
        return
    interrupts.hand_over()
    at_once = not _stopped(environment.runner)
    command.add(command.taken())
    command.close()
    environment.process_exit_code = end(environment.parsed_options, command, at_once=at_once)


def _stopped(runner: Any) -> bool:
    """Let what goes on come to its end: after Ctrl-C, Locust asks for the verdict while users still play. False after one more.

    Workers have finished by a message of ours; after Locust's own they would stay for as long as a run may take.
    """
    try:
        runner.stop(**({"send_stop_to_client": False} if isinstance(runner, MasterRunner) else {}))
    except KeyboardInterrupt:
        return False
    return True
