"""Programs as users of Sonnet write them, each in another style.

Their data and first weights are drawn by numpy (see `programs.fill`), random draws of
theirs too, so that both sides compute the same.
"""
