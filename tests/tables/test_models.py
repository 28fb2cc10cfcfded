"""What holds for every table."""

import time

import pytest

from chalicelib.runtime.aws import dynamodb
from chalicelib.runtime.settings import settings
from chalicelib.runtime.table import Record
from tests.aws import records


@pytest.mark.parametrize("record", records(), ids=lambda record: record.__name__)
def test_a_table_is_named_by_the_settings_and_has_time_outs_that_fit_inside_a_request(record: type[Record]) -> None:
    names = {getattr(settings(), name) for name in settings().__struct_fields__ if name.endswith("_table")}
    assert record.Meta.table_name in names
    connection = record._get_connection().connection
    assert connection.client is dynamodb(), "one client, one session, one connection"
    assert connection.client.meta.config.connect_timeout == 1
    assert connection.client.meta.config.read_timeout == 3
    assert connection.client.meta.config.retries["total_max_attempts"] == 3
    assert connection.client.meta.region_name == settings().region


@pytest.mark.parametrize("record", records(), ids=lambda record: record.__name__)
def test_what_expires_says_so_in_a_plain_number(record: type[Record]) -> None:
    attribute = record.get_attributes().get("expires_at")
    if attribute is not None:
        assert attribute.attr_type == "N"
        [stored] = attribute.serialize(int(time.time())).splitlines()
        assert stored.isdigit()


def test_no_two_records_share_a_table() -> None:
    names = [record.Meta.table_name for record in records()]
    assert len(names) == len(set(names)) >= 6
