"""Everything that can go wrong, as one tree.

The state machine matches these by class name and the API maps them once to OpenAI's error envelope,
so a name here is part of the contract. A message says what was wrong, where, and what the user can do;
it never quotes chat text, because it is stored, logged and sent to the owner.

::

    MaltuError
    ├── ExportError               the owner's file: nothing was sent anywhere
    │   ├── InvalidKey            the object stands where no persona can be read from
    │   ├── UnreadableExport      no reader understands the file
    │   ├── UnknownSpeaker        nobody, or nobody of that name, to learn from
    │   ├── TooFewExamples        less than a fine-tune needs
    │   └── LimitExceeded         more than the base model takes, or nothing that it reads
    ├── InvalidSettings           persona.json, metadata or deployment settings
    ├── ProviderError             the fine-tuning provider
    │   ├── RateLimited           its limit is reached: try again later
    │   ├── ProviderUnavailable   no answer, or a server error: try again
    │   │   └── ProviderTimedOut      no answer from a model in the time that its caller waits
    │   ├── ProviderRejected      it refused the request; the same request will be refused again
    │   │   ├── TrainingNotAvailable  this account may not create fine-tunes
    │   │   └── ModelClosed           the base model was shut down, with what was tuned from it
    │   ├── ModelNotReady         the model exists but does not answer yet
    │   │   └── DeploymentNeeded  and will not before its owner deploys it
    │   ├── TrainingFailed        the job ended without a model
    │   ├── TrainingCancelled     somebody cancelled the job
    │   └── DeadlineExceeded      the job did not end in the time it was given
    ├── RunEnded                  a run ended without a model, and nobody failed
    │   ├── ApprovalTimedOut      nobody agreed to its price in time
    │   ├── RunRejected           somebody did not agree to its price
    │   └── Superseded            a newer run took over before it cost anything
    ├── StyleError                no style report can be made
    │   ├── UnreadableDataset     the folder is no dataset, or held nothing out of training
    │   ├── UnreadableReplies     the file is no JSON Lines of prompts and replies
    │   └── StyleExtraMissing     the report's libraries are not installed
    ├── KakaoError                a KakaoTalk channel's bot
    │   ├── AnswerLate            the answer took longer than Kakao waits
    │   └── CallbackRefused       the answer could not be posted to the callback URL
    └── RequestError              the endpoint's caller
        ├── InvalidRequest        a field is missing or wrong
        │   └── RequestTooLarge       its body is more than any request needs
        ├── InsufficientScope     the caller's key may not do this
        ├── KeyNotFound           no key of that id
        ├── TooManyRequests       the caller's key has used up its minute
        ├── QuotaUsedUp           the caller's key has used up its month
        ├── PersonaNotFound       no persona of that name
        ├── PersonaNotReady       the persona has no live version yet
        ├── RunNotFound           no run of that name
        ├── ReportNotFound        no report of that version
        ├── ExportNotFound        nobody with this key was to upload it
        ├── NotUploaded           its file is not there
        ├── PreviewTooLarge       its file takes longer to look through than its caller waits
        ├── ExportConflict        it was dropped for somebody else
        └── RunConflict           what is asked does not go with what the run or version is doing
"""


class MaltuError(Exception):
    """Base of every error that Maltu raises on purpose."""


class ExportError(MaltuError):
    """The export cannot become a dataset; the owner can mend it."""


class InvalidKey(ExportError):
    """An object's key is not ``exports/<persona>/<file>`` or its persona is not a valid name."""


class UnreadableExport(ExportError):
    """No reader understands the file.

    ``excerpt`` holds the first lines that nobody understood, for a person's own terminal; it is chat text
    and therefore no part of the message.
    """

    def __init__(self, message: str, *, excerpt: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.excerpt = excerpt


class UnknownSpeaker(ExportError):
    """The persona's speaker could not be determined, or writes nothing in this export."""


class TooFewExamples(ExportError):
    """The export gives fewer examples than a fine-tune needs."""


class LimitExceeded(ExportError):
    """The dataset is more than the base model takes, or in a format that it does not read."""


class InvalidSettings(MaltuError):
    """A setting is unknown or out of range."""


class ProviderError(MaltuError):
    """The fine-tuning provider could not do what was asked."""


class RateLimited(ProviderError):
    """The provider's limit is reached; the same call may pass later.

    ``retry_after`` is how many seconds it asked to wait, None where it did not say.
    """

    def __init__(self, message: str = "", *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ProviderUnavailable(ProviderError):
    """The provider did not answer, or answered with a server error; the same call may pass later."""


class ProviderTimedOut(ProviderUnavailable):
    """A model gave no answer in the time that its caller waits."""


class ProviderRejected(ProviderError):
    """The provider refused the request and would refuse it again."""


class TrainingNotAvailable(ProviderRejected):
    """The provider does not let this account create fine-tunes."""


class ModelClosed(ProviderRejected):
    """The provider has shut the base model down, and with it whatever was tuned from it."""


class ModelNotReady(ProviderError):
    """The provider does not serve the model yet; the message says what is waited for."""


class DeploymentNeeded(ModelNotReady):
    """The provider serves the model once its owner has made a deployment; the message says how."""


class TrainingFailed(ProviderError):
    """The fine-tuning job failed at the provider."""


class TrainingCancelled(ProviderError):
    """The fine-tuning job was cancelled at the provider."""


class DeadlineExceeded(ProviderError):
    """The fine-tuning job did not finish before the run's deadline."""


class RunEnded(MaltuError):
    """A run ended without a model, and nobody failed."""


class ApprovalTimedOut(RunEnded):
    """Nobody agreed in time to a price above the budget."""


class RunRejected(RunEnded):
    """Somebody did not agree to a price above the budget."""


class Superseded(RunEnded):
    """A newer run took over before this one cost anything."""


class StyleError(MaltuError):
    """No style report can be made."""


class UnreadableDataset(StyleError):
    """The folder is no dataset as ``maltu prepare`` writes it, or nothing was held out of training."""


class UnreadableReplies(StyleError):
    """A file of replies has a line that is no prompt with a reply, or no line at all."""


class StyleExtraMissing(StyleError):
    """The libraries that a style report is made with are not installed."""


class KakaoError(MaltuError):
    """A KakaoTalk channel's bot could not be answered."""


class AnswerLate(KakaoError):
    """The answer took longer than Kakao waits."""


class CallbackRefused(KakaoError):
    """The answer could not be posted to the callback URL, which the message does not name."""


class RequestError(MaltuError):
    """The endpoint's caller asked for something that cannot be answered."""


class InvalidRequest(RequestError):
    """A field of the request is missing or wrong; ``param`` names it."""

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class RequestTooLarge(InvalidRequest):
    """The request's body is larger than any that is needed."""


class InsufficientScope(RequestError):
    """The key that was shown is valid, but not for what was asked."""


class KeyNotFound(RequestError):
    """No key has that id (any longer)."""


class TooManyRequests(RequestError):
    """The key has used up its minute; ``retry_after`` says in how many seconds the next one begins."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class QuotaUsedUp(RequestError):
    """The key has used up its month; ``retry_after`` says in how many seconds the next one begins."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PersonaNotFound(RequestError):
    """No persona of that name exists."""


class PersonaNotReady(RequestError):
    """The persona exists but has no live version yet."""


class RunNotFound(RequestError):
    """The persona has no run of that name."""


class ReportNotFound(RequestError):
    """The version has no such report, or no longer."""


class ExportNotFound(RequestError):
    """Nobody asked, with the caller's key, for a form to upload an export of that id."""


class NotUploaded(RequestError):
    """The export's file was not uploaded yet, or is gone."""


class PreviewTooLarge(RequestError):
    """There is more in the export than can be looked through while somebody waits; it can be dropped."""


class ExportConflict(RequestError):
    """The export was dropped for another persona or speaker."""


class RunConflict(RequestError):
    """What is asked does not go with what the run or version is doing."""
