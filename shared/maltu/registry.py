"""The registry: one DynamoDB table that knows every persona, its versions and the live one.

======================  ====================  =========================================================
``pk``                  ``sk``                what the item holds
======================  ====================  =========================================================
``personas``            persona               since when it is known, and the pointer to the live version
``versions#<persona>``  version               status, timeline, settings, dataset report, job, failure
``exports#<persona>``   identity of exports   the version that was made from exactly these exports
``turns``               persona               whose turn it is to train (:mod:`maltu.turns`)
``line``                time and persona      who waits for the provider (:mod:`maltu.line`)
``approvals``           run                   who waits for a yes (:mod:`maltu.approval`)
``removals``            removal               what was removed where (:mod:`maltu.removals`)
``keys``                hash of the key       what the key is for (:mod:`maltu.keys`)
``usage#<month>``       key                   how often it has asked (:mod:`maltu.usage`)
``uploads``             export                who may drop it, and for whom it was (:mod:`maltu.uploads`)
======================  ====================  =========================================================

The state machine writes to the same items without code (``infra/fine_tune.asl.json``). The pointer moves by
conditional writes only: forward when a run succeeds, elsewhere by :meth:`Registry.point_at`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from maltu.table import EXISTS, IS_NEW, Condition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from maltu.table import Item, Table

# What a retry of the very same drop may take up again: nothing was decided about the export yet.
_UNDECIDED: Final = {"preparing", "InternalError"}
# What ended without a model: the same exports may be tried again.
_RETRIED: Final = {"failed", "cancelled", "rejected", "superseded"}
_SET_STATUS: Final = "SET #status = :status, timeline = list_append(timeline, :entry)"
_IS_ANOTHER: Final = f"{EXISTS} AND #status <> :status"
Status = Literal[
    "preparing", "awaiting_approval", "queued", "uploading", "training", "deploying",
    "succeeded", "candidate", "failed", "cancelled", "rejected", "superseded", "retired", "erasing",
]  # fmt: skip
UNFINISHED: Final = frozenset(
    {"preparing", "awaiting_approval", "queued", "uploading", "training", "deploying"}
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at making a version.

    Attributes:
        version: the version's name.
        number: counts from 1.
        begun_at: when, in UTC, to the millisecond; of two attempts the later one has seen more.
    """

    version: str
    number: int
    begun_at: str

    @property
    def run(self) -> str:
        """The Step Functions execution's name, unique for 90 days."""
        return run_name(self.version, self.number)


@dataclass(frozen=True, slots=True)
class Registry:
    """Reads and writes personas and versions."""

    table: Table

    def claim_version(self, persona: str, identity: str, proposed: str) -> str:
        """Give the version that these exports make: ``proposed``, unless they already made one."""
        key = {"pk": f"exports#{persona}", "sk": identity}
        if self.table.put({**key, "version": proposed}, condition=IS_NEW):
            return proposed
        # Also where our own write succeeded and its answer was lost: the item says who won.
        return str((self.table.get(key) or {})["version"])

    def begin(
        self,
        persona: str,
        version: str,
        drop: str,
        about: Mapping[str, Any],
        *,
        run_status: Callable[[str], str | None],
    ) -> Attempt | None:
        """Open an attempt at a version, or join the one that the same drop already opened.

        Args:
            persona: whose version it is.
            version: the version's name.
            drop: what tells this drop from every other one, the object's S3 version id.
            about: what is known of the version so far: its export and settings.
            run_status: how a run's execution stands, None where there is none: a run whose end nobody could
                record is known by it.

        Returns:
            The attempt, or None where the version is already under way or finished: a failed version is
            only tried again when somebody drops the export again.
        """
        self.note(persona)
        key = _version_key(persona, version)
        begun = _now_in_milliseconds()
        fresh = {
            **key, **about, "persona": persona, "version": version, "status": "preparing", "drop": drop,
            "attempt": 1, "begun_at": begun, "created_at": now(), "timeline": [_entry("preparing")],
        }  # fmt: skip
        if self.table.put(fresh, condition=IS_NEW):
            return Attempt(version, 1, begun)
        return self._rejoin(key, drop, begun, run_status)

    def note(self, persona: str) -> None:
        """Know a persona from its first drop on, whatever comes of it."""
        self.table.update(
            _persona_key(persona),
            "SET created_at = :now",
            {":now": now()},
            condition="attribute_not_exists(created_at)",
        )

    def _rejoin(
        self, key: Mapping[str, str], drop: str, begun: str, run_status: Callable[[str], str | None]
    ) -> Attempt | None:
        item = self.table.get(key) or {}
        status = item["status"]
        failure: Item = item.get("failure") or {}
        current = Attempt(str(item["version"]), int(item["attempt"]), item["begun_at"])
        if item["drop"] == drop:
            return current if _UNDECIDED & {status, failure.get("error")} else None
        execution = run_status(current.run)
        if status == "preparing" and execution in {None, "RUNNING"}:
            return current
        if status not in _RETRIED and not _broke_off(status, execution):
            return None
        opened = self.table.update(
            key,
            "SET attempt = :next, begun_at = :begun, #status = :preparing, #drop = :drop, "
            "timeline = list_append(timeline, :entry) REMOVE failure, cancelled, approval",
            {":next": current.number + 1, ":begun": begun, ":preparing": "preparing", ":drop": drop,
             ":entry": [_entry("preparing")], ":seen": current.number, ":status": status},
            condition="attempt = :seen AND #status = :status",
        )  # fmt: skip
        if not opened:
            return self._rejoin(key, drop, begun, run_status)
        return Attempt(current.version, current.number + 1, begun)

    def record_dataset(self, persona: str, version: str, facts: Mapping[str, Any]) -> bool:
        """Add what the dataset turned out to be to a version; False where somebody cancelled it meanwhile."""
        names = {f"#f{n}": name for n, name in enumerate(facts)}
        values = {f":f{n}": value for n, value in enumerate(facts.values())}
        assignments = ", ".join(f"#f{n} = :f{n}" for n in range(len(facts)))
        return self.table.update(
            _version_key(persona, version),
            f"SET {assignments}",
            values,
            names=names,
            condition=f"{EXISTS} AND attribute_not_exists(cancelled)",
        )

    def record_failure(self, persona: str, version: str, *, error: str, reason: str) -> None:
        """End a version's attempt with its reason.

        Raises:
            LookupError: the version is gone.
        """
        failure = {"error": error, "reason": reason, "at": now()}
        if self._record(persona, version, "failed", "failure = :it", {":it": failure}):
            return
        # Where our own write succeeded and its answer was lost, the version has failed already.
        if self.version(persona, version) is None:
            raise LookupError(f"The registry has no version {version}.")

    def record_awaiting(self, persona: str, version: str) -> bool:
        """Say that a version waits for its owner's yes; False where it is gone or somebody cancelled it."""
        return self._record_waiting(persona, version, "awaiting_approval")

    def record_queued(self, persona: str, version: str) -> bool:
        """Say that a version waits until it may train; False where it is gone or somebody cancelled it."""
        return self._record_waiting(persona, version, "queued")

    def record_approval(self, persona: str, version: str, by: str) -> None:
        """Say who allowed a version its price."""
        said = {"by": by, "at": now()}
        self.table.update(_version_key(persona, version), "SET approval = :said", {":said": said})

    def ask_to_cancel(self, persona: str, version: str, by: str) -> bool:
        """Say who wants a version's run to end; False where it has ended."""
        unfinished = {f":s{n}": status for n, status in enumerate(sorted(UNFINISHED))}
        return self.table.update(
            _version_key(persona, version),
            "SET cancelled = :said",
            {":said": {"by": by, "at": now()}, **unfinished},
            condition=f"#status IN ({', '.join(unfinished)})",
        )

    def record_cancelled(self, persona: str, version: str) -> bool:
        """Say that a version's run has ended because somebody wanted it to."""
        return self._record(persona, version, "cancelled")

    def record_leftovers(self, persona: str, version: str, refusals: list[str]) -> None:
        """Say what stayed at the provider, so that somebody removes it by hand."""
        self.table.update(_version_key(persona, version), "SET leftovers = :left", {":left": refusals})

    def persona(self, persona: str) -> Item | None:
        """The persona's item, or None."""
        return self.table.get(_persona_key(persona))

    def personas(self) -> list[Item]:
        """Every persona that anything was dropped for, by name."""
        return self.table.query("personas")

    def version(self, persona: str, version: str) -> Item | None:
        """One version's item, or None."""
        return self.table.get(_version_key(persona, version))

    def versions(self, persona: str, *, limit: int | None = 20) -> list[Item]:
        """The persona's newest versions, newest first; all of them where ``limit`` is None."""
        return self.table.query(f"versions#{persona}", newest_first=True, limit=limit)

    def point_at(self, persona: str, version: str, *, seen: str | None) -> bool:
        """Make a version live, if it can answer and ``seen`` is still the live one."""
        return self.table.update_if(
            _persona_key(persona),
            "SET live_version = :version, promoted_at = :now, created_at = if_not_exists(created_at, :now)",
            {":version": version, ":now": now(), **({":seen": seen} if seen else {})},
            condition="live_version = :seen" if seen else "attribute_not_exists(live_version)",
            also=Condition(
                _version_key(persona, version), "#status = :succeeded", {":succeeded": "succeeded"}
            ),
        )

    def accept(self, persona: str, version: str, by: str) -> bool:
        """Let a candidate be as good as any version that succeeded; False where it is none (any longer)."""
        return self.table.update(
            _version_key(persona, version),
            "SET #status = :succeeded, timeline = list_append(timeline, :entry), accepted = :said",
            {":succeeded": "succeeded", ":entry": [_entry("succeeded")], ":candidate": "candidate",
             ":said": {"by": by, "at": now()}},
            condition="#status = :candidate",
        )  # fmt: skip

    def retire(self, persona: str, version: str) -> bool:
        """Let a version answer no longer, unless it is live or cannot answer anyway."""
        return self.table.update_if(
            _version_key(persona, version),
            "SET #status = :retired, timeline = list_append(timeline, :entry)",
            {":retired": "retired", ":entry": [_entry("retired")], ":succeeded": "succeeded",
             ":candidate": "candidate"},
            condition="#status IN (:succeeded, :candidate)",
            also=Condition(
                _persona_key(persona),
                "attribute_not_exists(live_version) OR live_version <> :version",
                {":version": version},
            ),
        )  # fmt: skip

    def begin_erasing(self, persona: str, by: str) -> int:
        """Let no version of the persona answer or be made any longer; return how many items went."""
        for item in self.versions(persona, limit=None):
            if item["status"] in {"succeeded", "candidate"}:
                self._record(persona, item["version"], "erasing")
            self.ask_to_cancel(persona, item["version"], by)
        return self.table.delete(_persona_key(persona))

    def forget_version(self, persona: str, version: str) -> int:
        """Remove a version's item; return how many items went."""
        return self.table.delete(_version_key(persona, version))

    def forget_exports(self, persona: str, version: str | None = None) -> int:
        """Remove which exports made which version, or this one; return how many items went.

        Dropped again, they make a new version.
        """
        claims = self.table.query(f"exports#{persona}")
        return sum(
            self.table.delete({"pk": claim["pk"], "sk": claim["sk"]})
            for claim in claims
            if version in {None, claim["version"]}
        )

    def _record_waiting(self, persona: str, version: str, status: str) -> bool:
        said, item = self.table.update_or_see(
            _version_key(persona, version),
            _SET_STATUS,
            {":status": status, ":entry": [_entry(status)]},
            condition=f"{_IS_ANOTHER} AND attribute_not_exists(cancelled)",
        )
        return said or (item.get("status") == status and "cancelled" not in item)

    def _record(
        self, persona: str, version: str, status: str, more: str = "", values: Mapping[str, Any] | None = None
    ) -> bool:
        return self.table.update(
            _version_key(persona, version),
            _SET_STATUS + (more and f", {more}"),
            {":status": status, ":entry": [_entry(status)], **(values or {})},
            condition=_IS_ANOTHER,
        )


def run_of(item: Item) -> str:
    """What the execution of a version's present attempt is called."""
    return run_name(item["version"], item["attempt"])


def run_name(version: str, attempt: int) -> str:
    """What the execution of a version's attempt is called."""
    return f"{version}-{attempt}"


def _broke_off(status: str, execution: str | None) -> bool:
    """Whether a run ended and could not record it: an outage, a time-out, or somebody stopped it."""
    if status == "succeeded":  # but nothing points at it; Step Functions forgets executions after 90 days
        return execution not in {None, "SUCCEEDED", "RUNNING"}
    return status in UNFINISHED and execution != "RUNNING"


def now() -> str:
    """The present moment in UTC, to the second, as ISO 8601."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _now_in_milliseconds() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _entry(state: str) -> Item:
    return {"state": state, "at": now()}


def _persona_key(persona: str) -> dict[str, str]:
    return {"pk": "personas", "sk": persona}


def _version_key(persona: str, version: str) -> dict[str, str]:
    return {"pk": f"versions#{persona}", "sk": version}
