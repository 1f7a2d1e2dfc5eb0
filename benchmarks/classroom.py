"""How many learners does one server carry? Kernels with a playing playground each, and pages far away.

    python benchmarks/classroom.py                      # 1, 4, 8 … learners, XOR and MNIST; some minutes
    python benchmarks/classroom.py --learners 8 --print
    python benchmarks/classroom.py --before REVISION    # four learners, an earlier state beside this one

Each learner is a kernel of its own (ipykernel) that plays a playground, and a page that this script stands in
for: it takes frames as a link of 8 Mbit/s with 40 ms each way would bring them, says which it has painted,
and discards the pictures. Counted are frames that a page would have painted, bytes of pictures, the kernels'
share of the processors (this script's own is not in it), and the memory that a kernel has for itself (USS:
pages shared with no other process). At the end every page leaves, and what the kernels still use is counted
again after the time in which training that nobody watches pauses. An earlier state may know no page that
answers: then every picture that the kernel sends counts, as it would have gone out.
"""

import argparse
import contextlib
import os
import queue
import statistics
import subprocess
import tempfile
import threading
import time

import _results as results
import psutil
from jupyter_client import KernelManager

PLAYGROUNDS = {
    "XOR (lesson 08)": "from bplib.playgrounds.xor import XORPlayground\np = XORPlayground(); p",
    "MNIST (lesson 10)": "from bplib import datasets\nfrom bplib.playgrounds.mnist import MNISTPlayground\n"
    "p = MNISTPlayground(datasets.handwritten_digits()); p",
}
HEADS = (
    "frames a second, least … median", "kB a second each (least … most)", "processors of all kernels",
    "MB of its own, median … most", "processor of one that was left",
)  # fmt: skip
RATE, DELAY = 1_000_000, 0.04  # bytes a second, seconds each way
LEFT_AFTER = 6.0  # seconds in place of a minute, after which training that nobody watches pauses


class Learner:
    """A kernel with its playground, and the page that watches it."""

    def __init__(self, code, environment):
        self.kernel = KernelManager(kernel_name="python3")
        self.kernel.start_kernel(env=environment, stderr=subprocess.DEVNULL)
        self.client = self.kernel.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)
        self.process = psutil.Process(self.kernel.provisioner.pid)
        self.frames = self.n_bytes = 0
        self._picture, self._coming, self._free, self._there = None, [], 0.0, True
        self._run(code)
        end = time.monotonic() + 5
        while self._picture is None and time.monotonic() < end:
            self._listen(0.1)
        if self._picture is not None:
            self._say()
        self._run(f"p.unwatched = {LEFT_AFTER}; p.play()")
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _run(self, code):
        asked = self.client.execute(code)
        while True:
            message = self._listen(120)
            if message and message["parent_header"].get("msg_id") == asked:
                content = message["content"]
                if message["msg_type"] == "error":
                    raise SystemExit("\n".join(content["traceback"]))
                if content.get("execution_state") == "idle":
                    return

    def _listen(self, seconds):
        """The next message on its way to the page, once its frame has been taken in."""
        try:
            message = self.client.get_iopub_msg(timeout=seconds)
        except queue.Empty:
            return None
        content = message["content"]
        state = content.get("data", {}).get("state", {}) if "comm_id" in content else {}
        if message["msg_type"] == "comm_open" and "answer_every" in state:
            self._picture = content["comm_id"]
        if content.get("comm_id") == self._picture and "frame" in state:
            size = sum(len(part) for part in message["buffers"])
            self._free = max(time.monotonic(), self._free) + size / RATE
            self._coming.append((self._free + DELAY, state["frame"], size))
        elif self._picture is None and message["msg_type"] == "comm_msg" and message["buffers"]:
            self.frames, self.n_bytes = self.frames + 1, self.n_bytes + sum(map(len, message["buffers"]))
        return message

    def _say(self, **words):
        data = {"method": "custom", "content": {"view": "a page", "visible": self._there, **words}}
        message = self.client.session.msg("comm_msg", {"comm_id": self._picture, "data": data})
        self.client.shell_channel.send(message)

    def _watch(self):
        due, answers = 0.0, []
        while self._there:
            self._listen(0.005)
            now = time.monotonic()
            while self._coming and self._coming[0][0] <= now:
                at, frame, size = self._coming.pop(0)
                self.frames, self.n_bytes = self.frames + 1, self.n_bytes + size
                answers.append((max(at, due) + DELAY, at, frame))
            if answers and answers[-1][0] <= now:
                _, at, frame = answers[-1]
                due, answers = now + 0.05, []
                self._say(painted=frame, ago=1000 * (now - at - DELAY))

    def leave(self):
        self._there = False
        self._thread.join()
        if self._picture is not None:
            self._say(gone=True)

    def used(self):
        return sum(self.process.cpu_times()[:2])

    def close(self):
        self.client.stop_channels()
        self.kernel.shutdown_kernel(now=True)


def measure(code, n, seconds, environment):
    """The numbers of n learners at once."""
    learners = []
    try:
        learners += [Learner(code, environment) for _ in range(n)]
        time.sleep(8)  # rates and windows settle
        before = [(learner.frames, learner.n_bytes, learner.used()) for learner in learners]
        begin = time.monotonic()
        time.sleep(seconds)
        wall = time.monotonic() - begin
        after = [(learner.frames, learner.n_bytes, learner.used()) for learner in learners]
        rows = [
            [(b - a) / wall for a, b in zip(*pair, strict=True)] for pair in zip(before, after, strict=True)
        ]
        memory = [learner.process.memory_full_info().uss / 1e6 for learner in learners]
        for learner in learners:
            learner.leave()
        time.sleep(LEFT_AFTER + 4)
        left = [learner.used() for learner in learners]
        time.sleep(5)
        idle = sum(learner.used() - used for learner, used in zip(learners, left, strict=True)) / 5 / n
    finally:
        for learner in learners:
            learner.close()
    frames, n_bytes, used = zip(*rows, strict=True)
    return [
        f"{min(frames):.1f} … {statistics.median(frames):.1f}",
        results.spread([n / 1000 for n in n_bytes], ".0f"), f"{sum(used):.2f}",
        f"{statistics.median(memory):.0f} … {max(memory):.0f}", f"{idle:.1%}",
    ]  # fmt: skip


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--learners", type=int, nargs="+", default=[1, 4, 8, 12])
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--before", metavar="REVISION", help="four learners of this git revision, and of now")
    parser.add_argument("--print", action="store_true", help="write no file")
    options = parser.parse_args()
    how = f" --before {options.before}" if options.before else ""
    lines = [
        f"Made by `python benchmarks/classroom.py{how}` on {results.machine()};",
        f"each page at the end of a link of {RATE * 8 / 1e6:g} Mbit/s, {DELAY * 1000:g} ms each way.",
        "",
    ]
    print("\n".join(lines))
    # a thread each: the kernels of a class must not fight for the processors
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with contextlib.ExitStack() as stack:
        environment["IPYTHONDIR"] = stack.enter_context(tempfile.TemporaryDirectory())
        cases = [(f"{n}", n, environment) for n in options.learners]
        if options.before:
            course = stack.enter_context(results.earlier(options.before))
            before = ("4, before", 4, environment | {"PYTHONPATH": str(course)})
            cases = [before, ("4, now", 4, environment)]
        for name, code in PLAYGROUNDS.items():
            heads = [f"{name}: learners", *HEADS]
            table = ["| " + " | ".join(heads) + " |", "| --- " * len(heads) + "|"]
            print("\n".join(table), flush=True)
            for which, n, variables in cases:
                table.append(f"| {which} | {' | '.join(measure(code, n, options.seconds, variables))} |")
                print(table[-1], flush=True)
            lines += [*table, ""]
    if not options.print:
        results.store("A class on one server" + ", before and now" * bool(options.before), lines)


if __name__ == "__main__":
    main()
