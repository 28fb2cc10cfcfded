"""The bucket that CloudFormation takes our code and templates from: one for an account and region, for all stages."""

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.archive import sha256

if TYPE_CHECKING:
    from types_boto3_s3.literals import BucketLocationConstraintType


class Artefacts:
    """Uploads under the content's own hash, so nothing is uploaded twice and nothing is ever overwritten."""

    def __init__(self, session: boto3.Session, endpoint: str | None = None) -> None:
        self._region = session.region_name
        # An emulator has no bucket names in its host name.
        config = Config(s3={"addressing_style": "path"}) if endpoint else None
        self._s3 = session.client("s3", endpoint_url=endpoint, config=config)
        self._account = session.client("sts", endpoint_url=endpoint).get_caller_identity()["Account"]
        self.bucket = f"aufruf-artefacts-{self._account}-{self._region}"

    def make_bucket(self) -> None:
        """Create the bucket, private and encrypted, unless it is there."""
        if self._exists(None):
            return
        if self._region == "us-east-1":
            self._s3.create_bucket(Bucket=self.bucket)
        else:
            location: BucketLocationConstraintType = self._region  # type: ignore[assignment]
            self._s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": location})
        self._s3.put_public_access_block(
            Bucket=self.bucket,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
        )
        self._s3.put_bucket_encryption(
            Bucket=self.bucket,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
        )
        if self._s3.meta.endpoint_url.startswith("https:"):
            self._s3.put_bucket_policy(Bucket=self.bucket, Policy=json.dumps(self._only_over_tls()))

    def _only_over_tls(self) -> dict[str, object]:
        arn = f"arn:{self._s3.meta.partition}:s3:::{self.bucket}"
        refused = {
            "Sid": "OnlyOverTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        return {"Version": "2012-10-17", "Statement": [refused]}

    def put_archive(self, archive: Path) -> str:
        """Upload a zip; gives its key."""
        key = f"code/{sha256(archive)}.zip"
        if not self._exists(key):
            self._s3.upload_file(str(archive), self.bucket, key, ExtraArgs={"ExpectedBucketOwner": self._account})
        return key

    def put_template(self, body: str) -> str:
        """Upload a template; gives its address for CloudFormation, which takes 51,200 bytes in person, 1 MB from S3."""
        data = body.encode()
        key = f"templates/{hashlib.sha256(data).hexdigest()}.json"
        if not self._exists(key):
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=data, ExpectedBucketOwner=self._account)
        return f"{self._s3.meta.endpoint_url}/{self.bucket}/{key}"

    def _exists(self, key: str | None) -> bool:
        # The owner is checked each time: somebody else may have taken the name of a bucket we do not have yet.
        try:
            if key is None:
                self._s3.head_bucket(Bucket=self.bucket, ExpectedBucketOwner=self._account)
            else:
                self._s3.head_object(Bucket=self.bucket, Key=key, ExpectedBucketOwner=self._account)
        except ClientError as error:
            if error.response["Error"]["Code"] == "404":
                return False
            raise
        return True
