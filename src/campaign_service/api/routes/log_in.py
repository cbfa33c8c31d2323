"""Log-in, log-out, and one's own password (R10.1)."""

from __future__ import annotations

from campaign_service import access
from campaign_service.api.operations import PREFIX, OperationTable, RequiredCaller, ResponseForm
from campaign_service.api.request import ApiRequest, ApiResponse
from campaign_service.api.times import present
from campaign_service.schemas import accounts
from campaign_service.schemas.conversion import schema_of

__all__ = ["LOG_IN", "ME"]

ME = OperationTable("Who asks", below=PREFIX)
LOG_IN = OperationTable("Users", below=PREFIX)

_NOTHING = ResponseForm(status=204, media=())


@ME.query("/me", response=accounts.Me, needs=RequiredCaller.AUTHENTICATED)
async def read_me(request: ApiRequest) -> accounts.Me:
    """Read who one is, and what one may do: so a panel can hide the rest (R10.1)."""
    principal = request.principal
    tenants = {
        name: principal.permissions(name)
        for name in sorted(request.context.host.tenants)
        if principal.permissions(name)
    }
    permissions = principal.permissions()
    return schema_of(principal, accounts.Me, permissions=permissions, tenants=tenants)


@LOG_IN.change(
    "POST",
    "/login",
    needs=RequiredCaller.ANYBODY,
    body=accounts.Login,
    response=ResponseForm(schema=accounts.LoginAnswer),
    problems=("not-authenticated", "login-limited", "away"),
)
async def log_in(request: ApiRequest) -> accounts.LoginAnswer:
    """Log in with a password, and get a token for the requests to come."""
    body = request.body(accounts.Login)
    done = await request.log_in(body.name, body.password, now=present())
    return schema_of(done, accounts.LoginAnswer)


@LOG_IN.change(
    "POST",
    "/session",
    needs=RequiredCaller.ANYBODY,
    body=accounts.Login,
    response=ResponseForm(schema=accounts.BrowserSession, has_cookie=True),
    problems=("not-authenticated", "foreign-origin", "login-limited", "away"),
)
async def log_in_browser(request: ApiRequest) -> ApiResponse:
    """Log in with a password from a browser, which keeps the session in a cookie.

    No script can read it. What a browser asks with it must come from the service's own pages.
    """
    # Else another site could have somebody work as a user of its choice.
    request.browser.check_origin(is_change=True)
    body = request.body(accounts.Login)
    done = await request.log_in(body.name, body.password, now=present(), is_browser=True)
    return ApiResponse(
        content=schema_of(done, accounts.BrowserSession, idle_s=access.IDLE_MIN * 60),
        headers={"Set-Cookie": request.browser.kept(done.token)},
    )


@LOG_IN.change("POST", "/logout", needs=RequiredCaller.AUTHENTICATED, response=_NOTHING)
async def log_out(request: ApiRequest) -> ApiResponse:
    """End the session of the token or the cookie that this request shows."""
    await request.on_database(access.logout, request.principal, now=present())
    is_kept = request.browser.secret is not None
    return ApiResponse(headers={"Set-Cookie": request.browser.forgotten()} if is_kept else {})


@LOG_IN.change(
    "PUT",
    "/me/password",
    needs=RequiredCaller.AUTHENTICATED,
    body=accounts.ChangePassword,
    response=_NOTHING,
    problems=("refused", "login-limited", "away"),
)
async def change_my_password(request: ApiRequest) -> None:
    """Give oneself another password; all one's other sessions end."""
    body = request.body(accounts.ChangePassword)
    await request.with_passwords(
        access.change_password, request.principal, old=body.old, new=body.new, now=present()
    )
