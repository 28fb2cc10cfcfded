"""What a stage decides: the template's parameters, given now or kept from before. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types_boto3_cloudformation.type_defs import ParameterTypeDef


class DeploymentFailed(Exception):
    """The stack is not what the package says; the message tells why, and what to do where that is known."""


def read_parameters(lines: Iterable[str]) -> dict[str, str]:
    """`NAME=VALUE` each, the value as it stands, also empty. Raises DeploymentFailed for anything else."""
    found = {}
    for line in lines:
        name, equals, value = line.partition("=")
        if not equals or not name:
            message = f"a parameter is NAME=VALUE, and this is not: {line}"
            raise DeploymentFailed(message)
        found[name] = value
    return found


def defaults(declared: Mapping[str, Any], names: Iterable[str]) -> dict[str, str]:
    """The defaults of the template for `names`. Raises DeploymentFailed where it has none."""
    found = {}
    for name in names:
        if "Default" not in declared.get(name, {}):
            message = f"the template has no default for {name}"
            raise DeploymentFailed(message)
        found[name] = str(declared[name]["Default"])
    return found


def given(
    declared: Mapping[str, Any], parameters: Mapping[str, str], before: Mapping[str, str], *, keep: bool
) -> "list[ParameterTypeDef]":
    """The parameters of a change set: those that are given, and of the others the value they have had.

    `before` is what the stack has. Without `keep` only parameters that have no default keep their value. Raises
    DeploymentFailed for a name that the template does not have.
    """
    unknown = sorted(set(parameters) - set(declared))
    if unknown:
        message = f"the template has no parameter {', '.join(unknown)}"
        raise DeploymentFailed(message)
    result: list[ParameterTypeDef] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
    ]
    result += [
        {"ParameterKey": key, "UsePreviousValue": True}
        for key, parameter in declared.items()
        if key not in parameters and key in before and (keep or "Default" not in parameter)
    ]
    return result


def kept(declared: Mapping[str, Any], parameters: Mapping[str, str], before: Mapping[str, str]) -> Iterator[str]:
    """A line for each parameter that stays as it was set, or as an older template had it, and is not the default."""
    for name, parameter in declared.items():
        if name in before and name not in parameters and before[name] != str(parameter.get("Default", before[name])):
            yield f"Kept: {name} = {before[name] or 'empty'} (the default is {parameter['Default'] or 'empty'})"
