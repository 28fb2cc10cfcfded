"""`aufruf mails`: whether mails go out, what became of them, and sending on after the breaker has stopped them."""

from __future__ import annotations

import getpass
from secrets import token_hex

import typer
from rich.table import Table

from infra.commands.target import DATA, LOCAL, Data, Stage, console, use_stage

app = typer.Typer(help="Look at the mails, and send on after a stop.", no_args_is_help=True)


@app.command()
def status(stage: Stage = LOCAL, data: Data = DATA) -> None:
    """Whether mails go out, the last 24 hours, and each call's mails by state."""
    use_stage(stage, data)
    from chalicelib.calls.table import list_calls
    from chalicelib.ledger.entry import MAIL_STATES
    from chalicelib.mail.outbox import MOST_COUNTED, counts_of, sending
    from chalicelib.runtime.clock import now

    found = sending(now())
    if found.switch.stopped:
        console.print(f"[red]Stopped since {found.switch.stopped_at}: too many {found.switch.cause}.[/]")
    counts = found.counts
    console.print(
        f"Last 24 hours: {counts.sent} taken by the mail service, {counts.bounced} came back "
        f"({counts.bounce_rate:.1%}), {counts.complained} complaints ({counts.complaint_rate:.2%}).",
        highlight=False,
    )
    table = Table("Call", *MAIL_STATES, box=None)
    for published in list_calls():
        states = counts_of(published.call.call)
        shown = [f"{number}{'+' if number == MOST_COUNTED else ''}" for number in states.values()]
        table.add_row(published.call.call, *shown)
    console.print(table)


@app.command()
def resume(stage: Stage = LOCAL, data: Data = DATA) -> None:
    """Send on after the breaker has stopped sending. Find out first why so many came back or were complained about."""
    use_stage(stage, data)
    from chalicelib.access.table import put_audit
    from chalicelib.mail import table
    from chalicelib.mail.reconcile import reconcile_mails
    from chalicelib.runtime.clock import now, stamp

    switch = table.switch()
    if not switch.stopped:
        console.print("Mails are going out; there is nothing to resume.")
        return
    detail = f"{switch.cause} since {switch.stopped_at}"
    at = f"{stamp(now())}#{token_hex(4)}"
    put_audit(subject="mails", at=at, who=f"operator {getpass.getuser()}", event="mails-resumed", detail=detail)
    if not table.resume(switch):
        console.print("Somebody else was faster; see: aufruf mails status")
        return
    console.print("Mails go out again. What happened before does not count any more.")
    console.print(f"{reconcile_mails()['put_back']} mails that waited are on the queue.", highlight=False)
