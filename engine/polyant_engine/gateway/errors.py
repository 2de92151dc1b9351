"""What may go wrong at a provider, and what our own caller hears of it.

    ModelError(core UpstreamFailed)     502  upstream_error
      ModelUnauthorized                 502  upstream_unauthorized: key or rights at the provider
      ModelMissing                      502  upstream_model_not_found
      ModelBroken                       502  upstream_broken: not the protocol, or cut off
      TargetForbidden                   502  upstream_forbidden: the guard refuses the address
      PromptRejected                    400  prompt_rejected: the provider's verdict on the prompt
        ContextTooLong                  400  context_length_exceeded
      ModelUnavailable                  503  upstream_unavailable, with Retry-After
        ModelRateLimited                503  upstream_rate_limited, with Retry-After
      ModelTimeout                      504  upstream_timeout

`message` is what a caller may read; `detail` is the provider's text, for the log and the
administrator only, because it may carry account names or parts of a key.
"""

from typing import ClassVar

from polyant_engine.core import errors

MAX_DETAIL = 500


class ModelError(errors.UpstreamFailed):
    """The model did not answer as it should."""

    default_code: ClassVar[str | None] = "upstream_error"
    text: ClassVar[str] = "The model provider failed."
    may_retry: ClassVar[bool] = False

    def __init__(self, detail: str = "", *, retry_after_seconds: float | None = None) -> None:
        wait = {} if retry_after_seconds is None else {"retry-after": _seconds(retry_after_seconds)}
        super().__init__(self.text, headers=wait)
        self.detail = detail[:MAX_DETAIL]
        self.retry_after_seconds = retry_after_seconds


def _seconds(value: float) -> str:
    return str(max(1, round(value)))


class ModelUnauthorized(ModelError):
    """The provider refuses our key."""

    default_code: ClassVar[str | None] = "upstream_unauthorized"
    text = "The model provider refuses this agent's credentials. Check the provider's API key."


class ModelMissing(ModelError):
    """The provider does not know the model."""

    default_code: ClassVar[str | None] = "upstream_model_not_found"
    text = "The model provider does not know this agent's model. Check the agent's model."


class ModelBroken(ModelError):
    """The provider does not speak the protocol, or stopped in the middle."""

    default_code: ClassVar[str | None] = "upstream_broken"
    text = "The model provider's answer broke off or could not be read."


class TargetForbidden(ModelError):
    """The guard refuses the address of the provider."""

    default_code: ClassVar[str | None] = "upstream_forbidden"
    text = (
        "The model's address is private and not allowed. Add its host to MODEL_PRIVATE_HOSTS "
        "if that is intended."
    )


class PromptRejected(ModelError):
    """The provider refuses this very prompt; asking again cannot help."""

    status = 400
    title = "Bad Request"
    kind = "invalid_request_error"
    default_code: ClassVar[str | None] = "prompt_rejected"
    text = "The model refuses this request."


class ContextTooLong(PromptRejected):
    """The prompt does not fit into the model."""

    default_code: ClassVar[str | None] = "context_length_exceeded"
    text = "The conversation is longer than this model can read."


class ModelUnavailable(ModelError):
    """The provider cannot be reached, or cannot serve now."""

    status = 503
    title = "Service Unavailable"
    default_code: ClassVar[str | None] = "upstream_unavailable"
    text = "The model provider is not available now; try again."
    may_retry = True


class ModelRateLimited(ModelUnavailable):
    """The provider's limit is used up."""

    default_code: ClassVar[str | None] = "upstream_rate_limited"
    text = "The model provider's rate limit is used up; try again later."


class ModelTimeout(ModelError):
    """The provider took too long."""

    status = 504
    title = "Gateway Timeout"
    default_code: ClassVar[str | None] = "upstream_timeout"
    text = "The model provider did not answer in time."
