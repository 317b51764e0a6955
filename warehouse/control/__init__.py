"""The control database: registers, explanations, audit log (SQLite, or PostgreSQL by URL)."""

from warehouse.control.audit import AuditVerification, verify_audit
from warehouse.control.database import migrate

__all__ = ["AuditVerification", "migrate", "verify_audit"]
