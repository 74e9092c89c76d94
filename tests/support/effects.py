"""Every change that a run makes outside itself, in order, and a death at any of them.

An effect is what a handler changes at AWS, what it changes at the provider, and what the state machine
itself does. A party that dies takes nothing back and does nothing more: it only stops, before the effect or
after it, when the effect has happened and nobody heard of it.
"""

from __future__ import annotations

import re
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from unittest import mock

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (
    StateTaskService,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_lambda import (
    StateTaskServiceLambda,
)

from tests.support.aws_calls import watched
from tests.support.handlers import Context, FunctionDied, load_handler

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

When = Literal["before", "after"]

# A question to a model leaves nothing behind.
_READS = re.compile(r"Get|List|Describe|Head|Query|Scan|Receive|Converse", re.IGNORECASE)
_ASKS = re.compile(r"/(completions|converse)$")
_IDS = re.compile(r"/(file|ftjob|ft)[-:][^/]+")
_VERSION = re.compile(r"^\d{8}t\d{9}-[0-9a-f]{12}-")


@dataclass(frozen=True)
class Death:
    """Whoever causes the effect number ``at``, counted from 1, dies ``when`` it happens.

    Attributes:
        at: which effect.
        when: before it, or after it.
        lasting: nothing at all can be done from then on.
    """

    at: int
    when: When
    lasting: bool = False


@dataclass(eq=False)
class Effects:
    """Counts effects and lets their causers die; one party acts at a time, so that a run has one order."""

    made: list[str] = field(default_factory=list)
    death: Death | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _function: str | None = None
    _dead: bool = False
    _in_aws: bool = False

    def begin(self, death: Death | None = None) -> None:
        """Count from the start, and let ``death`` come."""
        self.made.clear()
        self.death = death

    def invoke(self, function: str, event: Any) -> Any:  # noqa: ANN401 - JSON
        """Run a handler.

        Raises:
            FunctionDied: it died on the way; or whatever it raised.
        """
        with self._turn:
            self._function, self._dead = function, False
            try:
                answer = load_handler(function)(event, Context())
            except Exception as error:
                if self._dead:
                    raise FunctionDied(f"{function} exited") from error
                raise
            finally:
                self._function = None
            if self._dead:
                raise FunctionDied(f"{function} exited")
            return answer

    @contextmanager
    def installed(self) -> Generator[None]:
        """See what is asked of AWS and what the state machine does by itself."""
        with ExitStack() as seams:
            seams.enter_context(watched(self._call))
            for service in _concrete(StateTaskService):
                seams.enter_context(
                    mock.patch.object(service, "_eval_service_task", self._state_task(service))
                )
            yield

    def wire(self, app: ASGIApp) -> ASGIApp:
        """The provider's server, with its changes observed."""

        async def observed(scope: Scope, receive: Receive, send: Send) -> None:
            changes = scope["type"] == "http" and scope["method"] != "GET" and not _ASKS.search(scope["path"])
            if not changes or self._function is None or self._in_aws:
                await app(scope, receive, send)
                return
            fate = self._meet(self._function, f"{scope['method']} {_IDS.sub('/…', scope['path'])}")
            if fate == "after":
                await app(scope, receive, _into_the_void)
            if fate:
                self._dead = True
                await _nothing_more(send)
            else:
                await app(scope, receive, send)

        return observed

    def _call(self, _: str, operation: str, asked: Mapping[str, Any], make: Callable[[], Any]) -> Any:  # noqa: ANN401 - JSON
        function = self._function
        if function is None or _READS.match(operation):
            return make()
        fate = self._meet(function, f"{operation} {_target(asked)}".strip())
        # What it changes at the provider was met here.
        self._in_aws = True
        try:
            answer = None if fate == "before" else make()
        finally:
            self._in_aws = False
        if fate:
            self._dead = True
            raise FunctionDied(function)
        return answer

    def _state_task(self, service: type) -> Callable[..., None]:
        real: Callable[..., None] = vars(service)["_eval_service_task"]

        def task(state: Any, env: Any, **given: Any) -> None:  # noqa: ANN401 - moto's own
            if _READS.match(state.resource.api_action):
                real(state, env, **given)
                return
            name = env.states.context_object.context_object_data["State"]["Name"]
            is_invocation = service is StateTaskServiceLambda
            with self._turn:
                fate = self._meet(name, state.resource.api_action)
                if fate != "before" and not is_invocation:
                    real(state, env, **given)
            if fate == "before":
                raise _failed_call("ServiceException")
            if is_invocation:
                # The invocation takes its own turn.
                real(state, env, **given)
            if fate == "after":
                env.stack.pop()
                raise _failed_call("SdkClientException")

        return task

    def _meet(self, party: str, what: str) -> When | None:
        if self._dead and party == self._function:
            return "before"
        self.made.append(f"{party}: {what}")
        death = self.death
        if death is None or len(self.made) < death.at:
            return None
        if len(self.made) == death.at:
            return death.when
        return "before" if death.lasting else None


def _concrete(base: type) -> list[type]:
    below = [each for sub in base.__subclasses__() for each in _concrete(sub)]
    return below if "_eval_service_task" not in vars(base) or base is StateTaskService else [base, *below]


def _target(params: Mapping[str, Any]) -> str:
    if "Key" in params and isinstance(params["Key"], str):
        return _VERSION.sub("", params["Key"].rpartition("/")[2])
    item: dict[str, dict[str, str]] = params.get("Key") or params.get("Item") or {}
    return item.get("pk", {}).get("S", "").partition("#")[0]


def _failed_call(code: str) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": "as the test wants"},
        "ResponseMetadata": {"HTTPStatusCode": 500, "RequestId": "none"},
    }
    return ClientError(answer, "task")


async def _into_the_void(_: Message) -> None:
    return


async def _nothing_more(send: Send) -> None:
    """End the exchange in a way that the dead party's client does not repeat."""
    headers = [(b"x-should-retry", b"false")]
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
