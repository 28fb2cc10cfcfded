"""`aufruf`: the operator's command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.commands import calls, demo, doctor, exports, logins, mails, queues, tokens
from infra.commands.target import DATA, Data

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
app.command("doctor")(doctor.doctor)


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
    public_url: Annotated[str, typer.Option(envvar="PUBLIC_URL", help="The address people use; stands in mails.")] = "",
    mail_sender: Annotated[str, typer.Option(envvar="MAIL_SENDER", help="The address mails come from.")] = "",
    parameter: Annotated[
        list[str] | None, typer.Option(envvar="PARAMETERS", help="NAME=VALUE, any other parameter of the template.")
    ] = None,
    default: Annotated[
        list[str] | None, typer.Option(envvar="DEFAULTS", help="NAME of a parameter that gets its default again.")
    ] = None,
    watch_minutes: Annotated[
        int, typer.Option(min=0, max=180, help="How long alarms may still take an update back. 0 hears none.")
    ] = 10,
    allow_data_loss: Annotated[
        bool, typer.Option(help="Let the change replace or delete tables, bucket or secret.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before changing anything.")] = False,
) -> None:
    """Package and deploy to AWS, showing the change first. What is not given stays as it is. Safe to repeat."""
    from infra.commands.deploy import Wishes
    from infra.commands.deploy import deploy as deploy_stage

    deploy_stage(
        stage,
        Wishes(
            parameters=[
                *([f"PublicUrl={public_url}"] if public_url else []),
                *([f"MailSender={mail_sender}"] if mail_sender else []),
                *(parameter or []),
            ],
            defaults=default or [],
            watch_minutes=watch_minutes,
            allow_data_loss=allow_data_loss,
            ask=not yes,
        ),
    )
