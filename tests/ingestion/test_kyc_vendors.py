"""Sumsub and Onfido: answers that flip, documents and their expiry, objects of the API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ingestion.sync import sync_once
from tests.ingestion.exports import settings_for
from tests.ingestion.lake import current, one, rows
from tests.ingestion.webhook_samples import onfido, received, sumsub, write_lines
from warehouse.settings import SourceSettings


def source(kind: str, folder: Path) -> SourceSettings:
    """A source of a KYC vendor."""
    return SourceSettings(name=kind, kind=kind, path=folder)


def applicant(expiry: str, reviewed: str) -> dict[str, Any]:
    """A Sumsub applicant as the API gives it."""
    return {
        "id": "5cb744200a975a67ed1798a4",
        "createdAt": "2026-10-01 05:05:14",
        "externalUserId": "C1",
        "type": "individual",
        "email": "ada@secret.example",
        "info": {
            "firstName": "Ada",
            "lastName": "Secret",
            "dob": "1980-02-03",
            "idDocs": [
                {"idDocType": "PASSPORT", "country": "GBR", "validUntil": expiry,
                 "number": "SECRET1", "firstName": "Ada", "lastName": "Secret"},
                {"idDocType": "UTILITY_BILL", "country": "GBR"},
            ],
        },
        "review": {
            "attemptId": "a1", "attemptCnt": 2, "levelName": "basic", "reviewStatus": "completed",
            "createDate": "2026-10-01 05:11:02+0000", "reviewDate": reviewed,
            "reviewResult": {"reviewAnswer": "GREEN"},
        },
    }  # fmt: skip


def test_a_sumsub_answer_that_flips_is_a_further_event(home: Path, tmp_path: Path) -> None:
    red = sumsub(
        2, "RED", reviewResult={"reviewAnswer": "RED", "reviewRejectType": "FINAL",
                                "rejectLabels": ["FORGERY", "SELFIE_MISMATCH"],
                                "clientComment": "secret suspicion"},
    )  # fmt: skip
    write_lines(tmp_path / "in" / "log.jsonl", red, sumsub(1, "GREEN"), sumsub(3, "GREEN"), red)
    settings = settings_for(home, source("sumsub", tmp_path / "in"))
    assert sync_once(settings).sources[0].problems == ()
    assert rows(
        settings,
        "SELECT event_at::VARCHAR, review_answer, review_reject_type, reject_labels, "
        f"external_user_id, level_name FROM {current('sumsub_events')} ORDER BY 1",
    ) == [
        ("2026-10-11 13:23:19.321", "GREEN", None, None, "C1", "basic"),
        ("2026-10-12 13:23:19.321", "RED", "FINAL", "FORGERY,SELFIE_MISMATCH", "C1", "basic"),
        ("2026-10-13 13:23:19.321", "GREEN", None, None, "C1", "basic"),
    ]
    assert one(settings, "SELECT count(DISTINCT moderation_comment) FROM lake.pii.sumsub_events")
    assert "secret" not in str(rows(settings, "SELECT * FROM lake.raw.sumsub_events"))


def test_sumsub_applicants_state_documents(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    listed = {"list": {"items": [applicant("2027-01-31", "2026-10-01 05:13:50+0000")]}}
    (folder / "a.json").write_text(json.dumps(listed), "utf-8")
    (folder / "b.json").write_text(
        json.dumps(applicant("next year", "2026-10-20 07:13:50+0200")), "utf-8"
    )
    settings = settings_for(home, source("sumsub", folder))
    assert sync_once(settings).sources[0].problems == ()
    assert rows(
        settings,
        "SELECT event_type, attempt, event_at::VARCHAR, review_answer "
        f"FROM {current('sumsub_events')} ORDER BY 3",
    ) == [
        ("applicantData", 2, "2026-10-01 05:13:50", "GREEN"),
        ("applicantData", 2, "2026-10-20 05:13:50", "GREEN"),
    ]
    held = current("sumsub_documents")
    assert rows(settings, f"SELECT document_type, expiry_date::VARCHAR FROM {held} ORDER BY 1") == [
        ("PASSPORT", "2027-01-31"),
        ("UTILITY_BILL", None),
        ("UTILITY_BILL", None),
    ]
    [(reason, shown)] = rows(settings, "SELECT reason, row_json FROM lake.raw.quarantine")
    assert reason.startswith("validUntil is not a DATE (b.json row 1")
    assert "SECRET" not in shown
    assert one(settings, "SELECT document_number FROM lake.pii.sumsub_documents LIMIT 1") == (
        "SECRET1"
    )


def test_events_without_a_time_of_their_own_are_told_by_their_receipt(
    home: Path, tmp_path: Path
) -> None:
    body = sumsub()
    del body["createdAtMs"]
    bare = onfido()["payload"]
    del bare["object"]["completed_at_iso8601"]
    for kind, event in (("sumsub", body), ("onfido", {"payload": bare})):
        write_lines(
            tmp_path / kind / "log.jsonl",
            received(event, "2026-10-20T08:00:00Z"),
            received(event, "2026-10-21T08:00:00Z"),
            received(event, "2026-10-21T08:00:00Z"),
        )
    settings = settings_for(
        home, source("sumsub", tmp_path / "sumsub"), source("onfido", tmp_path / "onfido")
    )
    assert not sync_once(settings).failed
    for table in ("sumsub_events", "onfido_events"):
        assert one(settings, f"SELECT count(*) FROM {current(table)}") == 2


def onfido_report(number: int, result: str) -> dict[str, Any]:
    """A document report as the API gives it."""
    return {
        "id": f"report-{number}",
        "created_at": "2026-10-11T14:55:09Z",
        "href": "/v3.6/reports/report-1",
        "status": "complete",
        "result": result,
        "sub_result": "clear" if result == "clear" else "suspected",
        "check_id": "check-1",
        "name": "document",
        "breakdown": {
            "data_validation": {"result": "clear"},
            "visual_authenticity": {"result": "consider"},
            "police_record": None,
        },
        "properties": {
            "document_type": "passport",
            "issuing_country": "GBR",
            "date_of_expiry": "2028-05-28",
            "first_name": "Ada",
            "last_name": "Secret",
            "date_of_birth": "1980-02-03",
            "document_numbers": [{"type": "document_number", "value": "SECRET1"}],
        },
    }


def test_onfido_objects_of_the_api(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    check = {
        "id": "check-1", "applicant_id": "applicant-1", "status": "complete", "result": "consider",
        "created_at": "2026-10-11T14:55:09Z", "report_ids": ["report-1"], "sandbox": False,
        "tags": ["vip", "client:C1"],
    }  # fmt: skip
    run = {
        "id": "run-1", "workflow_id": "flow-1", "applicant_id": "applicant-1",
        "status": "declined", "customer_user_id": "C1", "reasons": ["document_fraud"],
        "created_at": "2026-10-11T14:00:00Z", "updated_at": "2026-10-11T15:00:00+00:00",
    }  # fmt: skip
    (folder / "checks.json").write_text(json.dumps({"checks": [check]}), "utf-8")
    (folder / "reports.json").write_text(
        json.dumps({"reports": [onfido_report(1, "consider"), onfido_report(1, "clear")]}), "utf-8"
    )
    write_lines(folder / "runs.jsonl", run)
    settings = settings_for(home, source("onfido", folder))
    assert sync_once(settings).sources[0].problems == ()
    assert rows(
        settings,
        "SELECT record_kind, object_id, status, result, sub_result, check_id, "
        "coalesce(customer_user_id, tagged_reference), coalesce(reasons, considered_breakdowns) "
        f"FROM {current('onfido_events')} ORDER BY ALL",
    ) == [
        ("check", "check-1", "complete", "consider", None, "check-1", "C1", None),
        ("report", "report-1", "complete", "clear", "clear", "check-1", None,
         "visual_authenticity"),
        ("report", "report-1", "complete", "consider", "suspected", "check-1", None,
         "visual_authenticity"),
        ("workflow_run", "run-1", "declined", None, None, None, "C1", "document_fraud"),
    ]  # fmt: skip
    assert (
        rows(
            settings,
            f"SELECT document_type, expiry_date::VARCHAR FROM {current('onfido_documents')}",
        )
        == [("passport", "2028-05-28")] * 2
    )
    assert "SECRET" not in str(rows(settings, "SELECT * FROM lake.raw.onfido_documents"))
    assert one(settings, "SELECT max(document_numbers) FROM lake.pii.onfido_documents") == "SECRET1"


def test_every_event_of_onfidos_own_description_is_one(
    home: Path, tmp_path: Path, reference_data: Path
) -> None:
    """The OpenAPI description's action names and statuses, as webhooks."""
    path = reference_data / "sources/kyc/onfido-openapi-v3.6.json"
    schemas = json.loads(path.read_text("utf-8"))["components"]["schemas"]
    actions = schemas["webhook_event_type"]["enum"]
    statuses = schemas["webhook_event_object_status"]["enum"]
    bodies = [
        {
            "payload": {
                "resource_type": action.split(".")[0],
                "action": action,
                "object": {"id": f"o-{number}", "status": statuses[number % len(statuses)],
                           "completed_at_iso8601": "2019-10-28T15:00:39Z"},
                "resource": {"applicant_id": "a-1", "tags": None, "workflow_version_id": 0},
            }
        }
        for number, action in enumerate(actions)
    ]  # fmt: skip
    write_lines(tmp_path / "in" / "log.jsonl", *bodies)
    settings = settings_for(home, source("onfido", tmp_path / "in"))
    report = sync_once(settings).sources[0]
    assert (report.problems, report.quarantined, report.new) == ((), 0, len(actions))
