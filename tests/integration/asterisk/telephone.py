"""A SIP telephone that does what a test says: registers, rings, forwards, answers, transfers.

Small and on loopback: nothing is authenticated, a request is sent once, and what is heard is
counted in packets that are not silence. It is at an address of its own, since 127.0.0.1 is that of
the other server.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import re
import struct
from typing import TYPE_CHECKING, Self

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable

ADDRESS = "127.0.0.2"
"""Of all telephones; not the one by which the servers know each other."""

_SILENCE = b"\xd5" * 160
"""20 ms of A-law."""
_tags = itertools.count(random.randrange(1 << 30))
_KEYS = "0123456789*#ABCD"


@attrs.define
class Message:
    """A request or a response."""

    start: str
    headers: list[tuple[str, str]]
    body: str = ""

    @classmethod
    def parse(cls, data: bytes) -> Message:
        head, _, body = data.decode().partition("\r\n\r\n")
        start, *lines = head.split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return cls(start, [(name.strip().lower(), value.strip()) for name, _, value in pairs], body)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def __getitem__(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    @property
    def method(self) -> str:
        """Of a request; empty for a response."""
        return "" if self.start.startswith("SIP/2.0") else self.start.split()[0]

    @property
    def status(self) -> int:
        return int(self.start.split()[1])


@attrs.define(eq=False)
class Leg:
    """One call as the telephone has it."""

    telephone: Telephone
    call_id: str
    near: str
    """Our From or To, with its tag."""
    far: str = ""
    target: str = ""
    """The other side's Contact."""
    invite: Message | None = None
    media: tuple[str, int] | None = None
    state: str = "new"
    """new, ringing, up, over."""
    heard: int = 0
    """Packets with sound in them."""
    notified: list[str] = attrs.field(factory=list)
    """What became of a transfer that we asked for."""
    replies: dict[str, int] = attrs.field(factory=dict)
    _cseq: int = 1
    _sounded: asyncio.Event = attrs.field(factory=asyncio.Event)

    # Of a call that comes in ---------------------------------------------------------------

    def ring(self) -> None:
        self.state = "ringing"
        self._reply("180 Ringing")

    def answer(self) -> None:
        self.state = "up"
        self._reply("200 OK", body=self.telephone.sdp())
        self.telephone.speak(self)

    def forward(self, number: str, host: str = "") -> None:
        """Answer that the number is elsewhere: at the server itself, or at an address."""
        self.state = "over"
        where = host or f"127.0.0.1:{self.telephone.server}"
        self._reply("302 Moved Temporarily", contact=f"<sip:{number}@{where}>")

    def refuse(self, status: str = "486 Busy Here") -> None:
        self.state = "over"
        self._reply(status)

    def _reply(self, status: str, *, contact: str = "", body: str = "") -> None:
        assert self.invite is not None
        self.telephone.reply(self.invite, status, to=self.near, contact=contact, body=body)

    # Of any call ---------------------------------------------------------------------------

    def hang_up(self) -> None:
        if self.state == "up":
            self.request("BYE")
        self.state = "over"

    def transfer(self, number: str, *, consulted: Leg | None = None) -> None:
        """Ask the server to connect the other side to a number, or to whom we consulted."""
        to = f"sip:{number}@127.0.0.1:{self.telephone.server}"
        if consulted is not None:
            to += f"?Replaces={consulted.replaces(escaped=True)}"
        self.request("REFER", [("Refer-To", f"<{to}>"), ("Referred-By", self.near)])

    def replaces(self, *, escaped: bool = False) -> str:
        """Return this dialogue's name as the one who would replace us must give it."""
        text = f"{self.call_id};to-tag={_tag(self.far)};from-tag={_tag(self.near)}"
        return text.replace(";", "%3B").replace("=", "%3D").replace("@", "%40") if escaped else text

    def request(self, method: str, headers: list[tuple[str, str]] | None = None) -> None:
        self._cseq += 1
        self.telephone.request(
            method,
            self.target,
            [("From", self.near), ("To", self.far), ("Call-ID", self.call_id),
             ("CSeq", f"{self._cseq} {method}"), *(headers or [])],
        )  # fmt: skip

    async def hears(self, packets: int = 10, within_s: float = 15) -> None:
        """Wait until so many packets with sound in them have come."""
        async with asyncio.timeout(within_s):
            while self.heard < packets:
                self._sounded.clear()
                await self._sounded.wait()

    async def dial(self, digits: str) -> None:
        """Dial digits by RFC 4733."""
        for digit in digits:
            await self.telephone.press(self, digit)

    def sound(self) -> None:
        """Count a packet with sound in it."""
        self.heard += 1
        self._sounded.set()

    def take_media(self, message: Message) -> None:
        found = re.search(r"^m=audio (\d+)", message.body, re.MULTILINE)
        if found:
            self.media = ("127.0.0.1", int(found[1]))


class Telephone(asyncio.DatagramProtocol):
    """One device, registered for a number for the time of a block."""

    def __init__(self, number: str, server: int) -> None:
        self.number, self.server = number, server
        self.legs: list[Leg] = []
        self.on_call: Callable[[Leg], None] = Leg.ring
        self._sent: dict[tuple[str, str], bytes] = {}
        self._registered = asyncio.Event()
        self._called = asyncio.Event()
        self._sound: list[asyncio.Task[None]] = []
        self._seq = itertools.count(1)
        self._busy_line: set[Leg] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._sip, _ = await loop.create_datagram_endpoint(lambda: self, (ADDRESS, 0))
        self._media, _ = await loop.create_datagram_endpoint(lambda: _Media(self), (ADDRESS, 0))
        self.port = self._sip.get_extra_info("sockname")[1]
        self.media_port = self._media.get_extra_info("sockname")[1]
        await self._register(300)
        return self

    async def __aexit__(self, *_: object) -> None:
        for leg in self.legs:
            leg.hang_up()
        for task in self._sound:
            task.cancel()
        try:
            # Whoever is called next under this number must not be sought here.
            await self._register(0)
        finally:
            self._sip.abort()
            self._media.abort()

    async def called(self, count: int = 1, within_s: float = 10) -> Leg:
        """Wait until this many calls have come; return the last one."""
        async with asyncio.timeout(within_s):
            while len(self.legs) < count:
                self._called.clear()
                await self._called.wait()
        return self.legs[count - 1]

    def call(self, number: str, *, replaces: str = "") -> Leg:
        """Call a number, perhaps in the place of another dialogue."""
        leg = Leg(
            self, f"{next(_tags):x}@{ADDRESS}", f"<{self._own}>;tag={next(_tags):x}",
            f"<sip:{number}@127.0.0.1:{self.server}>", f"sip:{number}@127.0.0.1:{self.server}",
        )  # fmt: skip
        self.legs.append(leg)
        headers = [("From", leg.near), ("To", leg.far), ("Call-ID", leg.call_id)]
        headers += [("CSeq", "1 INVITE"), ("Content-Type", "application/sdp")]
        if replaces:
            headers.append(("Replaces", replaces))
        self.request("INVITE", leg.target, headers, self.sdp())
        return leg

    # SIP -----------------------------------------------------------------------------------

    @property
    def _own(self) -> str:
        return f"sip:{self.number}@{ADDRESS}:{self.port}"

    async def _register(self, expires_s: int) -> None:
        """Be registered for so long, or no more, and wait until the server has taken it."""
        self._registered.clear()
        to = f"<sip:{self.number}@127.0.0.1>"
        self.request(
            "REGISTER",
            f"sip:127.0.0.1:{self.server}",
            [("From", f"{to};tag={next(_tags):x}"), ("To", to),
             ("Call-ID", f"{next(_tags):x}@{ADDRESS}"), ("CSeq", "1 REGISTER"),
             ("Expires", str(expires_s))],
        )  # fmt: skip
        async with asyncio.timeout(10):
            await self._registered.wait()

    def request(
        self, method: str, target: str, headers: list[tuple[str, str]], body: str = ""
    ) -> None:
        via = f"SIP/2.0/UDP {ADDRESS}:{self.port};branch=z9hG4bK{next(_tags):x};rport"
        lines = [("Via", via), ("Max-Forwards", "70"), ("Contact", f"<{self._own}>"), *headers]
        self._send(f"{method} {target} SIP/2.0", lines, body)

    def reply(
        self, request: Message, status: str, *, to: str = "", contact: str = "", body: str = ""
    ) -> None:
        lines = [("Via", via) for via in request.all("via")]
        lines += [("From", request["from"]), ("To", to or request["to"])]
        lines += [("Call-ID", request["call-id"]), ("CSeq", request["cseq"])]
        lines.append(("Contact", contact or f"<{self._own}>"))
        if body:
            lines.append(("Content-Type", "application/sdp"))
        self._sent[request["call-id"], request["cseq"]] = self._send(
            f"SIP/2.0 {status}", lines, body
        )

    def _send(self, start: str, headers: list[tuple[str, str]], body: str) -> bytes:
        lines = [*headers, ("Content-Length", str(len(body)))]
        text = "".join(f"{name}: {value}\r\n" for name, value in lines)
        data = f"{start}\r\n{text}\r\n{body}".encode()
        self._sip.sendto(data, ("127.0.0.1", self.server))
        return data

    def sdp(self) -> str:
        return (
            f"v=0\r\no=- 1 1 IN IP4 {ADDRESS}\r\ns=-\r\nc=IN IP4 {ADDRESS}\r\nt=0 0\r\n"
            f"m=audio {self.media_port} RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n"
            "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=sendrecv\r\n"
        )

    def datagram_received(self, data: bytes, _from: object) -> None:
        message = Message.parse(data)
        if not message.method:
            self._replied(message)
            return
        known = self._sent.get((message["call-id"], message["cseq"]))
        if known is not None and message.method != "ACK":
            self._sip.sendto(known, ("127.0.0.1", self.server))
            return
        leg = next((it for it in self.legs if it.call_id == message["call-id"]), None)
        self._requested(message, leg)

    def _requested(self, message: Message, leg: Leg | None) -> None:
        match message.method:
            case "INVITE" if leg is None:
                leg = Leg(
                    self, message["call-id"], f"{message['to']};tag={next(_tags):x}",
                    message["from"], _uri(message["contact"]), message,
                )  # fmt: skip
                leg.take_media(message)
                self.legs.append(leg)
                self._called.set()
                self.on_call(leg)
            case "INVITE":
                assert leg is not None
                leg.take_media(message)
                self.reply(message, "200 OK", body=self.sdp())
            case "CANCEL":
                self.reply(message, "200 OK")
                if leg is not None and leg.state != "up":
                    leg.refuse("487 Request Terminated")
            case "BYE":
                self.reply(message, "200 OK")
                if leg is not None:
                    leg.state = "over"
            case "NOTIFY":
                self.reply(message, "200 OK")
                if leg is not None:
                    leg.notified.append(message.body.strip())
            case "ACK":
                pass
            case _:
                self.reply(message, "200 OK")

    def _replied(self, message: Message) -> None:
        method = message["cseq"].split()[-1]
        if method == "REGISTER":
            assert message.status == 200, message
            self._registered.set()
            return
        leg = next((it for it in self.legs if it.call_id == message["call-id"]), None)
        if leg is None:
            return
        leg.replies[method] = message.status
        if method != "INVITE" or message.status < 180:
            return
        leg.far = message["to"]
        leg.target = _uri(message["contact"]) or leg.target
        if message.status < 200:
            leg.state = "ringing"
            return
        self.request(
            "ACK",
            leg.target,
            [("From", leg.near), ("To", leg.far), ("Call-ID", leg.call_id), ("CSeq", "1 ACK")],
        )
        if message.status < 300 and leg.state != "over":
            leg.take_media(message)
            leg.state = "up"
            self.speak(leg)
        else:
            leg.state = "over"

    # Sound ---------------------------------------------------------------------------------

    def speak(self, leg: Leg) -> None:
        """Send silence while the call is up, as telephones do."""
        self._sound.append(asyncio.create_task(self._speak(leg)))

    async def _speak(self, leg: Leg) -> None:
        stamp = 0
        while leg.state == "up":
            if leg not in self._busy_line:
                self._packet(leg, 8, stamp, _SILENCE)
            stamp += 160
            await asyncio.sleep(0.02)

    def _packet(self, leg: Leg, kind: int, stamp: int, payload: bytes) -> None:
        if leg.media is not None:
            head = struct.pack(">BBHII", 0x80, kind, next(self._seq) & 0xFFFF, stamp, 7)
            self._media.sendto(head + payload, leg.media)

    async def press(self, leg: Leg, digit: str) -> None:
        key, stamp = _KEYS.index(digit), next(self._seq) * 160 + 1_000_000
        self._busy_line.add(leg)
        for number in range(1, 9):
            end = 0x80 if number > 5 else 0
            event = struct.pack(">BBH", key, end | 10, min(number, 6) * 160)
            self._packet(leg, 101 | (0x80 if number == 1 else 0), stamp, event)
            await asyncio.sleep(0.02)
        self._busy_line.discard(leg)
        await asyncio.sleep(0.1)

    def take_sound(self, data: bytes, source: tuple[str, int]) -> None:
        payload = data[12:]
        if data[1] & 0x7F == 8 and len(set(payload)) > 4:
            for leg in self.legs:
                if leg.media is not None and leg.media[1] == source[1]:
                    leg.sound()


class _Media(asyncio.DatagramProtocol):
    def __init__(self, telephone: Telephone) -> None:
        self._telephone = telephone

    def datagram_received(self, data: bytes, source: tuple[str, int]) -> None:
        self._telephone.take_sound(data, source)


def _uri(text: str) -> str:
    found = re.search(r"<([^>]+)>", text)
    return found[1] if found else text.partition(";")[0]


def _tag(text: str) -> str:
    return text.partition(";tag=")[2].partition(";")[0]
