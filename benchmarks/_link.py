"""A limited link in front of a server of this machine: so many Mbit/s, so many milliseconds each way."""

import asyncio
import contextlib
import socket
import threading

CHUNK = 8_192  # bytes
ROUTER = 0.05  # seconds of sending that wait in the link's own buffer; what is more waits at the sender
RECEIVE_BUFFER = 65_536  # bytes that the proxy's own sockets hold, or they would hide the sender's queue


class _Way:
    """One direction, shared by all connections."""

    def __init__(self):
        self.rate, self.delay = float("inf"), 0.0  # bytes a second, seconds
        self.free = 0.0  # when all that was taken in will have left
        self.n_bytes = 0


class Link:
    """Forwards `port` of 127.0.0.1 to another port of it; unlimited until `limit` is called.

    A thread of its own does it; a context manager, bounded by the connections that are open inside it.
    """

    def __init__(self, target):
        self.target, self.down, self.up = target, _Way(), _Way()
        self._loop = asyncio.new_event_loop()
        self._tasks = set()  # kept, or the loop would lose them

    def __enter__(self):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # from here on, whenever the thread gets to it
        self.port = listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, args=(listener,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def limit(self, mbit, ms):
        """From now on mbit megabits a second and ms milliseconds, each way; None for no limit."""
        for way in (self.down, self.up):
            way.rate = float("inf") if mbit is None else mbit * 125_000
            way.delay = 0.0 if ms is None else ms / 1000

    def _run(self, listener):
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(asyncio.start_server(self._connected, sock=listener))
        self._loop.run_forever()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _connected(self, reader, writer):
        outside = socket.socket()
        outside.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        outside.setblocking(False)
        await self._loop.sock_connect(outside, ("127.0.0.1", self.target))
        there, back = await asyncio.open_connection(sock=outside, limit=CHUNK)
        for end in (writer, back):
            end.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for source, sink, way in ((reader, back, self.up), (there, writer, self.down)):
            task = self._loop.create_task(self._carry(source, sink, way))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, source, sink, way):
        """Read no faster than the link sends, and hand each piece on when it would arrive."""
        on_the_way = asyncio.Queue()
        arrivals = self._loop.create_task(self._arrive(on_the_way, sink))
        try:
            while piece := await source.read(CHUNK):
                now = self._loop.time()
                way.free = max(now, way.free) + len(piece) / way.rate
                way.n_bytes += len(piece)
                on_the_way.put_nowait((way.free + way.delay, piece))
                await asyncio.sleep(max(0.0, way.free - now - ROUTER))
        except (ConnectionError, asyncio.CancelledError):
            pass
        on_the_way.put_nowait((0.0, None))
        await arrivals

    async def _arrive(self, on_the_way, sink):
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while True:
                when, piece = await on_the_way.get()
                if piece is None:
                    break
                await asyncio.sleep(max(0.0, when - self._loop.time()))
                sink.write(piece)
                await sink.drain()
        with contextlib.suppress(Exception):
            sink.close()
