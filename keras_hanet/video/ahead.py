"""One step of a chain in a thread of its own: it works ahead of the next step by a few items, in order."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor

_END = object()


def run_ahead(items, depth=2):
    """Take items from an iterator in a thread of its own.

    What the chain holds is bounded: at most `depth` items wait. An error in the iterator is raised here, after the
    items before it. When this generator is closed, by an error further on too, so is the iterator, once its thread has
    ended the item it is at.

    Args:
        items: generator; nothing else may take from it.
        depth: items that may be ready or being made, 1 or more.

    Yields:
        the items, in order.
    """
    pool = ThreadPoolExecutor(1)
    waiting = deque()
    try:
        waiting.extend(pool.submit(next, items, _END) for _ in range(depth))
        while (item := waiting.popleft().result()) is not _END:
            yield item
            waiting.append(pool.submit(next, items, _END))
    finally:
        pool.shutdown(cancel_futures=True)
        items.close()
