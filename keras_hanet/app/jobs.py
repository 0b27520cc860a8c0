"""One thread runs the network; a few requests wait for it, and the next is told to come back."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor


class BusyError(RuntimeError):
    """All places are taken; the request may be sent again in a few seconds."""


class TooLateError(RuntimeError):
    """A request was not answered within its time limit."""


class Jobs:
    """A bounded queue in front of one thread.

    A request holds its place from its first byte to its answer, so that at most `max_waiting + 1` uploads are in
    memory. A thread cannot be killed: after the time limit its requester is told so, and its place stays taken until
    the work ends by itself.

    Args:
        max_waiting: requests that may be read or wait while another is worked on, 0 or more.
        time_limit_s: seconds from the first byte to the answer.
    """

    def __init__(self, max_waiting=8, time_limit_s=60.0):
        self._time_limit_s = time_limit_s
        self._free = threading.BoundedSemaphore(max_waiting + 1)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hanet-network")

    async def answer(self, read, work):
        """Read a request, then work on it in the thread.

        Args:
            read: coroutine function without arguments.
            work: function of what `read` gave; it runs in the thread, alone.

        Returns:
            what `work` returns; what either raises is raised here.

        Raises:
            BusyError: if all places are taken; `read` is not called then.
            TooLateError: if it takes longer than the time limit.
        """
        if not self._free.acquire(blocking=False):
            raise BusyError
        job = None
        try:
            async with asyncio.timeout(self._time_limit_s):
                given = await read()
                job = self._thread.submit(work, given)
                return await asyncio.wrap_future(job)
        except TimeoutError:
            raise TooLateError from None
        finally:
            if job is None:
                self._free.release()
            else:
                job.add_done_callback(lambda _: self._free.release())

    def close(self):
        """Drop what waits; what runs ends by itself."""
        self._thread.shutdown(wait=False, cancel_futures=True)
