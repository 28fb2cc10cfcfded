"""Settings: what the template sets, read once."""

from collections.abc import Iterator

import pytest

from chalicelib.runtime.settings import settings


@pytest.fixture
def fresh() -> Iterator[None]:
    known = settings()
    settings.cache_clear()
    yield
    settings.cache_clear()
    assert settings() == known


@pytest.mark.usefixtures("fresh")
def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as environment:
        environment.setenv("PUBLIC_URL", "https://aufruf.example.org/")
        environment.setenv("MAIL_LEASE_SECONDS", "8")
        environment.setenv("AWS_REGION", "eu-west-1")
        assert settings().public_url == "https://aufruf.example.org"
        assert settings().mail_lease_seconds == 8
        assert settings().region == "eu-west-1"
        assert settings() is settings()
        settings.cache_clear()


@pytest.mark.usefixtures("fresh")
def test_what_is_not_set_is_empty_or_a_safe_default(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as environment:
        for name in ("CALLS_TABLE", "MAIL_LEASE_SECONDS", "EXPORT_SETTLE_SECONDS", "AWS_REGION", "AWS_DEFAULT_REGION"):
            environment.delenv(name, raising=False)
        assert settings().calls_table == ""
        assert settings().mail_lease_seconds > 30, "longer than the mail worker's time-out"
        assert settings().region == "eu-central-1"
        settings.cache_clear()
