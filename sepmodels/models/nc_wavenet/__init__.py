"""The non-causal WaveNet separators: structure A, its variants, and that of Lluís et al."""
