"""What a service host says of itself."""

import asyncio

from campaign_service.serving import ServiceHost, ServiceHostSettings


def test_status_tells_that_it_is_being_stopped(tmp_path):
    """`systemctl status` shows why nobody is called."""
    host = ServiceHost(
        ServiceHostSettings(
            database=str(tmp_path / "campaigns.db"), tenants={"main": "simulated"}, url=None
        )
    )
    assert "stopped" not in host.status()

    asyncio.run(host.stop())

    assert "being stopped: no new calls" in host.status()
