"""The control database: registers, explanations, runs, audit log (SQLite, or PostgreSQL by URL)."""

from warehouse.control import partner_models
from warehouse.control.audit import AuditVerification, verify_audit
from warehouse.control.database import migrate

# The partner tables are named here, so that whoever knows the others knows them too.
__all__ = ["AuditVerification", "migrate", "partner_models", "verify_audit"]
