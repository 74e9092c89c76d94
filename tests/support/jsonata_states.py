"""The expressions of a state machine, for moto, which leaves their evaluation to others.

moto writes all variables into an expression's text, three times over. Here an expression is parsed once a
process, and variables are bound to their values.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from jsonata.jsonata import Jsonata
from jsonata.utils import Utils
from moto.stepfunctions.parser.asl.component.intrinsic.jsonata import get_intrinsic_functions_declarations
from moto.stepfunctions.parser.asl.jsonata.jsonata import (
    compose_jsonata_expression,
    extract_jsonata_variable_references,
)
from moto.stepfunctions.parser.asl.jsonata.validations import validate_jsonata_expression_output

if TYPE_CHECKING:
    from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata

# The interpreter keeps its state where every thread sees it, and runs of a test overlap.
_ONE_AT_A_TIME = threading.Lock()


def evaluate_text(expression: str) -> Any:  # noqa: ANN401 - whatever JSON the expression gives
    """Evaluate an expression that says all that it needs."""
    with _ONE_AT_A_TIME:
        return Jsonata(expression).evaluate(None)


def evaluate(state: StringJSONata, env: Any) -> None:  # noqa: ANN401 - moto's own
    """Take the place of ``StringJSONata._eval_body``: leave the expression's value on the stack."""
    expression: str = state.expression
    used, parsed = _parsed(expression)
    known = cast("dict[str, Any]", vars(env.variable_store))
    bindings: dict[str, Any] = {
        **known["_outer_scope"],
        **known["_inner_scope"],
        "states": vars(env.states)["_states_data"],
    }
    with _ONE_AT_A_TIME:
        # $millis and $now ask whoever was last in this thread for the time.
        Jsonata.CURRENT.jsonata = parsed
        value = parsed.evaluate(None, {name: _bound(bindings[name]) for name in used & bindings.keys()})
    if value is None:
        _refuse_nothing(state, env)
    env.stack.append(value)


@cache
def _parsed(expression: str) -> tuple[frozenset[str], Jsonata]:
    references = extract_jsonata_variable_references(expression)
    functions = get_intrinsic_functions_declarations(variable_references=references)
    names = frozenset(each.removeprefix("$").partition(".")[0] for each in references)
    with _ONE_AT_A_TIME:
        return names, Jsonata(compose_jsonata_expression(expression, [functions]))


def _bound(value: Any) -> Any:  # noqa: ANN401 - JSON
    """What the interpreter makes of a value that stands in an expression's text; never the value itself."""
    match value:
        case None:
            return Utils.NULL_VALUE
        case dict():
            return {name: _bound(each) for name, each in value.items()}  # pyright: ignore[reportUnknownVariableType]  # JSON
        case list():
            return [_bound(each) for each in value]  # pyright: ignore[reportUnknownVariableType]  # JSON
        case float():
            return Utils.convert_number(value)
        case _:
            return value


def _refuse_nothing(state: StringJSONata, env: Any) -> None:  # noqa: ANN401 - moto's own
    """Fail as moto does where the value is not null but nothing at all."""
    declared = env.states.to_variable_declarations(
        variable_references=extract_jsonata_variable_references(state.expression)
    )
    variables = env.variable_store.get_variable_declarations()
    text = compose_jsonata_expression(state.expression, [declared, variables])
    nothing: Any = None
    validate_jsonata_expression_output(env, state.expression, text, nothing)
