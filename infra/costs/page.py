"""The tables of ``docs/cost.md``."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from infra.costs.idle import idle, keys_of_ones_own
from infra.costs.month import LONGEST, USUAL, Stack, Workload
from infra.costs.prices import Uses, price_list
from infra.costs.training import bases, month_at_provider

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from infra.template import Template

LOAD: Final = Workload()
MANY: Final = 1_000
_TABLE: Final = re.compile(r"(<!-- (\w+): made by `make costs` -->\n).*?(<!-- end -->)", re.DOTALL)
_SEEN: Final = {"aws": "AWS's page", "others": "others' pages", "memory": "nowhere: from memory"}
_GROUPS: Final = (
    ("Lambda", ("lambda_",)),
    ("Step Functions", ("transition",)),
    ("API Gateway", ("api_",)),
    ("DynamoDB", ("table_", "backup_")),
    ("S3", ("bucket_",)),
    ("logs and traces", ("log_", "trace")),
    ("metrics", ("metric_",)),
    ("Secrets Manager", ("secret_call",)),
    ("queues, events and mails", ("queue_", "event", "notification", "mail")),
    ("to the internet", ("sent_",)),
)


def filled(page: str, template: Template) -> str:
    """Put the tables into a page, each between its marks.

    Raises:
        KeyError: the page has a mark for a table that there is none of.
    """
    tables = {name: "\n".join(lines) for name, lines in _tables(template).items()}
    return _TABLE.sub(lambda found: f"{found[1]}\n{tables[found[2]]}\n\n{found[3]}", page)


def _tables(template: Template) -> dict[str, Iterable[str]]:
    return {
        "idle": _idle(template),
        "run": _run(template),
        "month": _month(template),
        "assumptions": _assumptions(),
        "prices": _prices(),
    }


def _idle(template: Template) -> Iterator[str]:
    listed = price_list()
    usual, with_bot = idle(template), idle(template, {"HasKakaoBot": True})
    yield from _head("What is there", "How many", "USD a month", "after what is free")
    for name, amount in sorted(usual.items()):
        price = listed.prices[name]
        costs = (price.of(amount, allowance=allowance) for allowance in (False, True))
        yield _row(price.what, f"{amount:,}", *(f"{usd:.2f}" for usd in costs))
    yield _row("**all of it**", "", *(f"**{usd:.2f}**" for usd in _both(usual)))
    more = (after - before for before, after in zip(_both(usual), _both(with_bot), strict=True))
    yield _row("with `KakaoBot` on", "", *(f"+ {usd:.2f}" for usd in more))
    key = f"+ {listed.prices['key_month'].usd:.2f}"
    for name in keys_of_ones_own(template):
        yield _row(f"with a key of your own (`{name}`)", "1", key, key)


def _run(template: Template) -> Iterator[str]:
    stack = Stack(template)
    usual, longest = (stack.run(LOAD, pace) for pace in (USUAL, LONGEST))
    hours, most = (f"{pace.job_hours:g} hours" for pace in (USUAL, LONGEST))
    yield from _head("USD of one run", f"a job of {hours}", f"{most}, and slow")
    yield _row("state transitions", *(f"{uses['transition']:,}" for uses in (usual, longest)))
    yield _row("calls of functions", *(f"{uses['lambda_request']:,}" for uses in (usual, longest)))
    yield from _grouped(usual, longest)
    yield _row("and an hour of waiting for you, where you deploy the model", _money(_owners_hour(stack)), "")


def _owners_hour(stack: Stack) -> float:
    """US dollars for an hour in which a run waits for its owner's deployment, on average over a day."""
    day = 24
    waited = stack.run(LOAD, replace(USUAL, owner_hours=day)) - stack.run(LOAD, USUAL)
    return price_list().usd(waited) / day


def _month(template: Template) -> Iterator[str]:
    stack = Stack(template)
    one, many = (stack.month(LOAD, personas) for personas in (1, MANY))
    still = idle(template)
    yield from _head("USD a month", "one persona", f"{MANY:,} personas")
    yield _row("the stack, idle", *[_money(price_list().usd(still))] * 2)
    yield from _grouped(one, many, total=False)
    both = [one + still, many + still]
    yield _row("**AWS, all of it**", *(f"**{_money(price_list().usd(uses))}**" for uses in both))
    free = (price_list().usd(uses, allowance=True) for uses in both)
    yield _row("AWS, after what is free", *map(_money, free))
    for base in bases():
        usd = month_at_provider(base, LOAD)
        shown = ("price of answers not known",) * 2 if usd is None else (_money(usd), _money(usd * MANY))
        yield _row(f"and the provider, with `{base.id}`", *shown)


def _grouped(*columns: Uses, total: bool = True) -> Iterator[str]:
    for group, prefixes in _GROUPS:
        costs = [_usd_of(uses, prefixes) for uses in columns]
        if any(costs):
            yield _row(group, *map(_money, costs))
    if total:
        yield _row("**all of it**", *(f"**{_money(price_list().usd(uses))}**" for uses in columns))


def _usd_of(uses: Uses, prefixes: Sequence[str]) -> float:
    return price_list().usd(Uses({name: n for name, n in uses.items() if name.startswith(tuple(prefixes))}))


def _assumptions() -> Iterator[str]:
    yield from _head("Assumed of a persona in a month", "")
    for what, value in {
        "messages in its export": f"{LOAD.messages:,}",
        "tokens of a message in training": f"{LOAD.tokens:g}",
        "runs": f"{LOAD.runs}",
        "answers": f"{LOAD.answers:,}",
        "tokens of a question, with what was said before": f"{LOAD.prompt_tokens}",
        "tokens of an answer": f"{LOAD.answer_tokens}",
        "visits of the page, and requests of each": f"{LOAD.visits} and {LOAD.files}",
        "hours in which anything happens": f"{LOAD.hours}",
        "months for which exports and datasets are kept": f"{LOAD.months}",
    }.items():
        yield _row(what, value)
    for what, usual, longest in (
        ("seconds of an answer to a held-out question", USUAL.answer_seconds, LONGEST.answer_seconds),
        ("seconds of a function that asks the provider", USUAL.call_seconds, LONGEST.call_seconds),
    ):
        yield _row(what, f"{usual:g}; {longest:g} if slow")


def _prices() -> Iterator[str]:
    yield from _head("What", "USD", "for", "free each month", "seen on")
    for price in price_list().prices.values():
        free = f"{price.free:,}" if price.free else "–"
        yield _row(price.what, f"{price.usd:g}", price.per, free, _SEEN[price.seen])


def _both(uses: Uses) -> tuple[float, float]:
    return price_list().usd(uses), price_list().usd(uses, allowance=True)


def _money(usd: float) -> str:
    """Cents from a tenth of a dollar on, and two digits below."""
    if usd >= 0.0995:  # noqa: PLR2004 - what rounds to a tenth
        return f"{usd:,.2f}"
    return f"{usd:.4f}" if usd >= 0.00005 else "0"  # noqa: PLR2004 - what rounds to the last digit


def _head(*cells: str) -> Iterator[str]:
    yield _row(*cells)
    yield "|" + "---|" * len(cells)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
