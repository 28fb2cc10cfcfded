"""A deployed stack, read: where its tables, queues and functions are."""

from collections.abc import Mapping

import boto3

from infra.template import read_resources

STAGE = "api"
"""The API Gateway stage's name in the template."""


class StackMissing(Exception):
    """No stack of this name has been deployed to this account and region."""


def outputs(stack: str, *, session: boto3.Session, endpoint: str | None = None) -> dict[str, str]:
    """The outputs of a stack by name, for example `{"CallsTable": …, "MailQueueUrl": …}`.

    `endpoint` is the emulator's address, none for AWS. Raises StackMissing.
    """
    cloudformation = session.client("cloudformation", endpoint_url=endpoint)
    try:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" in str(error):
            message = f"there is no stack {stack} in {session.region_name}"
            raise StackMissing(message) from error
        raise
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def api_address(outputs: Mapping[str, str], endpoint: str | None = None) -> str:
    """Where the API of a stack answers, without a slash at its end. `endpoint` is the emulator's address."""
    if endpoint:
        return f"{endpoint}/_aws/execute-api/{outputs['RestAPIId']}/{STAGE}"
    return outputs["EndpointURL"].rstrip("/")


def environment(outputs: Mapping[str, str]) -> dict[str, str]:
    """The functions' environment variables, so that a command line can act as a function does.

    Read off the template: what a variable there refers to is also an output, a queue's as `…Url`. Variables that only
    some stages have are left out.
    """
    variables = read_resources()["Globals"]["Function"]["Environment"]["Variables"]
    found = {}
    for name, value in variables.items():
        reference = value.get("Ref") or value.get("Fn::GetAtt", [None])[0]
        if reference:
            found[name] = outputs[reference] if reference in outputs else outputs[f"{reference}Url"]
    return found
