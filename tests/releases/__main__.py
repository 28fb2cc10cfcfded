"""Write down what this version leaves in the tables."""

import json
import sys

import tests.conftest  # noqa: F401 - the environment, before anything of the app
from infra.template import read_resources
from tests.releases import FOLDER, version
from tests.releases.day import day

TABLE = "AWS::DynamoDB::Table"


def main() -> int:
    """Write the file; 0 when it is there."""
    tables = {name: one for name, one in read_resources()["Resources"].items() if one.get("Type") == TABLE}
    document = {"version": version(), **day(), "tables": tables}
    path = FOLDER / f"{version()}.json"
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(path)  # noqa: T201 - a command speaks
    return 0


if __name__ == "__main__":
    sys.exit(main())
