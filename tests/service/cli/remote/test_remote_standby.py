"""Commands against two processes of one service: whichever is asked, the one that leads does it."""

import signal

from tests.service.ringing import SCRIPT
from tests.service.serving_process import ServingProcess

from campaign_service.cli import main


def test_commands_find_the_leader_and_its_successor(postgres_url, tmp_path, monkeypatch, capsys):
    """Issue: one leads, the others follow and take over when it dies; the commands go along."""
    monkeypatch.chdir(tmp_path)
    # A takeover lasts as long as the machine is slow.
    monkeypatch.setattr("campaign_service.cli.remote.service_access.PATIENCE_S", 60.0)
    (tmp_path / "people.csv").write_text("number,line\n201,internal\n")
    (tmp_path / "drill.toml").write_text(
        '[campaign]\nname = "Drill"\ncaller_number = "100"\nsound = "drill"\n'
        'recipients = "people.csv"\nring_timeout_s = 600\n'
    )
    variables = {"CAMPAIGN_DB": postgres_url}
    with ServingProcess(tmp_path, script=SCRIPT, **variables) as leader:
        token = leader.token()
        assert "we lead from event 0" in leader.text
        (tmp_path / "token").write_text(token)
        with ServingProcess(tmp_path, script=SCRIPT, **variables) as follower:
            where = ["--url", follower.url, "--token-file", "token"]

            assert main(["start", "drill.toml", *where]) == 0
            assert leader.stop(signal.SIGKILL) == -signal.SIGKILL
            assert main(["pause", "Drill", *where]) == 0
            assert main(["status", *where]) == 0

            told = capsys.readouterr().out
            assert "1  Drill: PAUSED" in told
            assert "Tenant main, leading" in told
            follower.wait_for(r"we lead from event \d+ on")
