"""The threads of a notebook that ask a session and wait for its answer, so that neither kernel nor flusher does.

Knows no question.
"""

from concurrent.futures import ThreadPoolExecutor

__all__ = ["POOL"]

POOL = ThreadPoolExecutor(max_workers=8, thread_name_prefix="tradekit-widgets-ask")
