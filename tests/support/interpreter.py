"""moto's interpreter of state machines, made fit for ours."""

from __future__ import annotations

import io
import json
import pickle
import threading
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from unittest import mock

import moto.stepfunctions.parser.asl.component.common.retry.retrier_decl as moto_retry
import moto.stepfunctions.parser.asl.component.state.exec.state_task.lambda_eval_utils as moto_lambda
import moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function as moto_wait
import moto.stepfunctions.parser.asl.jsonata.jsonata as moto_jsonata
from moto.dynamodb.responses import DynamoHandler
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_sfn as moto_sfn,
)
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackEndpoint,
    CallbackOutcome,
    CallbackTimeoutError,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from tests.support.handlers import FunctionDied
from tests.support.jsonata_states import evaluate, evaluate_text

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.support.cloud import Cloud

FUNCTIONS = {
    "CheckAccessFunction": "check_access",
    "AskApprovalFunction": "ask_approval",
    "RemoveFunction": "remove",
    "UploadDatasetFunction": "upload_dataset",
    "CreateFineTuneFunction": "create_fine_tune",
    "CheckStatusFunction": "check_status",
    "EnsureDeployedFunction": "ensure_deployed",
    "InterviewFunction": "interview",
    "StyleReportFunction": "style_report",
    "CleanUpFunction": "clean_up",
    "LineFunction": "line",
}
DAY = 86_400


@contextmanager
def parsed_once() -> Generator[None]:
    """Definitions are parsed once a process, however often they are executed."""
    with (
        mock.patch.object(AmazonStateLanguageParser, "parse", _parse_again),
        mock.patch.object(StepFunctionsParserBackend, "_validate_definition", staticmethod(_validate)),
    ):
        yield


@contextmanager
def interpreter(up: Cloud) -> Generator[None]:
    """moto's interpreter of the state machine, with what it lacks: JSONata, our handlers, and no waiting."""

    def invoke(parameters: dict[str, Any], region: str, state_credentials: object) -> dict[str, Any]:
        del region, state_credentials
        name = parameters["FunctionName"].rpartition(":")[2]
        payload = parameters.get("Payload", b"{}")
        text = payload.read() if isinstance(payload, io.IOBase) or hasattr(payload, "read") else payload
        up.invoked[name] += 1
        try:
            result = up.invoke(FUNCTIONS[name], json.loads(text))
        except FunctionDied as death:
            thrown = {"errorType": death.error_type, "errorMessage": str(death)}
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": thrown}
        except Exception as error:  # noqa: BLE001 - as Lambda reports whatever is thrown
            thrown = {"errorType": type(error).__name__, "errorMessage": str(error), "stackTrace": ["..."]}
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": thrown}
        return {"StatusCode": 200, "Payload": json.loads(json.dumps(result))}

    def note_wait(self: object, env: object, wait_seconds: float) -> None:
        del self, env
        up.waits.append(wait_seconds)
        up.wait()
        if wait_seconds > DAY:
            up.long_waits.wait()

    def callback(endpoint: CallbackEndpoint, timeout: float | None = None) -> CallbackOutcome | None:
        if timeout is None or timeout > DAY:
            return wait_for_callback(endpoint, timeout)
        up.naps.append(timeout)
        outcome = wait_for_callback(endpoint, up.nap)
        if outcome is None:
            raise CallbackTimeoutError
        return outcome

    def one_at_a_time(handler: DynamoHandler) -> Any:  # noqa: ANN401 - whatever the handler answers
        with table:
            return call_action(handler)

    # moto reads its tables while other threads write to them.
    table, call_action = threading.RLock(), DynamoHandler.call_action
    wait_for_callback = CallbackEndpoint.wait
    with (
        mock.patch.object(DynamoHandler, "call_action", one_at_a_time),
        mock.patch.object(moto_jsonata, "_eval_jsonata", evaluate_text),
        mock.patch.object(StringJSONata, "_eval_body", evaluate),
        mock.patch.object(moto_lambda, "_invoke_lambda_function", invoke),
        mock.patch.object(moto_wait.WaitFunction, "_wait_interval", note_wait),
        mock.patch.object(moto_retry, "time", _NoSleep(up.waits)),
        mock.patch.object(CallbackEndpoint, "wait", callback),
        mock.patch.object(Environment, "set_stop", _stop_at_once),
        mock.patch.object(moto_sfn.StateTaskServiceSfn, "_normalise_parameters", _as_the_api_names_them),
    ):
        yield


_set_stop = Environment.set_stop


def _stop_at_once(env: Environment, *about: Any, **named: Any) -> None:  # noqa: ANN401 - as moto has them
    """Stop an execution, also where it sleeps until somebody calls: moto would let it sleep on."""
    _set_stop(env, *about, **named)
    endpoints: dict[str, CallbackEndpoint] = vars(env.callback_pool_manager)["_pool"]
    for endpoint in list(endpoints.values()):
        endpoint.interrupt_all()


def _as_the_api_names_them(_: object, parameters: dict[str, Any]) -> None:
    """StartExecution's parameters are written with a capital in a definition, and without one on the wire."""
    named = {name[0].lower() + name[1:]: value for name, value in parameters.items()}
    parameters.clear()
    parameters |= {**named, "input": json.dumps(named["input"], ensure_ascii=False)}


_parse_once = AmazonStateLanguageParser.parse


@cache
def _parsed(definition: str) -> tuple[bytes, Any]:
    program, tree = _parse_once(definition)
    return pickle.dumps(program), tree


def _parse_again(definition: str) -> tuple[Any, Any]:
    """Parse as moto does for every execution, which costs more than the execution."""
    program, tree = _parsed(definition)
    # An execution counts in it how often it tried.
    return pickle.loads(program), tree  # noqa: S301 - it was written above


def _validate(definition: str) -> None:
    """Hold a definition for one that can be parsed, as moto does, and parse it no second time."""
    _parsed(definition)


class _NoSleep:
    """The retrier's clock."""

    def __init__(self, waits: list[float]) -> None:
        self._waits = waits

    def sleep(self, seconds: float) -> None:
        self._waits.append(seconds)
