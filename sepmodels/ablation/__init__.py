"""The same training with one thing changed, many times, and what each variant gained."""

from sepmodels.ablation.macs import count_macs
from sepmodels.ablation.sweeps import sweep
from sepmodels.ablation.variants import summarize_variants

__all__ = ["count_macs", "summarize_variants", "sweep"]
