"""What a person at a terminal sees of a deployment."""

import io

from rich.console import Console

from infra.report import Change, ConsoleReport


def test_the_changes_are_a_table_that_marks_what_is_replaced() -> None:
    screen = io.StringIO()
    with ConsoleReport(Console(file=screen, width=100)) as report:
        report.step("Uploading")
        report.changes(
            [
                Change("Add", "MailQueue", "AWS::SQS::Queue", ""),
                Change("Modify", "RestAPI", "AWS::ApiGateway::RestApi", "False"),
                Change("Modify", "CallsTable", "AWS::DynamoDB::Table", "True"),
                Change("Remove", "KeysSecret", "AWS::SecretsManager::Secret", ""),
            ]
        )
        report.progress(1, 4, "MailQueue")
    lines = screen.getvalue().splitlines()
    assert lines[0] == "Uploading"
    rows = {line.split()[3]: line for line in lines if "AWS::" in line}
    assert "yes" in rows["CallsTable"]
    assert not any("yes" in row for name, row in rows.items() if name != "CallsTable")
    assert "Remove" in rows["KeysSecret"]
