"""The deployment's table on moto, in process."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

import boto3
from moto import mock_aws
from moto.dynamodb.responses import DynamoHandler

from maltu.aws_json import BRIEF, DYNAMODB, Client
from maltu.table import Table
from tests.support.template import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Generator

NAME = "maltu-table"


@contextmanager
def open_table() -> Generator[Table]:
    """A table of the template's shape; each request is done whole before the next, as DynamoDB does it."""
    one_request, call_action = threading.RLock(), DynamoHandler.call_action

    def one_at_a_time(handler: DynamoHandler) -> Any:  # noqa: ANN401 - whatever the handler answers
        with one_request:
            return call_action(handler)

    with mock_aws(), mock.patch.object(DynamoHandler, "call_action", one_at_a_time):
        shape = TEMPLATE["Resources"]["Table"]["Properties"]
        wanted = ("BillingMode", "AttributeDefinitions", "KeySchema")
        client = boto3.client("dynamodb")
        client.create_table(TableName=NAME, **{name: shape[name] for name in wanted})
        yield Table(Client(DYNAMODB, BRIEF), NAME)
