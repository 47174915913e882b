"""Drives the real `openai` client against a server, and says what it calls and where the server differs from what the client expects.

    openai_client.py --url http://127.0.0.1:8080 --model smollm2 [--embedding-model minilm] [--clients 32] [--schemas 100] [--requests 0]

Every check holds for any model. With --fake the server's models are those of Tests/ServingTests/OpenAI, whose words are known, and the
texts are checked, too. Ends with 1 where there is a difference.
"""

import argparse
import asyncio
import base64
import json
import struct
import sys
import time
import traceback
import urllib.request

import openai
from openai import AsyncOpenAI, OpenAI

ERRORS = openai.OpenAIError


class Checks:
    """Counts calls, and collects differences."""

    def __init__(self):
        self.calls = 0
        self.differences = []

    def expect(self, holds, what):
        if not holds:
            self.differences.append(what)
            print(f"  different: {what}")

    def raises(self, kind, what, call, **fields):
        """The call fails with this class of the client, and the error has these fields."""
        self.calls += 1
        try:
            call()
        except kind as error:
            self.expect(type(error) is kind, f"{what}: {type(error).__name__} instead of {kind.__name__}")
            for name, value in fields.items():
                found = getattr(error, name)
                self.expect(found == value, f"{what}: {name} is {found!r} instead of {value!r}")
            self.expect(bool(error.message), f"{what}: no message")
            return
        except ERRORS as error:
            self.expect(False, f"{what}: {type(error).__name__} instead of {kind.__name__}")
            return
        self.expect(False, f"{what}: no error")


def user(text):
    return [{"role": "user", "content": text}]


PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 20},
        "age": {"type": "integer"},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 10}, "maxItems": 3},
        "member": {"type": "boolean"},
    },
    "required": ["name", "age", "tags", "member"],
    "additionalProperties": False,
}
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather at a place.",
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
    },
}


def fits(text):
    """A document of PERSON, exactly."""
    try:
        value = json.loads(text)
    except ValueError:
        return False
    return (
        isinstance(value, dict)
        and set(value) == set(PERSON["required"])
        and isinstance(value["name"], str)
        and type(value["age"]) is int
        and isinstance(value["member"], bool)
        and isinstance(value["tags"], list)
        and all(isinstance(tag, str) for tag in value["tags"])
    )


def models(c, client, o):
    listed = [model.id for model in client.models.list()]
    c.calls += 1
    c.expect(o.model in listed, f"models.list has no {o.model}: {listed}")
    one = client.models.retrieve(o.model)
    c.calls += 1
    c.expect(one.id == o.model and one.object == "model" and one.created > 0, f"models.retrieve: {one}")
    c.raises(openai.NotFoundError, "an unknown model", lambda: client.models.retrieve("no-such-model"), code="model_not_found")


def chat(c, client, o):
    answer = client.chat.completions.create(
        model=o.model, messages=[{"role": "system", "content": "Be short."}, *user("one two three")], max_tokens=8, temperature=0, seed=1,
        user="somebody", metadata={"a": "b"}, extra_body={"top_k": 10, "unheard_of": True})
    c.calls += 1
    c.expect(answer.object == "chat.completion" and answer.id.startswith("chatcmpl-"), f"chat: {answer}")
    choice = answer.choices[0]
    c.expect(choice.index == 0 and choice.message.role == "assistant", "chat: index or role")
    c.expect(choice.finish_reason in ("stop", "length"), f"chat: finish_reason {choice.finish_reason}")
    c.expect(isinstance(choice.message.content, str), "chat: content is no text")
    c.expect(answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens, "chat: usage does not add up")
    c.expect(0 < answer.usage.completion_tokens <= 8, f"chat: {answer.usage.completion_tokens} tokens instead of at most 8")
    if o.fake:
        c.expect(choice.message.content == "one two three", f"chat: {choice.message.content!r}")
    again = client.chat.completions.create(
        model=o.model, messages=[{"role": "system", "content": "Be short."}, *user("one two three")], max_tokens=8, temperature=0, seed=1)
    c.calls += 1
    c.expect(again.choices[0].message.content == choice.message.content, "chat: greedy output differs from call to call")
    several = client.chat.completions.create(model=o.model, messages=user("a b"), n=3, max_completion_tokens=4)
    c.calls += 1
    c.expect([x.index for x in several.choices] == [0, 1, 2], "chat: n=3 does not give choices 0, 1, 2")
    parts = client.chat.completions.create(
        model=o.model, messages=[{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}], max_tokens=2)
    c.calls += 1
    c.expect(parts.choices[0].message.role == "assistant", "chat: content parts")
    scored = client.chat.completions.create(model=o.model, messages=user("a b c"), logprobs=True, top_logprobs=3, max_tokens=3)
    c.calls += 1
    tokens = scored.choices[0].logprobs.content
    c.expect(0 < len(tokens) <= 3, "chat: log-probabilities of the tokens are missing")
    for token in tokens:
        c.expect(token.logprob <= 0 and len(token.top_logprobs) == 3, f"chat: log-probability {token.logprob}, {len(token.top_logprobs)} top")
        tops = [top.logprob for top in token.top_logprobs]
        c.expect(tops == sorted(tops, reverse=True), "chat: the top log-probabilities are not in order")


def streaming(c, client, o):
    stream = client.chat.completions.create(
        model=o.model, messages=user("one two three"), stream=True, stream_options={"include_usage": True}, max_tokens=8, temperature=0, seed=1)
    c.calls += 1
    chunks = list(stream)
    c.expect(chunks[0].choices[0].delta.role == "assistant", "stream: the first delta has no role")
    c.expect(len({chunk.id for chunk in chunks}) == 1, "stream: chunks have several ids")
    c.expect(chunks[-1].choices == [] and chunks[-1].usage is not None, "stream: no usage at the end")
    c.expect(all(chunk.usage is None for chunk in chunks[:-1]), "stream: usage before the end")
    reasons = [x.finish_reason for chunk in chunks for x in chunk.choices if x.finish_reason]
    c.expect(len(reasons) == 1 and reasons[0] in ("stop", "length"), f"stream: finish reasons {reasons}")
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    whole = client.chat.completions.create(model=o.model, messages=user("one two three"), max_tokens=8, temperature=0, seed=1)
    c.calls += 1
    c.expect(text == whole.choices[0].message.content, f"stream: {text!r} instead of {whole.choices[0].message.content!r}")
    with client.chat.completions.stream(model=o.model, messages=user("one two"), max_tokens=4) as events:
        seen = "".join(event.delta for event in events if event.type == "content.delta")
        c.expect(seen == events.current_completion_snapshot.choices[0].message.content, "stream: the helper's text differs")
    c.calls += 1
    stopped = client.chat.completions.create(model=o.model, messages=user("one two three"), stop=["two", "never"], max_tokens=8, stream=True)
    c.calls += 1
    stopped_text = "".join(chunk.choices[0].delta.content or "" for chunk in stopped)
    c.expect("two" not in stopped_text, "stream: a stop string came through")


def tools(c, client, o):
    answer = client.chat.completions.create(
        model=o.model, messages=user("tool weather in Paris"), tools=[WEATHER], tool_choice={"type": "function", "function": {"name": "weather"}},
        max_tokens=64, temperature=0)
    c.calls += 1
    calls = answer.choices[0].message.tool_calls or []
    c.expect(answer.choices[0].finish_reason in ("tool_calls", "stop", "length") and bool(calls), "tools: no call where one is required")
    if calls:
        c.expect(calls[0].function.name == "weather" and calls[0].type == "function" and bool(calls[0].id), f"tools: {calls[0]}")
        try:
            arguments = json.loads(calls[0].function.arguments)
        except ValueError:
            arguments = None
        c.expect(isinstance(arguments, dict) and "place" in arguments, f"tools: arguments {calls[0].function.arguments!r}")
        reply = client.chat.completions.create(
            model=o.model, tools=[WEATHER], max_tokens=4, tool_choice="none",
            messages=[
                *user("weather in Paris"), answer.choices[0].message.model_dump(exclude_none=True),
                {"role": "tool", "tool_call_id": calls[0].id, "content": "sunny"}])
        c.calls += 1
        c.expect(reply.choices[0].message.tool_calls is None, "tools: a call in spite of tool_choice none")
    stream = client.chat.completions.create(
        model=o.model, messages=user("tool weather in Paris"), tools=[WEATHER], tool_choice="required", stream=True, max_tokens=64, temperature=0)
    c.calls += 1
    names, arguments = [], ""
    for chunk in stream:
        for delta in (chunk.choices[0].delta.tool_calls or []) if chunk.choices else []:
            if delta.function.name:
                names.append(delta.function.name)
            if delta.index == 0:
                arguments += delta.function.arguments or ""
    c.expect(names[:1] == ["weather"], f"tools: streamed names {names}")
    c.expect(arguments.startswith("{") and arguments.endswith("}"), f"tools: streamed arguments {arguments!r}")


def schemas(c, client, o):
    good = 0
    for index in range(o.schemas):
        answer = client.chat.completions.create(
            model=o.model, messages=user(f"Describe person number {index} as JSON."), seed=index, temperature=1, max_tokens=300,
            response_format={"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON, "strict": True}})
        c.calls += 1
        text = answer.choices[0].message.content
        if fits(text):
            good += 1
        else:
            print(f"  no person: {text!r} ({answer.choices[0].finish_reason})")
    print(f"  JSON by a schema: {good} of {o.schemas}")
    c.expect(good == o.schemas, f"JSON by a schema: {good} of {o.schemas}")
    answer = client.chat.completions.create(
        model=o.model, messages=user("Give me JSON."), max_tokens=200, temperature=0, response_format={"type": "json_object"})
    c.calls += 1
    if answer.choices[0].finish_reason == "stop":
        try:
            c.expect(isinstance(json.loads(answer.choices[0].message.content), dict), "JSON mode: no object")
        except ValueError:
            c.expect(False, f"JSON mode: {answer.choices[0].message.content!r}")


def completions(c, client, o):
    answer = client.completions.create(model=o.model, prompt=["one two", "three"], n=2, max_tokens=4)
    c.calls += 1
    c.expect([x.index for x in answer.choices] == [0, 1, 2, 3] and answer.object == "text_completion", "completions: choices")
    scored = client.completions.create(model=o.model, prompt="one two", max_tokens=2, logprobs=2, temperature=0)
    c.calls += 1
    scores = scored.choices[0].logprobs
    c.expect(
        len(scores.tokens) == len(scores.token_logprobs) == len(scores.top_logprobs) == len(scores.text_offset) > 0,
        "completions: the log-probabilities' lists differ in length")
    echoed = client.completions.create(model=o.model, prompt="one two", max_tokens=2, echo=True)
    c.calls += 1
    c.expect(echoed.choices[0].text.startswith("one two"), "completions: no echo")
    chunks = list(client.completions.create(model=o.model, prompt="one two", max_tokens=4, stream=True, stream_options={"include_usage": True}))
    c.calls += 1
    c.expect(chunks[-1].usage is not None, "completions: no usage at the end of a stream")
    c.expect([x.finish_reason for chunk in chunks for x in chunk.choices][-1] in ("stop", "length"), "completions: no finish reason")


def embeddings(c, client, o):
    if not o.embedding_model:
        return print("  skipped: no --embedding-model")
    texts = ["a cat", "a dog", "the stock market"]
    # The client asks for base64 where nothing else is said.
    answer = client.embeddings.create(model=o.embedding_model, input=texts)
    numbers = client.embeddings.create(model=o.embedding_model, input=texts, encoding_format="float")
    raw = client.embeddings.create(model=o.embedding_model, input=texts, encoding_format="base64")
    c.calls += 3
    c.expect([x.index for x in answer.data] == [0, 1, 2] and answer.object == "list", "embeddings: order")
    c.expect(answer.usage.prompt_tokens == answer.usage.total_tokens > 0, f"embeddings: usage {answer.usage}")
    for one, other, coded in zip(answer.data, numbers.data, raw.data):
        far = max(abs(a - b) for a, b in zip(one.embedding, other.embedding))
        c.expect(len(one.embedding) == len(other.embedding) and far < 1e-6, f"embeddings: base64 and float differ by {far}")
        bytes_ = base64.b64decode(coded.embedding)
        c.expect(list(struct.unpack(f"<{len(bytes_) // 4}f", bytes_)) == one.embedding, "embeddings: base64 is decoded differently")
    single = client.embeddings.create(model=o.embedding_model, input="a cat")
    c.calls += 1
    far = max(abs(a - b) for a, b in zip(single.data[0].embedding, answer.data[0].embedding))
    c.expect(far < 1e-4, f"embeddings: alone and in a batch differ by {far}")
    c.raises(
        openai.BadRequestError, "an empty input", lambda: client.embeddings.create(model=o.embedding_model, input=""), param="input")


def errors(c, client, o):
    create = client.chat.completions.create
    c.raises(
        openai.NotFoundError, "an unknown model", lambda: create(model="no-such-model", messages=user("a")), code="model_not_found",
        type="invalid_request_error")
    c.raises(
        openai.BadRequestError, "an unknown role", lambda: create(model=o.model, messages=[{"role": "robot", "content": "a"}]),
        param="messages[0].role", code="invalid_value")
    c.raises(
        openai.BadRequestError, "a hot temperature", lambda: create(model=o.model, messages=user("a"), temperature=9), param="temperature",
        code="decimal_above_max_value")
    c.raises(
        openai.BadRequestError, "a wrong type", lambda: create(model=o.model, messages=user("a"), max_tokens="many"), param="max_tokens",
        code="invalid_type")
    c.raises(openai.BadRequestError, "no messages", lambda: create(model=o.model, messages=[]), param="messages", code="empty_array")
    c.raises(
        openai.BadRequestError, "a long context", lambda: create(model=o.model, messages=user("long " * 200_000)),
        code="context_length_exceeded")
    c.raises(
        openai.BadRequestError, "a long context, streamed", lambda: list(create(model=o.model, messages=user("long " * 200_000), stream=True)),
        code="context_length_exceeded")
    c.raises(
        openai.BadRequestError, "a broken schema",
        lambda: create(
            model=o.model, messages=user("a"), response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": "no"}}),
        code="invalid_type")
    if o.fake:
        c.raises(openai.InternalServerError, "a model that breaks", lambda: create(model=o.model, messages=user("break")), type="server_error")
        c.calls += 1
        try:
            list(create(model=o.model, messages=user("fail now"), stream=True))
            c.expect(False, "an error in mid-stream: none")
        except openai.APIError as error:
            c.expect(type(error) is openai.APIError and error.type == "server_error", f"an error in mid-stream: {error!r}")
    zh = client.with_options(default_headers={"Accept-Language": "zh-CN"})
    c.calls += 1
    try:
        zh.chat.completions.create(model=o.model, messages=[])
    except openai.BadRequestError as error:
        c.expect("空" in error.message, f"an error in Chinese: {error.message}")


def active(o):
    """Requests that the server's language models work on."""
    with urllib.request.urlopen(o.url + "/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return sum(int(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("martlet_language_requests_active{"))


def cancellation(c, client, o):
    # The word makes the test's model go on for ever; another has room for these tokens.
    more = {} if o.fake else {"max_tokens": 400}
    stream = client.chat.completions.create(model=o.model, messages=user("endless story of all things"), stream=True, **more)
    c.calls += 1
    for number, _ in enumerate(stream):
        if number == 3:
            break
    c.expect(active(o) == 1, f"cancellation: {active(o)} requests are active instead of 1")
    stream.close()
    start = time.monotonic()
    while active(o) > 0 and time.monotonic() - start < 10:
        time.sleep(0.002)
    print(f"  a closed stream ended the work after {(time.monotonic() - start) * 1000:.0f} ms")
    c.expect(active(o) == 0, "cancellation: the model goes on when the stream is closed")
    c.calls += 1
    try:
        client.with_options(timeout=0.3, max_retries=0).chat.completions.create(
            model=o.model, messages=user("endless story of all things"), **more)
        c.expect(not o.fake, "cancellation: no timeout")
    except openai.APITimeoutError:
        start = time.monotonic()
        while active(o) > 0 and time.monotonic() - start < 10:
            time.sleep(0.002)
        print(f"  a client that timed out ended the work after {(time.monotonic() - start) * 1000:.0f} ms")
        c.expect(active(o) == 0, "cancellation: the model goes on when the client has timed out")


def many(c, client, o):
    async def one(client, index):
        stream = await client.chat.completions.create(
            model=o.model, messages=user(f"say {index} and more"), stream=True, max_tokens=16, temperature=0)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    async def all_at_once():
        async with AsyncOpenAI(base_url=o.url + "/v1", api_key="none", max_retries=0) as client:
            return await asyncio.gather(*(one(client, index) for index in range(o.clients)))

    start = time.monotonic()
    together = asyncio.run(all_at_once())
    print(f"  {o.clients} clients at once: {time.monotonic() - start:.2f} s")
    c.calls += o.clients
    for index in range(0, o.clients, max(1, o.clients // 8)):
        alone = client.chat.completions.create(model=o.model, messages=user(f"say {index} and more"), max_tokens=16, temperature=0)
        c.calls += 1
        c.expect(alone.choices[0].message.content == together[index], f"many: request {index} has another text alone than among others")


def endurance(c, client, o):
    """Memory after many requests, where the server tells it. The beginnings of different texts stay cached until the cache is full, so the
    last four fifths ask what the first asked."""

    def resident():
        with urllib.request.urlopen(o.url + "/metrics") as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith("process_resident_memory_bytes "):
                    return int(line.split()[1])
        return 0

    if not o.requests:
        return print("  skipped: --requests 0")
    marks = []
    for index in range(o.requests):
        stream = index % 2 == 0
        answer = client.chat.completions.create(model=o.model, messages=user(f"say {index % max(o.requests // 5, 1)}"), max_tokens=4, stream=stream)
        if stream:
            list(answer)
        if index in (o.requests // 5, o.requests - 1):
            marks.append(resident())
    c.calls += o.requests
    grown = (marks[-1] - marks[0]) / 1e6
    print(f"  {o.requests} requests: resident memory {marks[-1] / 1e6:.0f} MB, {grown:+.1f} MB since the first fifth")
    c.expect(grown < 30, f"endurance: memory grew by {grown:.1f} MB")


PARTS = [models, chat, streaming, tools, schemas, completions, embeddings, errors, cancellation, many, endurance]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--embedding-model")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--schemas", type=int, default=100)
    parser.add_argument("--requests", type=int, default=0)
    parser.add_argument("--fake", action="store_true")
    parser.add_argument("--only", nargs="*", choices=[part.__name__ for part in PARTS])
    o = parser.parse_args()
    o.url = o.url.rstrip("/")
    client = OpenAI(base_url=o.url + "/v1", api_key="none", max_retries=0, timeout=300)
    c = Checks()
    for part in PARTS:
        if o.only and part.__name__ not in o.only:
            continue
        print(part.__name__)
        try:
            part(c, client, o)
        except Exception as error:
            traceback.print_exc()
            c.differences.append(f"{part.__name__}: {type(error).__name__}: {error}")
    print(f"openai {openai.__version__}: {c.calls} calls, {len(c.differences)} differences")
    for difference in c.differences:
        print(f"- {difference}")
    return 1 if c.differences else 0


if __name__ == "__main__":
    sys.exit(main())
