"""`aufruf`: the operator's command line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from infra.commands import calls, demo, exports, logins, mails, queues, tokens
from infra.commands.target import DATA, Data, console, fail

PROJECT = Path(__file__).parent.parent

app = typer.Typer(
    name="aufruf",
    help="Run, deploy and look after Aufruf. Commands work on the local stack unless --stage names another.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals may hold tokens and addresses
)
app.add_typer(calls.app, name="calls")
app.add_typer(exports.app, name="exports")
app.add_typer(mails.app, name="mails")
app.add_typer(queues.app, name="queues")
app.add_typer(tokens.app, name="tokens")
app.command("demo")(demo.demo)


@app.command()
def run(
    port: Annotated[int, typer.Option(envvar="PORT", min=1, max=65535)] = 8000,
    data: Data = DATA,
) -> None:
    """Serve everything on this machine: the production template on an emulator. Ctrl-C stops it; the data stays."""
    from infra.local.run import run as run_local

    raise typer.Exit(
        run_local(
            port=port,
            data=data,
            publish_calls=lambda _stack: calls.publish_folder(PROJECT / "calls"),
            issue_token=lambda: tokens.issue("local owner", "owner", ("*",), 90),
            login_link=logins.login_link,
        )
    )


@app.command()
def deploy(
    stage: Annotated[str, typer.Option(help="“dev”, “prod”, or any name of your own.")],
    public_url: Annotated[str, typer.Option(envvar="PUBLIC_URL", help="The address people use; stands in mails.")],
    mail_sender: Annotated[str, typer.Option(envvar="MAIL_SENDER", help="The address mails come from.")],
    allow_data_loss: Annotated[
        bool, typer.Option(help="Let the change replace or delete tables, bucket or secret.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before changing anything.")] = False,
) -> None:
    """Package and deploy to AWS, showing the change first. Safe to repeat and to interrupt."""
    import tempfile

    import boto3

    from infra.archive import PackagingFailed
    from infra.deploy import DeploymentFailed
    from infra.deploy import deploy as deploy_package
    from infra.package import package
    from infra.report import ConsoleReport

    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")
    with tempfile.TemporaryDirectory() as folder:
        try:
            made = package(Path(folder), stage="prod" if stage != "dev" else "dev")
            with ConsoleReport(console) as report:
                outputs = deploy_package(
                    made,
                    stack=f"aufruf-{stage}",
                    parameters={"PublicUrl": public_url, "MailSender": mail_sender},
                    session=boto3.Session(),
                    report=report,
                    confirm=None if yes else lambda _changes: typer.confirm("Make this change?"),
                    allow_data_loss=allow_data_loss,
                )
        except (PackagingFailed, DeploymentFailed) as error:
            raise fail(str(error)) from error
    console.print(f"Deployed. The app answers at {outputs['EndpointURL']}", highlight=False)
    console.print(f"Publish a call: aufruf calls publish calls/NAME.yaml --stage {stage}", highlight=False)
