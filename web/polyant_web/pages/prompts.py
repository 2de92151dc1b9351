"""What an agent is told about itself: one text per section.

Only sections that were changed are sent, so two people who edit different ones keep both.
"""

from collections.abc import Mapping

from starlette.responses import Response

from polyant_web.engine.models import PromptSection
from polyant_web.pages import validation
from polyant_web.pages.validation import Complaints
from polyant_web.pages.visit import Visit


async def show(visit: Visit) -> Response:
    """Show every section."""
    sections = await visit.engine.prompts(visit.slug())
    return await _page(visit, sections, _stored(sections))


async def save(visit: Visit) -> Response:
    """Save what was changed."""
    sections = await visit.engine.prompts(visit.slug())
    stored = _stored(sections)
    entered = {key: visit.form.get(key, stored[key]) for key in stored}
    changed = {key: text for key, text in entered.items() if text != stored[key]}
    if changed:
        try:
            await visit.engine.save_prompts(visit.slug(), changed)
        except validation.ENTERED_WRONGLY as error:
            return await _page(visit, sections, entered, validation.sort(error, stored))
    return visit.go(f"/agents/{visit.slug()}/prompts?saved=1")


async def _page(
    visit: Visit,
    sections: tuple[PromptSection, ...],
    entered: Mapping[str, str],
    complaints: Complaints = validation.NONE,
) -> Response:
    return visit.page(
        "prompts.html",
        200 if complaints is validation.NONE else 422,
        agent=await visit.engine.agent(visit.slug()),
        sections=sections,
        entered=entered,
        complaints=complaints,
        saved="saved" in visit.request.query_params,
    )


def _stored(sections: tuple[PromptSection, ...]) -> dict[str, str]:
    return {section.key: section.content for section in sections}
