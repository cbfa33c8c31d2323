"""A real ``campaign serve`` for tests: started on a free port, waited for, ended by its test."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
COMMAND = "import sys; from campaign_service.cli import main; sys.exit(main())"
PASSWORD = "a-password-of-your-own"
WITHIN_S = 60


def environment(**more):
    """The environment of a command: ours, without what the machine says of campaigns."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CAMPAIGN_")}
    return {**ours, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]), **more}


class ServingProcess:
    """One run of ``campaign serve``; a context that ends it."""

    def __init__(self, folder, *arguments, script=COMMAND, **variables):
        self.output = []
        """Every line of it, standard output and error."""
        self._has_news = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "-c", script, "serve", "--listen", "127.0.0.1:0", *arguments],
            cwd=folder,
            env=environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process.poll() is None:
            self.process.kill()
        self.end()

    def _read(self):
        for line in self.process.stdout:
            with self._has_news:
                self.output.append(line)
                self._has_news.notify_all()
        with self._has_news:
            self.output.append("")
            self._has_news.notify_all()

    @property
    def text(self):
        return "".join(self.output)

    def wait_for(self, pattern):
        """Wait until it has said something; the match."""

        def found():
            return re.search(pattern, self.text) or self.output[-1:] == [""]

        with self._has_news:
            self._has_news.wait_for(found, timeout=WITHIN_S)
        match = re.search(pattern, self.text)
        assert match is not None, self.text
        return match

    @property
    def url(self):
        """Where it answers, once it does."""
        return self.wait_for(r"listening on (\S+?)(?:,|\s|$)")[1]

    def first_password(self):
        """The password of the first user: our output is no terminal, so it is in a file."""
        path = self.wait_for(r"for one log-in, good until [^,]*, is in ([^\n]+)\n")[1]
        return Path(path).read_text(encoding="utf-8").strip()

    def token(self):
        """The token of a user who is let in, the first password changed if there was one."""
        with httpx.Client(base_url=f"{self.url}/api/v1", trust_env=False, timeout=WITHIN_S) as api:
            first = self.first_password() if "one log-in" in self.text else None
            login = {"name": "admin", "password": first or PASSWORD}
            token = api.post("login", json=login).json()["token"]
            if first is not None:
                headers = {"Authorization": f"Bearer {token}"}
                body = {"old": first, "new": PASSWORD}
                assert api.put("me/password", json=body, headers=headers).is_success
            return token

    def stop(self, number=signal.SIGTERM):
        """Send a signal and wait for the end; the exit status."""
        self.process.send_signal(number)
        return self.end()

    def end(self):
        """Wait for the end; the exit status."""
        status = self.process.wait(timeout=WITHIN_S)
        self._reader.join()
        self.process.stdout.close()
        return status
