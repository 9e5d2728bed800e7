"""The audit (体检): the rules run over one version of the layers."""

from geo.audit.value import Audit

__all__ = ["Audit"]
