"""How a run's files and jobs are found again at a host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from maltu.naming import file_names

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable

    import openai
    from openai.types import FileObject
    from openai.types.fine_tuning import FineTuningJob

    from maltu.providers.hosts import HostProfile

Listed = TypeVar("Listed", "FileObject", "FineTuningJob")

RUN_KEY: Final = "maltu_run"


def mark(run: str) -> str:
    """What stands for a run in names of at most 18 characters, the shortest that a host allows."""
    return f"maltu-{run[-12:]}"


def files_named(client: openai.OpenAI, names: Collection[str]) -> list[FileObject]:
    """Find uploads by their names."""
    files = _each_once(client.files.list(purpose="fine-tune"))
    return [file for file in files if file.filename in names]


def jobs_of(client: openai.OpenAI, host: HostProfile, run: str) -> list[FineTuningJob]:
    """Find a run's jobs: by their metadata, or by whatever trace of the run they show."""
    jobs = client.fine_tuning.jobs
    if host.keeps_metadata:
        # A host that ignores the filter lists every job.
        kept = _each_once(jobs.list(metadata={RUN_KEY: run}))
        return [job for job in kept if (job.metadata or {}).get(RUN_KEY) == run]
    files = {file.id for file in files_named(client, file_names(run))}
    return [job for job in _each_once(jobs.list()) if job.training_file in files or _bears_mark(job, run)]


def _bears_mark(job: FineTuningJob, run: str) -> bool:
    shown = job.model_extra or {}
    return (
        (job.metadata or {}).get(RUN_KEY) == run
        or mark(run) in {shown.get("suffix"), shown.get("user_provided_suffix")}
        or mark(run) in (job.fine_tuned_model or "")
    )


def _each_once(pages: Iterable[Listed]) -> Generator[Listed]:
    """Stop where a host that ignores the cursor begins again with its first page."""
    seen: set[str] = set()
    for each in pages:
        if each.id in seen:
            return
        seen.add(each.id)
        yield each
