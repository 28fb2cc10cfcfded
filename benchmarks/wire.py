"""The stubbed wire: DynamoDB, SQS and Secrets Manager behind TLS on the loopback, answering at once.

Everything above the wire is real: signing, serialising, HTTP, TLS with a certificate that is checked against the
build's own `cacert.pem`, to which each build gets our CA added. What a stack pays for talking to AWS is in its figure;
what AWS takes for its answer is in none.
"""

import hashlib
import json
import socket
import socketserver
import ssl
import threading
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ADDRESS = "127.0.0.1"
SECRET = json.dumps({"root": "a root for benchmarks"})


@dataclass(frozen=True)
class Call:
    """One request as it arrived: service and operation, and the JSON that was sent. Sizes in bytes, heads included."""

    service: str
    operation: str
    sent: dict[str, Any]
    size: int
    answer_size: int


@dataclass
class Wire:
    """Use as a context manager. `url` is the address of all services, `ca` the PEM that vouches for it."""

    folder: Path
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What `GetItem` finds, by table."""
    calls: list[Call] = field(default_factory=list)
    url: str = ""
    ca: str = ""

    def __enter__(self) -> Self:
        chain, self.ca = _certificates(self.folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        wire = self

        class Connection(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with context.wrap_socket(self.request, server_side=True) as connection:
                    wire.serve(connection)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 64

            def get_request(self) -> tuple[socket.socket, Any]:
                connection, address = super().get_request()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return connection, address

            def handle_error(self, *_: object) -> None:
                pass  # a client that is ended leaves its connection open

        self._server = Server((ADDRESS, 0), Connection)
        self.url = f"https://{ADDRESS}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def taken(self) -> list[Call]:
        """The calls since this was asked last."""
        calls, self.calls = self.calls, []
        return calls

    def serve(self, connection: ssl.SSLSocket) -> None:
        buffer = b""
        while True:
            while b"\r\n\r\n" not in buffer:
                more = connection.recv(65536)
                if not more:
                    return
                buffer += more
            head, _, buffer = buffer.partition(b"\r\n\r\n")
            headers = {
                name.strip().lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:])
            }
            length = int(headers.get("content-length", "0"))
            while len(buffer) < length:
                buffer += connection.recv(65536)
            body, buffer = buffer[:length], buffer[length:]
            service, operation, sent, answer = self._answer(headers, body)
            # Noted before it is answered: whoever has the answer finds the call.
            self.calls.append(Call(service, operation, sent, len(head) + 4 + length, len(answer)))
            connection.sendall(answer)

    def _answer(self, headers: dict[str, str], body: bytes) -> tuple[str, str, dict[str, Any], bytes]:
        target, _, operation = headers["x-amz-target"].rpartition(".")
        service = {"DynamoDB_20120810": "dynamodb", "AmazonSQS": "sqs", "secretsmanager": "secretsmanager"}[target]
        sent = json.loads(body)
        document = json.dumps(self._document(service, operation, sent)).encode()
        kind = "application/x-amz-json-1.1" if service == "secretsmanager" else "application/x-amz-json-1.0"
        lines = [
            "HTTP/1.1 200 OK", f"Content-Type: {kind}", f"Content-Length: {len(document)}", "Connection: keep-alive",
            "x-amzn-RequestId: 0000000000000000000000000000000000000000000000000000",
            "Date: Mon, 04 May 2026 12:00:00 GMT", "Server: Server",
        ]  # fmt: skip
        if service == "dynamodb":
            lines.append(f"x-amz-crc32: {zlib.crc32(document)}")
        return service, operation, sent, ("\r\n".join(lines) + "\r\n\r\n").encode() + document

    def _document(self, service: str, operation: str, sent: dict[str, Any]) -> dict[str, Any]:
        if service == "secretsmanager":
            return {"ARN": "arn", "Name": sent["SecretId"], "VersionId": "1", "SecretString": SECRET}
        if service == "sqs":
            digest = hashlib.md5(sent["MessageBody"].encode()).hexdigest()
            return {"MessageId": "5fea7756-0ea4-451a-a703-a558b933e274", "MD5OfMessageBody": digest}
        if operation == "GetItem":
            return {"Item": self.items[sent["TableName"]]}
        if operation in {"PutItem", "TransactWriteItems"}:
            return {}
        raise NotImplementedError(operation)


def _certificates(folder: Path) -> tuple[Path, str]:
    """A chain for the server (PEM file with its key) and the CA that signed it."""
    now = datetime.now(UTC)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Aufruf's benchmarks")])

    def certificate(subject: x509.Name, public: ec.EllipticCurvePublicKey, *, authority: bool) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if not authority:
            names = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(ADDRESS))])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(ca_key, hashes.SHA256())

    ca = certificate(ca_name, ca_key.public_key(), authority=True)
    server = certificate(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ADDRESS)]), key.public_key(), authority=False
    )
    chain = folder / "server.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain.write_bytes(private + server.public_bytes(pem))
    chain.chmod(0o600)
    return chain, ca.public_bytes(pem).decode()
