"""The one place where the built template is changed for the local AWS endpoint.

Everything else that is deployed here is what is deployed to AWS. Each change answers one thing that the
endpoint (ministack) does otherwise than AWS:

* Functions run on ``provided.al2023`` with a ``bootstrap`` that starts AWS's own Python runtime client. The
  endpoint's own Python worker reports every exception under one name, so that the state machine's Retry and
  Catch by class would never match.
* The bootstrap puts the function's layers on ``PYTHONPATH``, because the endpoint applies none to custom
  runtimes, and nothing of this environment but what Lambda brings (``runtime.py``): what a layer lacks is
  missed here as it would be there. What is uploaded as a layer is then read by nobody: an empty one saves
  seconds.
* A ``Ref`` to a secret becomes its ``Id``: both are the secret's ARN on AWS, and the endpoint gives its name
  for the first, which no policy matches.
* Whoever answers a waiting task may answer every one: the endpoint does not know which state machine a task's
  token belongs to, which is what AWS asks the permission for.
* A task's time-out is a number: the endpoint evaluates no expression there.
* Resource policies lose the statements that refuse plain HTTP, which is all that the endpoint speaks and
  which never leaves this machine.
* Where they name a role they name its sessions, which is how the endpoint calls whoever assumed it.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any, cast

from infra.local.runtime import lay_over, link_runtime
from infra.local.workspace import PYTHON
from infra.template import read_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_FUNCTION = "AWS::Serverless::Function"
_LAYER = "AWS::Serverless::LayerVersion"
_SECRETS = "AWS::SecretsManager::Secret"
_RESOURCE_POLICIES = ("AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy")
_MACHINE = "AWS::Serverless::StateMachine"
_NO_LAYER = "no-layer"
# Who is not called looks again after so long; more often than this endpoint bears where many wait.
_SLEEP_SECONDS = 60
_COMPUTED = re.compile(r'"TimeoutSeconds": "[{]%[^"]*%[}]"')

_BOOTSTRAP = """\
#!/bin/sh
export PYTHONPATH={layers}:{runtime}
exec {python} -S -m awslambdaric "$_HANDLER"
"""

_SUBSTITUTED = re.compile(r"\$\{(\w+)\}")

Section = dict[str, Any]


def for_one_machine(built: Path, local: Path) -> None:
    """Write to ``local`` the template that `sam build` left at ``built``, changed as this module says.

    Both stand in the build's folder; each built function gets its bootstrap there.
    """
    template: Section = read_template(built)
    for_all = _section(template, "Globals", "Function")
    for_all["Runtime"] = "provided.al2023"
    uris = {name: layer["Properties"]["ContentUri"] for name, layer in _named(template, _LAYER).items()}
    runtime = link_runtime(built.parent / "runtime")
    laid: dict[str, Path] = {}
    for function in _properties(template, _FUNCTION):
        function.pop("Runtime", None)
        names = [str(layer["Ref"]) for layer in (*for_all["Layers"], *function.get("Layers", ()))]
        key = "+".join(names)
        if key not in laid:
            laid[key] = lay_over([built.parent / str(uris[name]) for name in names], built.parent / key)
        bootstrap = _BOOTSTRAP.format(
            layers=shlex.quote(str(laid[key])),
            runtime=shlex.quote(str(runtime)),
            python=shlex.quote(str(PYTHON)),
        )
        path = built.parent / str(function["CodeUri"]) / "bootstrap"
        path.write_text(bootstrap, encoding="utf-8")
        path.chmod(0o755)
    empty = built.parent / _NO_LAYER
    empty.mkdir(exist_ok=True)
    (empty / "README").write_text("The functions' bootstrap finds the layer by its path.\n", encoding="utf-8")
    for layer in _properties(template, _LAYER):
        layer["ContentUri"] = _NO_LAYER
    for name, machine in _named(template, _MACHINE).items():
        definition = (built.parent / str(machine["Properties"]["DefinitionUri"])).read_text("utf-8")
        local_definition = built.parent / f"{name}.asl.json"
        sleeps = f'"TimeoutSeconds": {_SLEEP_SECONDS}'
        local_definition.write_text(_COMPUTED.sub(sleeps, definition), "utf-8")
        machine["Properties"]["DefinitionUri"] = local_definition.name
    _allow_plain_http(template)
    _know_roles_by_their_sessions(template)
    _answer_every_task(template)
    template = _with_secret_arns(template, frozenset(_named(template, _SECRETS)))
    local.write_text(json.dumps(template, ensure_ascii=False, indent=1, default=str), encoding="utf-8")


def _allow_plain_http(template: Section) -> None:
    for kind in _RESOURCE_POLICIES:
        for name, resource in _named(template, kind).items():
            document: Section = resource["Properties"]["PolicyDocument"]
            statements: list[Section] = document["Statement"]
            document["Statement"] = [each for each in statements if "aws:SecureTransport" not in str(each)]
            if not document["Statement"]:
                del template["Resources"][name]


def _know_roles_by_their_sessions(template: Section) -> None:
    for kind in _RESOURCE_POLICIES:
        for policy in _properties(template, kind):
            for statement in policy["PolicyDocument"]["Statement"]:
                named: Section = statement.get("Condition", {}).get("ArnNotLike", {})
                if "aws:PrincipalArn" in named:
                    named["aws:PrincipalArn"] = [_sessions(each) for each in named["aws:PrincipalArn"]]


def _sessions(who: Any) -> Any:  # noqa: ANN401 - any part of a template
    match who:
        case {"Fn::GetAtt": [str(role), "Arn"]}:
            return {"Fn::Sub": f"arn:aws:sts::${{AWS::AccountId}}:assumed-role/${{{role}}}/*"}
        case {"Fn::If": [condition, yes, no]}:
            return {"Fn::If": [condition, _sessions(yes), _sessions(no)]}
        case _:
            return who


def _answer_every_task(template: Section) -> None:
    for function in _properties(template, _FUNCTION):
        policies: list[Section] = function.get("Policies", [])
        statements = [each for policy in policies for each in policy["Statement"]]
        for statement in statements:
            if statement["Action"] == "states:SendTaskSuccess":
                statement["Resource"] = "*"


def _with_secret_arns(node: Any, secrets: frozenset[str]) -> Any:  # noqa: ANN401 - any part of a template
    match node:
        case {"Ref": str(name)} if name in secrets:
            return {"Fn::GetAtt": [name, "Id"]}
        case {"Fn::Sub": str(text)}:
            return {"Fn::Sub": _SUBSTITUTED.sub(lambda name: _as_id(name[1], secrets), text)}
        case dict():
            return {key: _with_secret_arns(value, secrets) for key, value in cast("Section", node).items()}
        case list():
            return [_with_secret_arns(value, secrets) for value in cast("list[Any]", node)]
        case _:
            return node


def _as_id(name: str, secrets: frozenset[str]) -> str:
    return f"${{{name}.Id}}" if name in secrets else f"${{{name}}}"


def _named(template: Section, kind: str) -> Mapping[str, Section]:
    resources: Mapping[str, Section] = template["Resources"]
    return {name: resource for name, resource in resources.items() if resource["Type"] == kind}


def _properties(template: Section, kind: str) -> Iterator[Section]:
    return (resource.setdefault("Properties", {}) for resource in _named(template, kind).values())


def _section(template: Section, *names: str) -> Section:
    section = template
    for name in names:
        section = section.setdefault(name, {})
    return section
