"""What the URLs of all drivers have in common."""

import pytest

from campaign_core.errors import SettingsError
from campaign_drivers import asterisk, freeswitch

SERVICE = "0a1b2c3d"

each_driver = pytest.mark.parametrize(
    ("driver", "scheme"), [(asterisk, "asterisk"), (freeswitch, "freeswitch")]
)


@each_driver
@pytest.mark.parametrize("rest", ["u:hush\N{ACCOUNT OF}@h", "u:hush@[h", "u:hush@[xyz]"])
def test_what_is_no_url_at_all_is_refused_without_its_password(driver, scheme, rest):
    with pytest.raises(SettingsError) as refused:
        driver.settings_from_url(f"{scheme}://{rest}", service_id=SERVICE)

    assert "hush" not in str(refused.value)
    assert "driver" in str(refused.value)


@pytest.mark.parametrize(
    ("driver", "url"),
    [
        (asterisk, "asterisk://u@h"),
        (asterisk, "asterisk://u:@h"),
        (freeswitch, "freeswitch://h"),
        (freeswitch, "freeswitch://:@h"),
    ],
)
def test_an_empty_password_is_refused_with_where_it_belongs(driver, url):
    with pytest.raises(SettingsError) as refused:
        driver.settings_from_url(url, service_id=SERVICE)

    (problem,) = refused.value.problems
    assert problem.value == ""
    assert f"{url.partition(':')[0]}://" in problem.rule


@each_driver
@pytest.mark.parametrize("secret", ["hu#sh", "hu/sh", "hu?sh"])
def test_a_password_that_would_end_the_url_is_refused_with_how_it_is_written(
    driver, scheme, secret
):
    with pytest.raises(SettingsError) as refused:
        driver.settings_from_url(f"{scheme}://u:{secret}@h", service_id=SERVICE)

    assert "%23 for #" in str(refused.value)
    assert "hu" not in str(refused.value)


@each_driver
def test_a_key_that_no_driver_knows_is_refused_with_those_it_knows(driver, scheme):
    with pytest.raises(SettingsError) as refused:
        driver.settings_from_url(f"{scheme}://u:p@h?nonsense=1", service_id=SERVICE)

    assert "nonsense" in str(refused.value)
    assert "calls_max, calls_per_s" in str(refused.value)


def test_a_plus_is_a_blank_to_asterisk_and_a_plus_to_freeswitch():
    """Each as its documentation has it: dial strings of FreeSWITCH hold international numbers."""
    query = "external.set.TAG=a+b"
    one = asterisk.settings_from_url(
        f"asterisk://u:s@h?external=PJSIP/{{number}}&{query}", service_id=SERVICE
    )
    other = freeswitch.settings_from_url(
        f"freeswitch://:p@h?external=sofia/gateway/x/{{number}}&{query}", service_id=SERVICE
    )

    assert one.external[None].variables == {"TAG": "a b"}
    assert other.external[None].variables == {"TAG": "a+b"}


@pytest.mark.parametrize(
    "domain", ["pbx.example", "25pbx.example", "25cafe.example", "zz.example", "x"]
)
def test_a_percent_sign_of_a_dial_string_is_read_as_one_where_it_can_be(domain):
    """As the documentation writes it, or escaped."""
    told = freeswitch.settings_from_url(
        f"freeswitch://:p@h?internal=sofia/internal/{{number}}%{domain}", service_id=SERVICE
    )

    plain = domain.removeprefix("25")
    assert told.internal.dial_string == f"sofia/internal/{{number}}%{plain}"


@pytest.mark.parametrize("domain", ["cafe.example", "61bc.example", "ee.example", "42.example"])
def test_a_percent_sign_that_reads_as_an_escape_is_refused_with_what_to_write(domain):
    """Else another domain would be called, and nobody would be told."""
    with pytest.raises(SettingsError) as refused:
        freeswitch.settings_from_url(
            f"freeswitch://:p@h?internal=sofia/internal/{{number}}%{domain}", service_id=SERVICE
        )

    assert "%25" in str(refused.value)
    assert "internal" in str(refused.value)


def test_a_header_of_sip_may_be_set_by_a_route():
    told = freeswitch.settings_from_url(
        "freeswitch://:p@h?external=sofia/gateway/x/{number}&external.set.sip_h_X-Foo=a-b",
        service_id=SERVICE,
    )

    assert told.external[None].variables == {"sip_h_X-Foo": "a-b"}
