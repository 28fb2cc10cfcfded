"""The handlers of these tests are held to their policies as IAM would hold them."""

import pytest

from tests import permissions
from tests.integration.world import World


def test_a_call_that_the_policy_does_not_grant_is_refused_and_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish()
    grants = {name: set(found) for name, found in permissions.granted_by_policies().items()}
    grants["api_handler"].remove("dynamodb:PutItem SubmissionsTable.Arn")
    monkeypatch.setattr(permissions, "granted_by_policies", lambda: grants)
    assert world.submit().status == 500
    [denied] = permissions.DENIED
    permissions.DENIED.clear()
    assert "api_handler is not authorized to perform dynamodb:PutItem SubmissionsTable.Arn" in denied
    assert world.count() == 0


def test_what_a_function_does_is_written_down_under_its_name(world: World) -> None:
    world.publish()
    world.submit()
    world.drain()
    assert "dynamodb:PutItem SubmissionsTable.Arn" in permissions.USED["api_handler"]
    assert "sqs:SendMessage MailQueue.Arn" in permissions.USED["relay"]
    assert "ses:SendEmail identity/MailDomain" in permissions.USED["mail_worker"]
    assert "ses:SendEmail identity/MailDomain" not in permissions.USED["api_handler"]
