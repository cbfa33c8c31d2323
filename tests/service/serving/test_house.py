"""What a house says of itself."""

import asyncio

from campaign_service.serving import House, HouseSettings


def test_status_tells_that_it_is_being_stopped(tmp_path):
    """`systemctl status` shows why nobody is called."""
    house = House(
        HouseSettings(
            database=str(tmp_path / "campaigns.db"), tenants={"main": "simulated"}, url=None
        )
    )
    assert "stopped" not in house.status()

    asyncio.run(house.stop())

    assert "being stopped: no new calls" in house.status()
