"""Methods about campaigns (R4): start, list, pause, resume, stop, delete, forecast."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from campaign_core import RecipientList
from campaign_service.client.json_data import Json, recipients_data
from campaign_service.client.requests import Requests, confirmation, moment
from campaign_service.schemas.explanations import CampaignForecast
from campaign_service.schemas.responses import Campaign, CampaignDetail, Taken

__all__ = ["CampaignMethods"]


class CampaignMethods(Requests):
    """Campaigns. Where a tag is given, nothing is done if somebody changed the campaign since.

    Where a key is given, a command that was taken under it before is not taken again, and what came
    of it then is returned; a program that cannot know whether it has commanded already gives one.
    """

    def start(  # noqa: PLR0913 -- one for each member of the body
        self,
        *,
        model_id: int,
        name: str | None = None,
        sound: str | None = None,
        recipients: RecipientList | None = None,
        at: datetime | None = None,
        after_min: int | None = None,
        expires_at: datetime | None = None,
        confirmed: bool = False,
        key: str | None = None,
    ) -> Taken:
        """Start a campaign at once, at a time, or after so many minutes (R4.1, R4.2).

        What is ``None`` is the model's. Where the telephony lacks a sound, it must be confirmed.
        """
        own: dict[str, Json] = {
            "model_id": model_id,
            "sound": sound,
            "recipients": None if recipients is None else recipients_data(recipients),
        }
        body = _start_body(own, name, _when(at, after_min), expires_at, confirmed=confirmed)
        return self._command("POST", self._path("campaigns"), body, key=key)

    def rerun(
        self,
        campaign_id: int,
        *,
        only: str = "UNREACHED",
        name: str | None = None,
        at: datetime | None = None,
        after_min: int | None = None,
        expires_at: datetime | None = None,
        confirmed: bool = False,
        key: str | None = None,
    ) -> Taken:
        """Call the rest again: start a campaign with those of another who were not reached.

        Args:
            campaign_id: the other.
            only: ``UNREACHED``, or ``FAILED`` alone.
            name: of the new campaign; ``None``: as the other.
            at: start then; or
            after_min: after so many minutes; neither: at once.
            expires_at: from then on no new call.
            confirmed: start though the telephony lacks a sound.
            key: under which it is taken once.
        """
        when = _when(at, after_min)
        body = _start_body({"only": only}, name, when, expires_at, confirmed=confirmed)
        return self._command("POST", self._path("campaigns", campaign_id, "rerun"), body, key=key)

    def start_now(
        self,
        campaign_id: int,
        *,
        confirmed: bool = False,
        tag: str | None = None,
        key: str | None = None,
    ) -> Taken:
        """Start a scheduled campaign before its time; confirmed, also where a sound is missing."""
        path = self._path("campaigns", campaign_id, "start-now")
        return self._command("POST", path, key=key, tag=tag, parameters=confirmation(confirmed))

    def pause(self, campaign_id: int, *, tag: str | None = None, key: str | None = None) -> Taken:
        """Have no new calls placed; those in progress go on (R4.7)."""
        path = self._path("campaigns", campaign_id, "pause")
        return self._command("POST", path, key=key, tag=tag)

    def resume(
        self,
        campaign_id: int,
        *,
        confirmed: bool = False,
        tag: str | None = None,
        key: str | None = None,
    ) -> Taken:
        """Have calls placed again (R4.7); confirmed, also where a sound is missing."""
        path = self._path("campaigns", campaign_id, "resume")
        return self._command("POST", path, key=key, tag=tag, parameters=confirmation(confirmed))

    def stop(
        self,
        campaign_id: int,
        *,
        hang_up: bool = False,
        tag: str | None = None,
        key: str | None = None,
    ) -> Taken:
        """Close a campaign for good (R4.7)."""
        path = self._path("campaigns", campaign_id, "stop")
        return self._command("POST", path, {"hang_up": hang_up}, key=key, tag=tag)

    def delete_campaign(self, campaign_id: int, *, tag: str | None = None) -> Taken:
        """Take a scheduled or final campaign off the list; its log stays (R4.9)."""
        return self._command("DELETE", self._path("campaigns", campaign_id), tag=tag)

    def campaigns(
        self,
        *,
        statuses: Sequence[str] = (),
        search: str | None = None,
        sort: str | None = None,
        descending: bool = False,
        at: datetime | None = None,
    ) -> Iterator[Campaign]:
        """Yield the campaigns on the list (R4.8).

        Args:
            statuses: only those with one of these.
            search: only those with this anywhere in their name, capital or small.
            sort: by what, such as ``NAME`` or ``PROGRESS``; ``None``: their creation.
            descending: the other way round.
            at: as it was then; ``None``: now.
        """
        asked = {
            "status": statuses,
            "search": search,
            "sort": sort,
            # Only where it is said: an older service does not know it.
            "order": "DESCENDING" if descending else None,
            "at": moment(at),
        }
        return self._pages(Campaign, self._path("campaigns"), asked)

    def campaign(self, campaign_id: int, *, at: datetime | None = None) -> CampaignDetail:
        """Return a campaign with all its parameters, as it is or was then."""
        path = self._path("campaigns", campaign_id)
        return self._read(CampaignDetail, self._ask(path, {"at": moment(at)}))

    def campaign_tag(self, campaign_id: int) -> str | None:
        """Return the tag of what people did to a campaign so far, for a change."""
        return self._tagged(self._path("campaigns", campaign_id))[1]

    def forecast(self, campaign_id: int, *, runs: int = 10) -> CampaignForecast:
        """Return how a campaign will end, with what was seen of the callees so far (R8.2)."""
        path = self._path("campaigns", campaign_id, "forecast")
        return self._read(CampaignForecast, self._ask(path, {"runs": runs}))


def _start_body(
    own: dict[str, Json],
    name: str | None,
    when: dict[str, Json],
    expires_at: datetime | None,
    *,
    confirmed: bool,
) -> dict[str, Json]:
    """Return the body of a start, of a model or of the rest of a campaign, without what is None."""
    # Confirmed only where it is said: an older service does not know it.
    common: dict[str, Json] = {
        "when": when,
        "name": name,
        "expires_at": moment(expires_at),
        "confirmed": confirmed or None,
    }
    return {key: value for key, value in {**own, **common}.items() if value is not None}


def _when(at: datetime | None, after_min: int | None) -> dict[str, Json]:
    if at is not None:
        return {"mode": "SCHEDULED", "at": at.isoformat()}
    if after_min is not None:
        return {"mode": "DELAYED", "minutes": after_min}
    return {"mode": "IMMEDIATE"}
