"""Every entry point of Aufruf, on one screen. No logic here: each line hands over to its room.

HTTP comes in through the doors of the rooms; what follows from it runs in the functions below:

    form ─▶ intake ─▶ submissions table ─▶ relay ─▶ mail queue ─▶ mail_worker ─▶ SES
    SES ─▶ feedback queue ─▶ feedback_worker ─▶ the ledger
    nightly ─▶ export queue ─▶ export_worker ─▶ S3          reconcile ─▶ whatever fell through

Queue, stream and schedule functions stand here and not on blueprints, where Chalice would package them as handlers of
their own modules and skip the app (aws/chalice#1566). What they listen to is merged in from `infra/resources/`.
"""

from typing import Any

from chalice.app import Chalice, CloudWatchEvent, DynamoDBEvent, SQSEvent

import chalicelib.exports.landscape_routes
import chalicelib.exports.routes
import chalicelib.intake.embed_routes
import chalicelib.intake.event_routes
import chalicelib.intake.journey_routes
import chalicelib.intake.receipt_routes
import chalicelib.intake.routes
import chalicelib.mail.announcement_routes
import chalicelib.mail.outbox_routes
import chalicelib.mail.unsubscribe_routes
import chalicelib.organisers.audit_routes
import chalicelib.organisers.dashboard_routes
import chalicelib.organisers.decision_routes
import chalicelib.organisers.detail_routes
import chalicelib.organisers.import_routes
import chalicelib.organisers.inbox_routes
import chalicelib.organisers.login_routes
import chalicelib.organisers.session_routes
import chalicelib.organisers.token_routes
import chalicelib.web.routes
from chalicelib.web.door import answer_unrouted

app = Chalice(app_name="aufruf", configure_logs=False)
app.register_middleware(answer_unrouted(app), "http")
app.register_blueprint(chalicelib.web.routes.door)
app.register_blueprint(chalicelib.intake.routes.door)
app.register_blueprint(chalicelib.intake.receipt_routes.door)
app.register_blueprint(chalicelib.intake.journey_routes.door)
app.register_blueprint(chalicelib.intake.embed_routes.door)
app.register_blueprint(chalicelib.organisers.decision_routes.door)
app.register_blueprint(chalicelib.intake.event_routes.door)
app.register_blueprint(chalicelib.mail.announcement_routes.door)
app.register_blueprint(chalicelib.mail.unsubscribe_routes.door)
app.register_blueprint(chalicelib.organisers.inbox_routes.door)
app.register_blueprint(chalicelib.organisers.detail_routes.door)
app.register_blueprint(chalicelib.exports.routes.door)
app.register_blueprint(chalicelib.mail.outbox_routes.door)
app.register_blueprint(chalicelib.exports.landscape_routes.door)
app.register_blueprint(chalicelib.organisers.login_routes.door)
app.register_blueprint(chalicelib.organisers.session_routes.door)
app.register_blueprint(chalicelib.organisers.dashboard_routes.door)
app.register_blueprint(chalicelib.organisers.audit_routes.door)
app.register_blueprint(chalicelib.organisers.token_routes.door)
app.register_blueprint(chalicelib.organisers.import_routes.door)


@app.on_dynamodb_record(
    stream_arn="arn:aws:dynamodb:eu-central-1:000000000000:table/merged/stream/merged", batch_size=50
)
def relay(event: DynamoDBEvent) -> dict[str, Any]:
    """What changed in the submissions table becomes jobs on the queues."""
    from chalicelib.jobs.relay import relay_records

    return relay_records(event.to_dict()["Records"])


@app.on_sqs_message(queue_arn="arn:aws:sqs:eu-central-1:000000000000:merged-mail", batch_size=10)
def mail_worker(event: SQSEvent) -> dict[str, Any]:
    """Send the mails that are owed."""
    from chalicelib.mail.worker import deliver_mails

    return deliver_mails(event.to_dict()["Records"])


@app.on_sqs_message(queue_arn="arn:aws:sqs:eu-central-1:000000000000:merged-feedback", batch_size=10)
def feedback_worker(event: SQSEvent) -> dict[str, Any]:
    """Write down what SES tells about the mails."""
    from chalicelib.mail.feedback import take_feedback

    return take_feedback(event.to_dict()["Records"])


@app.on_sqs_message(queue_arn="arn:aws:sqs:eu-central-1:000000000000:merged-export", batch_size=1)
def export_worker(event: SQSEvent) -> dict[str, Any]:
    """Build the exports that were asked for."""
    from chalicelib.exports.worker import build_exports

    return build_exports(event.to_dict()["Records"], event.context)


@app.schedule("cron(0 1 * * ? *)")
def nightly(event: CloudWatchEvent) -> dict[str, Any]:
    """Ask for an export of every running call."""
    from chalicelib.exports.nightly import request_exports

    return request_exports(event.to_dict()["time"])


@app.schedule("cron(0 5 * * ? *)")
def digest(event: CloudWatchEvent) -> dict[str, Any]:
    """Tell organisers what happened since yesterday."""
    from chalicelib.mail.digest import request_digests

    return request_digests(event.to_dict()["time"])


@app.schedule("rate(15 minutes)")
def reconcile(_event: CloudWatchEvent) -> dict[str, Any]:
    """Put back on the queues what is owed and what nobody is at work on; close calls that are full."""
    from chalicelib.exports.reconcile import reconcile_exports
    from chalicelib.intake.limit import close_full_calls
    from chalicelib.mail.reconcile import reconcile_announcements, reconcile_mails

    return {
        "mails": reconcile_mails(),
        "announcements": reconcile_announcements(),
        "exports": reconcile_exports(),
        "calls": close_full_calls(),
    }
