"""The audit (体检): the rules run over one version of the layers."""

from geo.audit.run import run_audit
from geo.audit.value import Audit

__all__ = ["Audit", "run_audit"]
