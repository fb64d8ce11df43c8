from .macs import count_macs as count_macs
from .recurrence import load_recurrence as load_recurrence
from .sweeps import sweep as sweep
from .variants import summarize_variants as summarize_variants
