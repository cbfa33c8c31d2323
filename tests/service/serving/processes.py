"""Processes that serve tenants, as tests see them."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parents[3]


class Slowness:
    """How much longer things take than on an idle machine, measured while a block runs.

    What is measured is the start of an interpreter, again and again: like what the block waits
    for, it needs the processor in another process, several times after each other.
    """

    _USUAL_S = 0.03
    """More than that takes on an idle machine."""
    _PAUSE_S = 0.2
    """Between two of them."""

    def __init__(self):
        self._starts_s = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._measure, daemon=True)

    @property
    def factor(self):
        """By how much a bound in seconds is longer here; 1 on an idle machine."""
        return max(1, max(self._starts_s) / self._USUAL_S)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_over.set()
        self._thread.join()

    def _measure(self):
        is_over = False
        while not is_over:
            began = time.monotonic()
            is_over = self._is_over.wait(timeout=self._PAUSE_S)
            # What stands still in a pause is as late as what stands still in a start.
            late_s = 0 if is_over else time.monotonic() - began - self._PAUSE_S
            began = time.monotonic()
            subprocess.run([sys.executable, "-I", "-S", "-c", ""], check=True)
            self._starts_s.append(time.monotonic() - began + late_s)


class Process:
    """One ``runner`` and what it says."""

    def __init__(self, **settings):
        self.url = settings["url"]
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "tests.service.serving.runner", json.dumps(settings)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._said = queue.Queue()
        self.tenants = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.popen.stdout:
            self._said.put(json.loads(line))
        self._said.put(None)

    def until(self, holds, within_s=60):
        """Return the first thing it says of which something holds."""
        give_up = time.monotonic() + within_s
        while True:
            said = self._said.get(timeout=max(0.01, give_up - time.monotonic()))
            assert said is not None, "the process has ended"
            self.tenants = said.get("tenants", self.tenants)
            if holds(said):
                return said

    def until_it_leads(self, *names, within_s=60):
        """Return when it said first that it leads some tenants, and is connected: in seconds."""

        def leads(_):
            found = [self.tenants.get(name, {}) for name in names]
            return all(one.get("role") == "LEADING" and one["link"] for one in found)

        return self.until(leads, within_s)["wall"]

    def hear(self):
        """Take in all that it has said by now."""
        while not self._said.empty():
            said = self._said.get()
            self.tenants = {} if said is None else said.get("tenants", self.tenants)

    @property
    def led(self):
        self.hear()
        return {name for name, one in self.tenants.items() if one["role"] == "LEADING"}

    def start_campaign(self, tenant="main", *, name="Test", recipients=100, limit=5):
        asked = {"tenant": tenant, "name": name, "recipients": recipients, "limit": limit}
        self.popen.stdin.write(json.dumps(asked) + "\n")
        self.popen.stdin.flush()
        return self.until(lambda said: "taken" in said or "refused" in said)

    def send(self, number):
        self.popen.send_signal(number)
        return time.time()

    def kill(self):
        at = self.send(signal.SIGKILL)
        self.popen.wait()
        return at

    def close(self):
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGCONT)
            self.kill()
        self.popen.stdin.close()
        self._reader.join()
        self.popen.stdout.close()


class Pbx:
    """An emulated FreeSWITCH in its own process, and the record that it keeps itself."""

    def __init__(self, folder):
        self.record = folder / "pbx.jsonl"
        self.record.touch()
        self.popen = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.emulators.freeswitch"),
                *("--record", str(self.record)),
                *("--sound", "/snd/message=700", "--sound", "/snd/press-1=300"),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        port = int(self.popen.stdout.readline())
        self.driver_url = (
            f"freeswitch://:throwaway1@127.0.0.1:{port}/"
            "?internal=user/{number}&external=sofia/gateway/trunk/{number}&sound_path=/snd/{sound}"
        )

    def happenings(self, what):
        lines = map(json.loads, self.record.read_text().splitlines())
        return [line for line in lines if line["what"] == what]

    def until(self, holds, within_s=60):
        give_up = time.monotonic() + within_s
        while not holds():
            assert time.monotonic() < give_up, "the telephony has not seen it"
            time.sleep(0.02)

    def close(self):
        self.popen.kill()
        self.popen.wait()
        self.popen.stdout.close()
