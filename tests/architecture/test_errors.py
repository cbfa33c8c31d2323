"""Exceptions of ours can leave the process in which they were raised."""

import copy
import importlib
import inspect
import pickle
import pkgutil
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import attrs
import pytest

import campaign_core
import campaign_drivers
import campaign_service
from campaign_core import Line, Recipient, Settings, handle, open_service
from campaign_core.commands import DeleteModels, PauseCampaign, StartCampaign
from campaign_core.errors import CampaignError, Problem, SettingsError
from campaign_core.reports import AnswerReport
from campaign_drivers import Missing, Need
from campaign_service.access import ServicePermission
from campaign_service.cli.statuses import ExitStatus
from campaign_service.config.problems import LocatedProblem
from campaign_service.journal.sql.chain import ChainHead
from campaign_service.serving.high_water_mark import HighWaterMark

PROBLEMS = [Problem(field="number", value="x", rule="a number")]
LOCATED = [LocatedProblem(field="a", value=1, rule="b", file=Path("c.toml"), line=3)]
MISSING = [Missing(need=Need.SOUND, name="closing", advice="copy it there.")]
REFUSED = {"command": PauseCampaign(campaign_id=1), "why": "not now"}
ANSWER = {"status": 409, "title": "no", "detail": "not now", "members": {"type": "x/busy"}}
URL = {"url": "https://calls", "why": "nobody there"}

SAMPLES = {
    "ResponseError": URL,
    "AppendConflictError": {"expected": 3, "found": 4},
    "BadValueError": ANSWER,
    "BadValuesError": {"problems": PROBLEMS},
    "BrokenPromiseError": {"promise": "p", "what": "w", "heard": [AnswerReport("a")]},
    "CommandFailedError": {"text": "no", "status": ExitStatus.FAILED},
    "ConfirmationNeededError": {"command": DeleteModels(model_ids=[1]), "campaigns": [(1, "a")]},
    "InputError": {"problems": LOCATED},
    "JournalFailedError": {"error": OSError(28, "no space left", "/var/x")},
    "JournalRolledBackError": {
        "tenant": "main",
        "noted": ChainHead(seq=9, chain=b"n"),
        "found": ChainHead(seq=4, chain=b"f"),
        "mark": HighWaterMark(Path("campaigns.mark")),
    },
    "KeyReusedError": {"key": "k1"},
    "LoginLimitedError": {"retry_after_s": 7},
    "NotAllowedError": ANSWER,
    "NotFoundError": ANSWER,
    "NotLeadingError": {"tenant": "main", "leader_url": None},
    "NotLoggedInError": ANSWER,
    "NotPermittedError": {
        "permission": next(iter(ServicePermission)),
        "tenant": "main",
        "must_change_password": True,
    },
    "PasswordRefusedError": {"rule": "longer", "field": "new"},
    "PreconditionFailedError": {"etag": "abc"},
    "ProblemError": ANSWER,
    "SettingsError": {"problems": PROBLEMS},
    "SnapshotDamagedError": {"why": "torn", "is_gone": True},
    "SoundsMissingError": {"command": StartCampaign(model_id=1), "missing": MISSING},
    "UnknownModelError": {"command": StartCampaign(model_id=7), "model_ids": [7]},
    "UnknownNodeError": {"name": "a", "known": ["b"]},
    "UnknownRecipientError": {"command": None, "why": "no such", "positions": [9]},
    "UnreachableError": URL,
    "UntrustedError": URL,
    "VersionConflictError": {"command": "change", "expected": 1, "found": 2},
    "NotCsvError": {"line": 3, "why": "a quote"},
    **dict.fromkeys(
        [
            "AlreadyExistsError",
            "CommandRefusedError",
            "LastAdministratorError",
            "UnknownCampaignError",
            "UnknownRoleError",
            "UnknownTokenError",
            "UnknownUserError",
        ],
        REFUSED,
    ),
}
"""What to make one of, by the names of those that take more than texts and numbers."""


def all_of_ours():
    found = {}
    for package in (campaign_core, campaign_drivers, campaign_service):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" in module.name:
                continue
            for value in vars(importlib.import_module(module.name)).values():
                if inspect.isclass(value) and issubclass(value, BaseException):
                    found[f"{value.__module__}.{value.__qualname__}"] = value
    return {name: kind for name, kind in sorted(found.items()) if name.startswith("campaign_")}


def sample_of(kind):
    own = any("__init__" in vars(one) for one in kind.__mro__ if "campaign" in one.__module__)
    if not own:
        return kind("a sentence")
    if kind.__name__ in SAMPLES:
        return kind(**SAMPLES[kind.__name__])
    plain = {"str": "x", "str | None": None, "int": 3, "int | None": None, "bool": True}
    wanted = {
        name: field.annotation
        for name, field in inspect.signature(kind).parameters.items()
        if field.default is field.empty
    }
    assert plain.keys() >= set(wanted.values()), f"tell how a {kind.__name__} is made"
    return kind(**{name: plain[annotation] for name, annotation in wanted.items()})


def told(error):
    attributes = {
        name: told(value) if isinstance(value, BaseException) else value
        for name, value in vars(error).items()
    }
    return type(error), str(error), repr(error.args), attributes


ERRORS = all_of_ours()
WAYS = {
    "pickle": lambda error: pickle.loads(pickle.dumps(error)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ERRORS.values(), ids=ERRORS)
def test_error_survives_with_text_and_attributes(kind, way):
    error = sample_of(kind)
    error.add_note("and more")

    assert told(WAYS[way](error)) == told(error)


def refuse_one(kind):
    """Do in another process what is refused there."""
    if kind == "value":
        Recipient(number="x")
    if kind == "list":
        Recipient(number=[lambda: "x"])
    handle(open_service("00000001", Settings(), 0).state, StartCampaign(model_id=7), 0)


def test_refusal_in_a_worker_process_is_told_where_it_was_asked():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        errors = {kind: pool.submit(refuse_one, kind).exception() for kind in ("value", "command")}

    assert "number = 'x'" in str(errors["value"])
    assert errors["value"].value == "x"
    assert "model_id = 7: there is no such model" in str(errors["command"])
    assert errors["command"].unknown == (7,)


def test_value_that_cannot_leave_its_process_is_told_by_its_text():
    with pytest.raises(SettingsError) as refused:
        Recipient(number=(one for one in "12"), line=Line.INTERNAL)

    came = WAYS["pickle"](refused.value)

    assert str(came) == str(refused.value)
    assert repr(came.value).startswith("<generator object")
    assert copy.deepcopy(refused.value).value is refused.value.value


def test_error_of_the_core_stays_what_it_is_to_a_stranger():
    """Also a standard error where a stranger expects one."""
    for kind in (*CampaignError.__subclasses__(), CampaignError):
        assert issubclass(kind, Exception)
    assert attrs.has(Problem)
