"""What stands in front of the app: a firewall, a limit for everybody together, TLS."""

from typing import Any

Json = Any


def test_a_firewall_is_on_unless_switched_off_and_counts_requests_of_one_address(merged: Json) -> None:
    assert merged["Parameters"]["Firewall"]["Default"] == "true"
    rules = merged["Resources"]["WebFirewall"]["Properties"]["Rules"]
    [limit] = [rule for rule in rules if "RateBasedStatement" in rule["Statement"]]
    assert limit["Action"] == {"Block": {}} or "Block" in limit["Action"]
    assert limit["Statement"]["RateBasedStatement"]["AggregateKeyType"] == "IP"
    assert merged["Resources"]["WebFirewallAssociation"]["Type"] == "AWS::WAFv2::WebACLAssociation"


def test_everybody_together_has_a_limit(merged: Json) -> None:
    [settings] = merged["Resources"]["RestAPI"]["Properties"]["MethodSettings"]
    assert settings["ThrottlingRateLimit"] == {"Ref": "ApiRequestsPerSecond"}
    assert settings["ThrottlingBurstLimit"] == {"Ref": "ApiBurst"}


def test_a_name_of_our_own_speaks_modern_tls_only(merged: Json) -> None:
    names = [one for one in merged["Resources"].values() if one["Type"] == "AWS::ApiGateway::DomainName"]
    assert [one["Properties"]["SecurityPolicy"] for one in names] == ["TLS_1_2"]


def test_what_is_stored_is_encrypted_at_rest_and_a_key_of_the_operators_own_may_be_named(merged: Json) -> None:
    kinds = {"AWS::DynamoDB::Table": "SSESpecification", "AWS::SQS::Queue": "KmsMasterKeyId"}
    for name, resource in merged["Resources"].items():
        if resource["Type"] in kinds:
            assert kinds[resource["Type"]] in resource["Properties"], name
    assert "ServerSideEncryptionConfiguration" in str(merged["Resources"]["ExportsBucket"]["Properties"])
