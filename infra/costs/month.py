"""What a run, an answer and a month of a persona use of AWS, by the template.

Figures that stand in no template are assumed here, in one place: how much a persona is used, and how long
each function is busy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from infra.costs.metrics import HOURS, own_metrics
from infra.costs.prices import Uses, times
from infra.costs.runs import REMOVAL, RUN, removal_of_a_model, run_of, tasks
from maltu.interview import AT_ONCE, SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.template import Template

_GB: Final = 1_000_000_000
_FREE_DISK_GB: Final = 0.5
# What the platform and a function write for an invocation: its start, its end, a line or two in between.
_LOG_GB: Final = 3_000 / _GB
# A version's item holds its report, its settings and its story.
_ITEM_KB: Final = 6
_VERSION_GB: Final = _ITEM_KB * 1024 / _GB
_READ_UNITS: Final = 2
# What the gateway says of a request, and what goes back over the internet for one.
_ACCESS_LOG_GB: Final = 300 / _GB
_ANSWER_GB: Final = 3_000 / _GB
_FILE_GB: Final = 20_000 / _GB


@dataclass(frozen=True, slots=True)
class Workload:
    """What one persona is used for in a month.

    Attributes:
        messages: in its export.
        export_bytes: of a message in the export.
        dataset_bytes: of a message in the dataset.
        tokens: of a message in training.
        examples: of training, for each message.
        prompt_tokens: of a question, with the system prompt and what was said before.
        answer_tokens: of its answer.
        style_prompts: how many held-out questions a new model is asked.
        style_tokens: of one of them.
        runs: how many there are.
        answers: how many are asked for.
        visits: how often the page is opened.
        files: how many requests a visit makes.
        months: for how long versions have been gathering.
        hours: in how many hours of the month anything of it happens.
    """

    messages: int = 20_000
    export_bytes: float = 60
    dataset_bytes: float = 63
    tokens: float = 12.2
    examples: float = 0.055
    prompt_tokens: int = 400
    answer_tokens: int = 30
    style_prompts: int = 100
    style_tokens: int = 231
    runs: int = 1
    answers: int = 1_000
    visits: int = 10
    files: int = 40
    months: int = 12
    hours: int = 60

    @property
    def export_gb(self) -> float:
        """How large the export is."""
        return self.messages * self.export_bytes / _GB

    @property
    def dataset_gb(self) -> float:
        """How large what is made from it is."""
        return self.messages * self.dataset_bytes / _GB


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a run takes.

    Attributes:
        job_hours: the provider's job.
        answer_seconds: an answer to a held-out question.
        call_seconds: a function that asks the provider one thing, its start included.
        owner_hours: the owner, where the model is to be deployed by hand.
    """

    job_hours: float
    answer_seconds: float
    call_seconds: float
    owner_hours: float = 0

    def interview(self, prompts: int) -> float:
        """How long a model and its base are asked, in seconds; the code gives up by itself."""
        return 2 * min(SECONDS, prompts * self.answer_seconds / AT_ONCE)


USUAL: Final = Pace(job_hours=4, answer_seconds=1.5, call_seconds=3)
# As long as a run with the default parameters can take, by a provider that keeps everybody waiting.
LONGEST: Final = Pace(job_hours=72, answer_seconds=10, call_seconds=10)
# Reading 100,000 messages takes a second of this machine's processor; half a minute holds a start and more.
_PREPROCESS_SECONDS: Final = 30
# The two libraries, the dataset and the page that is drawn.
_REPORT_SECONDS: Final = 30
_AUTHORIZE_SECONDS: Final = 0.2
_ANSWER_SECONDS: Final = 3
_PAGE_SECONDS: Final = 0.1

# What a state asks of a service without a function; another one raises KeyError.
_SERVICES: Final = {
    "dynamodb:updateItem": Uses({"table_write": _ITEM_KB}),
    "dynamodb:getItem": Uses({"table_read": _READ_UNITS}),
    "aws-sdk:dynamodb:query": Uses({"table_read": _READ_UNITS}),
    "events:putEvents": Uses({"event": 1}),
    "sns:publish": Uses({"notification": 1, "mail": 1}),
    # Whose transitions are walked through by themselves.
    "states:startExecution": Uses(),
}


@dataclass(frozen=True, slots=True)
class Stack:
    """A template, asked what its parts use."""

    template: Template

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters' defaults."""
        return {name: each["Default"] for name, each in self.template["Parameters"].items()}

    def invocation(self, function: str, seconds: float) -> Uses:
        """One call of a function that is busy for so long."""
        properties = self.template["Resources"][function]["Properties"]
        usual = self.template["Globals"]["Function"]
        gb = properties.get("MemorySize", usual["MemorySize"]) / 1024
        disk = properties.get("EphemeralStorage", {}).get("Size", 512) / 1024 - _FREE_DISK_GB
        variables = properties.get("Environment", {}).get("Variables", {})
        return _uses(
            lambda_request=1,
            lambda_second=gb * seconds,
            lambda_disk_second=disk * seconds,
            log_gb=_LOG_GB,
            log_gb_month=_LOG_GB,
            trace=1,
            secret_call=sum("SECRET" in name for name in variables),
        )

    def run(self, load: Workload, pace: Pace) -> Uses:
        """One run, from the drop to the removal of the model that it replaced."""
        walked = run_of(pace.job_hours, parameters=self.parameters, deploying=pace.owner_hours)
        removal = removal_of_a_model(parameters=self.parameters)
        uses = self._drop()
        uses.update(_uses(transition=walked.transitions + removal.transitions, trace=2))
        for resource in (*tasks(RUN, walked), *tasks(REMOVAL, removal)):
            uses.update(self._task(resource, load, pace))
        # The dataset goes to the provider; the report and the answers go beside it.
        uses.update(_uses(sent_gb=load.dataset_gb, bucket_read=8, bucket_write=6))
        return uses

    def _drop(self) -> Uses:
        uses = self.invocation("PreprocessFunction", _PREPROCESS_SECONDS)
        # The export is put, its folder listed, the dataset's files and its parts written.
        uses.update(_uses(bucket_write=10, bucket_read=4, event=1, queue_request=3))
        uses.update(_uses(table_write=6 * _ITEM_KB, table_read=6 * _READ_UNITS))
        return uses

    def _task(self, resource: str, load: Workload, pace: Pace) -> Uses:
        if ":" in resource:
            return _SERVICES[resource]
        seconds = {
            "InterviewFunction": pace.interview(load.style_prompts) + pace.call_seconds,
            "StyleReportFunction": _REPORT_SECONDS,
        }
        return self.invocation(resource, seconds.get(resource, pace.call_seconds))

    def answer(self) -> Uses:
        """One answer of the endpoint, with a key that was made for somebody."""
        uses = self.invocation("AuthorizerFunction", _AUTHORIZE_SECONDS)
        uses.update(self.invocation("CompletionFunction", _ANSWER_SECONDS))
        uses.update(_uses(table_read=3 * _READ_UNITS, table_write=2))
        uses.update(_request(_ANSWER_GB))
        return uses

    def file(self) -> Uses:
        """One of the page's files, or of its questions."""
        uses = self.invocation("PageFunction", _PAGE_SECONDS)
        uses.update(_request(_FILE_GB))
        return uses

    def month(self, load: Workload, personas: int) -> Uses:
        """A month of so many personas, without what the stack costs while idle."""
        uses = times(self._persona(load), personas)
        share = min(1.0, personas * load.hours / HOURS)
        uses.update(_uses(metric_month=sum(own_metrics(self.template).values()) * share))
        return uses

    def _persona(self, load: Workload) -> Uses:
        """Runs, answers, visits, and what is kept."""
        uses = times(self.run(load, USUAL), load.runs)
        uses.update(times(self.answer(), load.answers))
        uses.update(times(self.file(), load.visits * load.files))
        kept = load.runs * load.months
        uses.update(
            _uses(
                bucket_gb_month=kept * (load.export_gb + load.dataset_gb),
                table_gb_month=kept * _VERSION_GB,
                backup_gb_month=kept * _VERSION_GB,
            )
        )
        return uses


def _request(size: float) -> Uses:
    return _uses(api_request=1, log_gb=_ACCESS_LOG_GB, log_gb_month=_ACCESS_LOG_GB, sent_gb=size)


def _uses(**amounts: float) -> Uses:
    return Uses(amounts)  # pyright: ignore[reportArgumentType]  # fractions count
