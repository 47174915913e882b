"""Requests that arrive whether or not the earlier ones are answered, at random as people do (a Poisson process).

    python open_loop.py PORT PATH BODY-FILE RATE SECONDS [CONNECTIONS]

Tools that wait for an answer before they ask again slow down with the server, and tools that let all their connections ask at the same tick offer
bursts, not a rate. Prints one line of JSON: how many requests had each status, how many had no answer, how many could not be sent because all
connections were waiting, and the 50th and 99th percentile of the seconds from arrival to answer, of answers with status 200 and of refusals.
"""

import asyncio
import json
import pathlib
import random
import sys
import time


class Client:
    def __init__(self, port, request):
        self.port, self.request, self.streams = port, request, None

    async def ask(self):
        if self.streams is None:
            self.streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.streams
        writer.write(self.request)
        head = await reader.readuntil(b"\r\n\r\n")
        length, closes = 0, False
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            elif name.lower() == b"connection" and value.strip().lower() == b"close":
                closes = True
        await reader.readexactly(length)
        if closes:
            self.drop()
        return int(head[9:12])

    def drop(self):
        if self.streams is not None:
            self.streams[1].close()
            self.streams = None


async def main():
    port, path, file, rate, seconds = int(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4]), float(sys.argv[5])
    body = pathlib.Path(file).read_bytes()
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    idle = [Client(port, head.encode() + body) for _ in range(int(sys.argv[6]) if len(sys.argv) > 6 else 512)]
    statuses, times, lost, unsent = {}, {True: [], False: []}, 0, 0
    tasks = set()

    async def one(client, arrival):
        nonlocal lost
        try:
            status = await asyncio.wait_for(client.ask(), 10)
            statuses[status] = statuses.get(status, 0) + 1
            times[status == 200].append(time.perf_counter() - arrival)
        except (OSError, EOFError, asyncio.TimeoutError):
            client.drop()
            lost += 1
        idle.append(client)

    arrivals = random.Random(1)
    begun = time.perf_counter()
    arrival = begun
    while (arrival := arrival + arrivals.expovariate(rate)) < begun + seconds:
        if (wait := arrival - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        if not idle:
            unsent += 1
            continue
        task = asyncio.create_task(one(idle.pop(), arrival))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)

    def percentile(values, part):
        return sorted(values)[min(len(values) - 1, int(len(values) * part))] if values else None

    print(json.dumps({
        "statuses": statuses, "lost": lost, "unsent": unsent, "seconds": seconds,
        "p50": percentile(times[True], 0.5), "p99": percentile(times[True], 0.99), "refusals p99": percentile(times[False], 0.99)}))


asyncio.run(main())
