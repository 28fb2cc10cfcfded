"""What of the dependencies ships, and that it is enough."""

import re
import shutil
import ssl
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import ResponseParserError
from botocore.session import Session
from urllib3 import HTTPResponse

from infra import bytecode, slim
from infra.package import PROJECT

APP = PROJECT / "chalicelib"


@pytest.fixture(scope="module")
def kept() -> dict[str, tuple[str, ...]]:
    return slim.operations(APP)


@pytest.fixture(scope="module")
def folder(kept: dict[str, tuple[str, ...]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """botocore and a little more as they ship."""
    folder = tmp_path_factory.mktemp("site-packages")
    shutil.copytree(Path(botocore.__file__).parent, folder / "botocore")
    (folder / "some.dist-info").mkdir()
    (folder / "some" / "tests").mkdir(parents=True)
    (folder / "some" / "tests" / "test_it.py").touch()
    (folder / "some" / "__init__.py").touch()
    (folder / "babel" / "locale-data").mkdir(parents=True)
    for name in ("root", "de", "de_AT", "en", "en_GB", "tr", "den"):
        (folder / "babel" / "locale-data" / f"{name}.dat").touch()
    slim.slim(folder, kept, slim.languages(APP))
    return folder


@pytest.fixture
def loader(folder: Path) -> Loader:
    return Loader(extra_search_paths=[str(folder / "botocore" / "data")], include_default_search_paths=False)


def test_the_services_are_those_that_the_functions_speak_to(loader: Loader) -> None:
    clients = re.findall(r'_client\("([a-z0-9]+)"', (APP / "runtime" / "aws.py").read_text())
    assert {*clients, "dynamodb"} == set(slim.SERVICES)
    assert set(loader.list_available_services("service-2")) == set(slim.SERVICES)


def test_what_the_code_names_is_kept_and_what_it_does_not_is_gone(kept: dict[str, tuple[str, ...]]) -> None:
    assert {"SendMessageBatch", "SendMessage"} <= set(kept["sqs"])
    assert {"GetObject", "PutObject", "UploadPart", "CompleteMultipartUpload"} <= set(kept["s3"])
    assert "SendEmail" in kept["sesv2"]
    assert "DeleteBucket" not in kept["s3"]
    assert "CreateTable" not in kept["dynamodb"]


@pytest.mark.parametrize("service", slim.SERVICES)
def test_every_operation_that_is_kept_is_whole(service: str, loader: Loader, kept: dict[str, tuple[str, ...]]) -> None:
    shipped = ServiceModel(loader.load_service_model(service, "service-2"), service)
    original = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    assert tuple(shipped.operation_names) == kept[service]
    assert [shape.name for shape in shipped.error_shapes] == [shape.name for shape in original.error_shapes]
    for name in shipped.operation_names:
        ours, theirs = shipped.operation_model(name), original.operation_model(name)
        assert list(_described(ours.input_shape)) == list(_described(theirs.input_shape))
        assert list(_described(ours.output_shape)) == list(_described(theirs.output_shape))


def _described(shape: Any, seen: tuple[str, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every member that a request or an answer may hold, with how it is written."""
    if shape is None or shape.name in seen:
        return
    yield shape.name, shape.type_name, tuple(shape.required_members) if shape.type_name == "structure" else ()
    members = {
        "structure": lambda: shape.members, "list": lambda: {"member": shape.member},
        "map": lambda: {"key": shape.key, "value": shape.value},
    }.get(shape.type_name, dict)()  # fmt: skip
    for name, member in members.items():
        yield name, tuple(sorted(member.serialization.items())), tuple(member.enum if hasattr(member, "enum") else ())
        yield from _described(member, (*seen, shape.name))


# An operation of each service with what it needs.
ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "dynamodb": ("get_item", {"TableName": "calls", "Key": {"call": {"S": "one"}}}),
    "s3": ("put_object", {"Bucket": "bucket", "Key": "exports/one", "Body": b"{}", "IfNoneMatch": "*"}),
    "secretsmanager": ("get_secret_value", {"SecretId": "keys"}),
    "sesv2": ("send_email", {"Content": {"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}}}),
    "sqs": ("send_message", {"QueueUrl": "https://sqs.eu-central-1.amazonaws.com/1/q", "MessageBody": "{}"}),
}


@pytest.mark.parametrize("region", ["eu-central-1", "us-east-1", "eusc-de-east-1"])
@pytest.mark.parametrize("service", slim.SERVICES)
def test_a_client_sends_the_same_request(service: str, region: str, loader: Loader) -> None:
    shipped = Session()
    shipped.register_component("data_loader", loader)
    ours, theirs = (_request(session, service, region) for session in (shipped, Session()))
    assert (ours.method, ours.url, _sent(ours)) == (theirs.method, theirs.url, _sent(theirs))
    assert ours.headers.get("X-Amz-Target") == theirs.headers.get("X-Amz-Target")
    # Credential scope and signed headers; what follows depends on the second.
    scopes = {one.headers["Authorization"].partition(b"Signature=")[0] for one in (ours, theirs)}
    assert len(scopes) == 1


def _sent(request: AWSPreparedRequest) -> bytes | str:
    body: Any = request.body
    sent: bytes | str = body.read() if hasattr(body, "read") else body
    return sent


def _request(session: Session, service: str, region: str) -> AWSPreparedRequest:
    client = session.create_client(
        service,
        region_name=region,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="none",
    )
    requests: list[AWSPreparedRequest] = []

    def answer(request: AWSPreparedRequest, **_more: object) -> AWSResponse:
        requests.append(request)
        return AWSResponse(request.url, 200, {}, HTTPResponse(BytesIO(b""), preload_content=False))

    client.meta.events.register("before-send.*", answer)
    operation, arguments = ASKED[service]
    with suppress(ResponseParserError):  # nothing is not what this service answers
        getattr(client, operation)(**arguments)
    return requests[0]


def test_the_certificates_are_amazons_and_can_be_read(folder: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(str(folder / "botocore" / "cacert.pem"))
    names = {dict(part[0] for part in one["subject"])["commonName"] for one in context.get_ca_certs()}
    assert names == {
        *(f"Amazon Root CA {number}" for number in range(1, 5)), "Starfield Services Root Certificate Authority - G2"
    }  # fmt: skip


def test_the_customs_of_the_languages_that_are_spoken_stay(folder: Path, tmp_path: Path) -> None:
    kept = {path.stem for path in (folder / "babel" / "locale-data").iterdir()}
    assert kept == {"root", "de", "de_AT", "en", "en_GB"}
    catalogue = tmp_path / "web" / "locales" / "tr" / "LC_MESSAGES" / "aufruf.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.touch()
    assert slim.languages(tmp_path) == ("en", "tr")


def test_tests_and_installers_notes_go_and_modules_stay(folder: Path) -> None:
    assert sorted(path.name for path in (folder / "some").iterdir()) == ["__init__.py"]
    assert not (folder / "some.dist-info").exists()


def test_the_same_modules_make_the_same_zip_whatever_the_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = "def choose(one):\n    return one in {'a', 'b', 'c', 'd', 'e', 'f', 'g'}\n"
    made = []
    for seed in ("1", "2", "3"):
        folder = tmp_path / seed / "package"
        folder.mkdir(parents=True)
        (folder / "module.py").write_text(module)
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        bytecode.compile_all(folder)
        bytecode.write_zip(folder, tmp_path / f"{seed}.zip")
        made.append((tmp_path / f"{seed}.zip").read_bytes())
    assert made[0] == made[1] == made[2]


def test_what_is_no_python_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def\n")
    with pytest.raises(bytecode.NotCompiled, match=r"broken\.py"):
        bytecode.compile_all(tmp_path)
