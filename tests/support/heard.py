"""What a deployed stack tells and keeps elsewhere than in its bucket and at its provider."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from infra.local.workspace import LOCAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.local.stack import Stack
    from tests.support.deployed import Chain


def everything_told(chain: Chain) -> dict[str, str]:
    """What stands elsewhere than in the bucket and at the provider, a text for each place."""

    def client(service: str) -> Any:  # noqa: ANN401 - of any service
        return cast("Any", chain.stack.aws.session).client(service, endpoint_url=chain.stack.aws.url)

    sfn, sqs = client("stepfunctions"), client("sqs")
    executions = [
        [sfn.describe_execution(executionArn=each["executionArn"]),
         sfn.get_execution_history(executionArn=each["executionArn"], maxResults=1000)["events"]]
        for machine in sfn.list_state_machines()["stateMachines"]
        for each in sfn.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]
    ]  # fmt: skip
    heard = {name: list(messages(sqs, url)) for name, url in chain.heard.items()}
    logs = LOCAL / "logs" / "e2e"
    told = {
        "functions": list(chain.stack.aws.function_logs()),
        "executions": executions,
        "registry": client("dynamodb").scan(TableName=chain.stack.outputs["TableName"])["Items"],
        **heard,
        **{
            path.name: path.read_text("utf-8", "replace")
            for path in logs.glob("*.log")
            if path.stat().st_size
        },
    }
    return {place: json.dumps(each, ensure_ascii=False, default=str) for place, each in told.items() if each}


def messages(sqs: Any, url: str) -> Iterator[str]:  # noqa: ANN401 - a client
    while batch := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for each in batch:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
            yield each["Body"]


def listen(stack: Stack) -> dict[str, str]:
    """Hear what the owner and the bus are told from now on: the queues by what they hear."""

    def client(service: str) -> Any:  # noqa: ANN401 - of any service
        return cast("Any", stack.aws.session).client(service, endpoint_url=stack.aws.url)

    sqs, events = client("sqs"), client("events")
    heard = {name: sqs.create_queue(QueueName=f"heard-{name}")["QueueUrl"] for name in ("owner", "bus")}
    arns = {
        name: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        for name, url in heard.items()
    }
    for name, url in heard.items():
        anybody = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arns[name]}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [anybody]})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    topic = stack.outputs["NotificationTopicArn"]
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arns["owner"])
    # What the bucket says of every object as well.
    pattern = json.dumps({"source": ["maltu", "aws.s3"]})
    events.put_rule(Name="heard", EventPattern=pattern)
    events.put_targets(Rule="heard", Targets=[{"Id": "queue", "Arn": arns["bus"]}])
    return heard
