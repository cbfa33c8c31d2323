"""What was asked for, as requests and answers have it: settings, models, recipients (R2, R3).

A field has the name of the core's field. ``PAIRS`` in :mod:`.conversion` says which schema stands
for which class of the core; a test walks the fields of both, so that none can be forgotten.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

from campaign_service.schemas.fields import (
    MERGE,
    AskDigit,
    DuplicatesName,
    Email,
    Id,
    Limit,
    LineName,
    ModelName,
    OrderName,
    PersonName,
    PhoneNumber,
    RetriedOutcome,
    RoutingClass,
    Seconds,
    Sound,
    WeekdayName,
    WrittenNumber,
    ZoneName,
    about,
)

__all__ = [
    "Breaker",
    "CallLimits",
    "CallRate",
    "CallScript",
    "CallingHours",
    "FrequencyCap",
    "Model",
    "Number",
    "NumberPlan",
    "Parameters",
    "Recipient",
    "RetryPolicy",
    "Settings",
    "TransferOption",
]


class CallLimits(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """How many calls may be in progress at one time (R2.2); null: unlimited, 0: none.

    Internal and external may add up to more than the total; the total still holds.
    """

    total: Annotated[Limit | None, about("On all lines together; null: unlimited.")] = None
    internal: Annotated[Limit | None, about("On internal lines; null: unlimited.")] = None
    external: Annotated[Limit | None, about("On external lines; null: unlimited.")] = None


class CallRate(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """At most `calls` placed in any window of `per_s` seconds (R2.4)."""

    calls: Annotated[int, Meta(ge=1, le=10_000, description="How many at most.")]
    per_s: Annotated[int, Meta(ge=1, le=3_600, description="Seconds in which these are counted.")]


class FrequencyCap(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """At most `attempts` to one number in any `per_h` hours, over all campaigns (R6.15)."""

    attempts: Annotated[int, Meta(ge=1, le=1_000, description="How many at most.")]
    per_h: Annotated[int, Meta(ge=1, le=8_760, description="Hours in which these are counted.")]


class NumberPlan(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """How numbers are written in the country of the exchange (R3.7)."""

    country_code: Annotated[
        str,
        Meta(
            pattern=r"^[1-9][0-9]{0,2}$",
            max_length=3,
            description="1 to 3 digits without +, not 0 first.",
            examples=["39"],
        ),
    ]
    international_prefix: Annotated[
        str,
        Meta(
            pattern=r"^[0-9]{0,5}$",
            max_length=5,
            description="Up to 5 digits before a country code; empty: none.",
        ),
    ] = "00"
    trunk_prefix: Annotated[
        str,
        Meta(
            pattern=r"^[0-9]{0,3}$",
            max_length=3,
            description="Up to 3 digits before an area code; empty: none.",
        ),
    ] = "0"
    trunk_prefix_stays: Annotated[
        bool, about("Whether it stays behind the country code, as in Italy.")
    ] = False
    national_digits: Annotated[
        Annotated[int, Meta(ge=4, le=14)] | None,
        about("Digits of a national number without its trunk prefix; null: they differ."),
    ] = None


class Settings(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The general settings (R2): every one must be given, so that none is reset unawares."""

    active_campaigns_max: Annotated[
        Limit | None, about("How many competing campaigns may place calls; null: unlimited (R2.1).")
    ]
    call_limits: CallLimits
    call_rate: Annotated[CallRate | None, about("Over all campaigns (R2.4); null: unlimited.")]
    answer_prompt: Annotated[
        Sound | None, about("Asks to dial 1 (R7.2); null: silence to dial in.")
    ]
    listening_prompt: Annotated[
        Sound | None, about("Asks to dial 9 (R7.4); null: silence to dial in.")
    ]
    one_call_per_number: Annotated[
        bool, about("A number that is in a call is not called by another campaign (R6.14).")
    ]
    frequency_cap: Annotated[FrequencyCap | None, about("null: off.")]
    number_plan: (
        Annotated[
            NumberPlan | None,
            about(
                "By which external numbers are compared (R3.7); null: as they are"
                " written; left out of a change: as it was."
            ),
        ]
        | UnsetType
    ) = UNSET


class TransferOption(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A digit that connects the recipient to an extension (R7.7)."""

    digit: AskDigit
    extension: PhoneNumber


class CallScript(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Confirmations, prompts and how long each step of a call may take (R7)."""

    confirm_answer: Annotated[bool, about("Ask to dial 1 before the message (R7.2).")] = False
    confirm_listening: Annotated[bool, about("Ask to dial 9 after the message (R7.4).")] = False
    answer_prompt: (
        Annotated[
            Sound | None,
            about("null: silence to dial in; left out: as the settings have it (R2.5)."),
        ]
        | UnsetType
    ) = UNSET
    listening_prompt: (
        Annotated[
            Sound | None,
            about("null: silence to dial in; left out: as the settings have it (R2.5)."),
        ]
        | UnsetType
    ) = UNSET
    digit_timeout_s: Annotated[
        int, Meta(ge=1, le=60, description="Silence in which a digit is awaited.")
    ] = 5
    answer_prompts_max: Annotated[
        int, Meta(ge=1, le=20, description="Prompts before the call is given up (R7.2).")
    ] = 3
    message_plays_max: Annotated[
        int, Meta(ge=1, le=20, description="Times the message is played at most (R7.4).")
    ] = 5
    call_duration_max_s: Annotated[
        int, Meta(ge=10, le=7_200, description="Part of every call's deadline (R7.9).")
    ] = 600
    opt_out_digit: Annotated[
        AskDigit | None, about("Puts the number on the do-not-call list; null: off.")
    ] = None
    transfer: Annotated[TransferOption | None, about("null: off.")] = None


class RetryPolicy(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A least delay by outcome, and the outcomes after which a number is done with (R6.10)."""

    delays_s: Annotated[
        dict[RetriedOutcome, Seconds],
        Meta(
            description="Seconds from the end of an attempt, by its outcome; not named: none.",
            extra_json_schema={"propertyNames": {"enum": list(RetriedOutcome.__args__)}},
        ),
    ] = field(default_factory=dict)
    never_again: Annotated[
        list[RetriedOutcome],
        about("After one of these the number that was called is not tried again."),
    ] = field(default_factory=list)


class Breaker(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Pauses a campaign whose last calls failed for technical causes (R6.17)."""

    calls: Annotated[int, Meta(ge=1, le=1_000, description="How many are looked at.")]
    failed_percent: Annotated[int, Meta(ge=0, le=99, description="It trips above this share.")]


class CallingHours(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """One stretch of the day, on some days of the week (R6.11): half open, from opening on."""

    days: Annotated[list[WeekdayName], Meta(min_length=1, description="On which of them.")]
    opens_min: Annotated[int, Meta(ge=0, le=1_439, description="Minutes after midnight.")]
    closes_min: Annotated[
        int, Meta(ge=1, le=1_440, description="Minutes after midnight; later than it opens.")
    ]


class Number(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A number and the line it is called on."""

    number: WrittenNumber
    line: LineName = "EXTERNAL"


class Recipient(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """One entry to be reached (R3.1)."""

    number: WrittenNumber
    line: LineName = "EXTERNAL"
    name: PersonName = ""
    email: Email = ""
    time_zone: Annotated[
        ZoneName | None, about("Of its calling hours; null: the campaign's (R6.11).")
    ] = None
    further_numbers: Annotated[
        list[Number], Meta(max_length=9, description="Taken in turn after the first (R5.6).")
    ] = field(default_factory=list)


class Parameters(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The parameters of a model, or of a campaign's own copy, without the recipients (R3.1)."""

    name: ModelName
    caller_number: PhoneNumber
    enabled: Annotated[bool, about("A disabled model starts nothing.")] = True
    routing_class: Annotated[
        RoutingClass | None,
        about("Selects the telephony's route for external calls; null: the default one."),
    ] = None
    priority: Annotated[
        int, Meta(ge=0, le=1_000, description="A higher number goes first (R6.1).")
    ] = 0
    sound: Annotated[
        Sound | None, about("The message; needed at the start of a campaign (R4.1).")
    ] = None
    threshold: Annotated[Id | None, about("How many must be reached; null: all (R4.5).")] = None
    stop_at_threshold: Annotated[
        bool, about("Whether no new calls are placed once the threshold is reached.")
    ] = False
    attempts_max: Annotated[int, Meta(ge=1, le=100, description="Attempts per recipient.")] = 5
    ring_timeout_s: Annotated[
        int, Meta(ge=1, le=600, description="For how long a call is let ring.")
    ] = 30
    script: CallScript = CallScript()
    call_limits: CallLimits = CallLimits()
    call_rate: Annotated[
        CallRate | None,
        about("Of this campaign, beside that of the settings (R2.4); null: unlimited."),
    ] = None
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    calling_hours: Annotated[
        list[CallingHours],
        Meta(max_length=1_000, description="When calls may be placed; empty: always (R6.11)."),
    ] = field(default_factory=list)
    time_zone: ZoneName = "UTC"
    order: OrderName = "FRESH_FIRST"
    breaker: Annotated[Breaker | None, about("null: off.")] = None
    duplicates: Annotated[
        DuplicatesName,
        about("A number twice on a line of the list: refused, or each called for itself (R3.2)."),
    ] = "REFUSE"


class Model(Parameters, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A campaign model (R3). What an answer shows can be sent back as it is."""

    model_id: (
        Annotated[Id, about("Always in an answer; in a request it must be the same.")] | UnsetType
    ) = UNSET
    recipient_count: (
        Annotated[
            int,
            Meta(
                ge=0,
                le=2**53 - 1,
                description="Always in an answer; in a request it must be the same.",
            ),
        ]
        | UnsetType
    ) = UNSET
    recipients: (
        Annotated[
            list[Recipient],
            Meta(
                max_length=10_000_000,
                description="In list order. In an answer only where it was asked for; left out of"
                " an edit: as they were.",
            ),
        ]
        | UnsetType
    ) = UNSET
    merge_duplicates: Annotated[bool, about(MERGE)] | UnsetType = UNSET
