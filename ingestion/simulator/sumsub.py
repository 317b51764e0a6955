"""Sumsub: webhooks and applicant objects of every client, in step with the CRM's kyc_status.

Most are answered green at once, some are asked for a better document first; one final refusal is
taken back after a second look, and one green answer becomes red when the document has expired: that
client is under review in the CRM. Webhooks repeat, and some arrive before an earlier one.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ingestion.simulator.clock import day_of, to_utc_ms
from ingestion.simulator.population import client_id
from ingestion.simulator.world import World

CONFIGURATION = '[[sources]]\nname = "sumsub"\nkind = "sumsub"\npath = "sumsub"\n'
_LEVEL = "basic-kyc-level"
_GREEN: dict[str, Any] = {"reviewAnswer": "GREEN"}
_RETRY: dict[str, Any] = {
    "reviewAnswer": "RED", "reviewRejectType": "RETRY", "rejectLabels": ["BAD_PROOF_OF_IDENTITY"],
    "moderationComment": "The photo of the document cannot be read.", "buttonIds": ["badPhoto"],
}  # fmt: skip
_FINAL: dict[str, Any] = {
    "reviewAnswer": "RED", "reviewRejectType": "FINAL", "rejectLabels": ["FORGERY"],
    "clientComment": "Suspected forgery, referred to the second line.",
}  # fmt: skip
_EXPIRED: dict[str, Any] = {
    "reviewAnswer": "RED", "reviewRejectType": "RETRY", "rejectLabels": ["EXPIRATION_DATE"],
    "moderationComment": "The document has expired.",
}  # fmt: skip


@dataclass(frozen=True)
class KycStep:
    """One webhook: what happened to a client's application, and when (UTC)."""

    client: int
    number: int
    kind: str
    status: str
    at: datetime
    result: dict[str, Any] | None = None


def _registered(world: World) -> list[datetime]:
    first = world.population.primary_accounts()
    utc = to_utc_ms(
        np.array([world.population.registered_ms[account] for account in first], dtype=np.int64)
    )
    return [datetime.fromtimestamp(int(ms) // 1000, UTC) for ms in utc]


def kyc_steps(world: World) -> list[KycStep]:
    """Every webhook of every client, in the order of what happened."""
    steps: list[KycStep] = []
    for client, registered in enumerate(_registered(world)):
        path = _path(client)
        steps.extend(
            KycStep(client, number, kind, status, registered + timedelta(minutes=minutes), result)
            for number, (minutes, kind, status, result) in enumerate(path)
        )
    return steps


def _path(client: int) -> Iterator[tuple[int, str, str, dict[str, Any] | None]]:
    """Minutes since registration, webhook, review status, answer."""
    yield 0, "applicantCreated", "init", None
    yield 30, "applicantPending", "pending", None
    if client % 11 == 0:
        # Under review in the CRM: a green answer that turned red, or still waiting.
        if client % 22 == 0:
            yield 95, "applicantReviewed", "completed", _GREEN
            yield 9 * 1440, "applicantReviewed", "completed", _EXPIRED
        else:
            yield 80, "applicantOnHold", "onHold", None
        return
    if client % 7 == 3:
        yield 90, "applicantReviewed", "completed", _RETRY
        yield 300, "applicantPending", "pending", None
    elif client % 13 == 5:
        yield 90, "applicantReviewed", "completed", _FINAL
        yield 2880, "applicantReviewed", "completed", _GREEN
        return
    yield 420, "applicantReviewed", "completed", _GREEN


def _applicant_id(client: int) -> str:
    return f"{0x5CB7_4420_0A97_5A67_ED17_0000 + client:024x}"


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}"


def _webhook(step: KycStep) -> dict[str, Any]:
    body: dict[str, Any] = {
        "applicantId": _applicant_id(step.client),
        "inspectionId": _applicant_id(step.client + 500_000),
        "applicantType": "individual",
        "correlationId": f"req-{step.client:08d}-{step.number:04d}",
        "levelName": _LEVEL,
        "externalUserId": client_id(step.client),
        "type": step.kind,
        "sandboxMode": False,
        "reviewStatus": step.status,
        "createdAtMs": _stamp(step.at),
        "clientId": "simulated-broker",
    }
    return body | ({"reviewResult": step.result} if step.result else {})


def document_expiry(world: World, client: int) -> date:
    """Until when a client's document is valid; some ended, or end soon after the last day."""
    last = day_of(world.window.last)
    if client % 22 == 0:
        return last - timedelta(days=3 + client % 5)
    return last + timedelta(days=20 + 173 * (client % 12))


def _applicant(world: World, client: int, steps: list[KycStep]) -> dict[str, Any]:
    last = steps[-1]
    name, _, surname = world.population.names[client].partition(" ")
    birth = date(1960, 1, 1) + timedelta(days=411 * (client % 37))
    person = {"firstName": name, "lastName": surname or name, "dob": birth.isoformat()}
    review: dict[str, Any] = {
        "attemptId": f"att-{client:06d}",
        "attemptCnt": sum(step.kind == "applicantPending" for step in steps),
        "levelName": _LEVEL,
        "createDate": f"{steps[1].at:%Y-%m-%d %H:%M:%S+0000}",
        "reviewStatus": last.status,
    }
    if last.result:
        review |= {"reviewDate": f"{last.at:%Y-%m-%d %H:%M:%S+0000}", "reviewResult": last.result}
    return {
        "id": _applicant_id(client),
        "createdAt": f"{steps[0].at:%Y-%m-%d %H:%M:%S}",
        "inspectionId": _applicant_id(client + 500_000),
        "externalUserId": client_id(client),
        "info": person
        | {
            "idDocs": [
                person
                | {
                    "idDocType": "PASSPORT" if client % 3 else "ID_CARD",
                    "country": "CYP",
                    "number": f"SIM{client:07d}",
                    "issuedDate": (document_expiry(world, client) - timedelta(days=3650))
                    .isoformat(),
                    "validUntil": document_expiry(world, client).isoformat(),
                }
            ]
        },
        "email": f"{client_id(client).lower()}@example.com",
        "review": review,
        "type": "individual",
    }  # fmt: skip


def write_sumsub(world: World, folder: Path) -> dict[str, int]:
    """Webhooks as JSON lines by UTC month, and one list of applicant objects."""
    folder.mkdir(parents=True, exist_ok=True)
    months: dict[str, list[str]] = defaultdict(list)
    steps = kyc_steps(world)
    ordered = sorted(steps, key=lambda step: (step.at, step.client, step.number))
    for number, step in enumerate(ordered):
        lines = months[f"{step.at:%Y-%m}"]
        # Every eighth overtakes the one before it, every tenth is delivered twice.
        place = len(lines) - 1 if number % 8 == 7 and lines else len(lines)
        lines.insert(place, json.dumps(_webhook(step)))
        if number % 10 == 4:
            lines.append(json.dumps(_webhook(step)))
    for month, lines in months.items():
        (folder / f"webhooks_{month}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    by_client: dict[int, list[KycStep]] = defaultdict(list)
    for step in steps:
        by_client[step.client].append(step)
    items = [_applicant(world, client, held) for client, held in sorted(by_client.items())]
    (folder / "applicants.json").write_text(
        json.dumps({"list": {"items": items, "totalItems": len(items)}}) + "\n", "utf-8"
    )
    return {"sumsub_webhooks": len(steps), "sumsub_applicants": len(items)}


def sumsub_truth(world: World) -> dict[str, pl.DataFrame]:
    """Per client: the last answer ('' for none), events (applicant object included), expiry."""
    answers: dict[int, str] = {}
    counts: dict[int, int] = defaultdict(int)
    for step in kyc_steps(world):
        answers[step.client] = (
            step.result["reviewAnswer"] if step.result else answers.get(step.client, "")
        )
        counts[step.client] += 1
    return {
        "kyc_answers": pl.DataFrame(
            {
                "tenant_id": ["demo"] * len(answers),
                "client_reference": [client_id(client) for client in answers],
                "answer": list(answers.values()),
                "expiry_date": [document_expiry(world, client) for client in answers],
                "events": [counts[client] + 1 for client in answers],
            },
            schema_overrides={"events": pl.Int64},
        )
    }
