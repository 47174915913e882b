import HTTPTypes
import HummingbirdTesting
import MartletCore
import Testing

@testable import Serving
@testable import Web

@Suite struct ChatTests {
  static let path = "/v1/chat/completions"

  @Test(arguments: Way.allCases) func `a conversation is answered`(way: Way) async throws {
    let generator = FakeGenerator()
    try await withLanguages(way, generator) { client in
      let body = #"""
        {"model": "echo", "messages": [{"role": "developer", "content": "Be short."},
          {"role": "user", "content": [{"type": "text", "text": "good"}, {"type": "text", "text": "day"}], "name": "Ann"},
          {"role": "assistant", "content": null, "tool_calls": [{"id": "c1", "type": "function", "function":
            {"name": "f", "arguments": "{}"}}]},
          {"role": "tool", "tool_call_id": "c1", "content": "result"}, {"role": "user", "content": "one two\u00e9"}],
          "temperature": 0.5, "top_p": 0.9, "seed": -1, "n": 2, "stop": ["x", "y"], "max_tokens": 3, "max_completion_tokens": 5,
          "presence_penalty": 1, "frequency_penalty": -1, "logit_bias": {"17": -100}, "top_k": 40, "min_p": 0.05, "user": "u", "metadata":
          {"a": "b"}, "store": false, "unheard_of": [1, {"x": null}], "stream": null, "service_tier": "auto", "reasoning_effort": "low",
          "chat_template_kwargs": {"enable_thinking": false}}
        """#
      let answer = try await client.post(Self.path, body)
      #expect(answer.status == 200, "\(answer.text)")
      let json = answer.json
      #expect(json["object"] == "chat.completion" && json["model"] == "echo")
      #expect(json["id"]?.stringValue?.hasPrefix("chatcmpl-") == true && json["system_fingerprint"] == "echo@2")
      #expect(json["choices"]?.arrayValue?.count == 2)
      #expect(json.choice["message"] == ["role": "assistant", "content": "one two\u{E9}", "refusal": nil])
      #expect(json.choice["finish_reason"] == "stop" && json.choice["logprobs"] == .null)
      #expect(json["usage"]?["total_tokens"] == 6 && json["usage"]?["prompt_tokens_details"]?["cached_tokens"] == 2)
    }
    let asked = try #require(generator.requests.first)
    guard case .chat(let messages) = asked.prompt else { return #expect(Bool(false)) }
    #expect(messages.map(\.role) == [.system, .user, .assistant, .tool, .user])
    #expect(messages[1] == ChatMessage(.user, "good\nday", name: "Ann"))
    #expect(messages[2].toolCalls == [ToolCall(id: "c1", name: "f", arguments: "{}")] && messages[3].toolCallID == "c1")
    #expect(asked.maxTokens == 5 && asked.stop == ["x", "y"] && asked.choices == 2)
    #expect(asked.sampling.seed == UInt64.max && asked.sampling.temperature == 0.5 && asked.sampling.logitBias == [17: -100])
    #expect(asked.sampling.topK == 40 && asked.sampling.minP == 0.05 && asked.templateVariables == ["enable_thinking": false])
    #expect(asked.deadline != nil && asked.topLogProbabilities == nil)
  }

  @Test(arguments: Way.allCases) func `a stream of chunks`(way: Way) async throws {
    try await withLanguages(way) { client in
      let answer = try await client.post(Self.path, chat("one two three", #""stream": true, "stream_options": {"include_usage": true}"#))
      #expect(answer.status == 200)
      #expect(answer.headers[.contentType] == "text/event-stream; charset=utf-8" && answer.headers[.contentLength] == nil)
      #expect(answer.headers[.accelBuffering] == "no")
      let chunks = answer.chunks
      #expect(answer.isDone && chunks.count == 6, "\(answer.text)")
      #expect(Set(chunks.compactMap { $0["id"]?.stringValue }).count == 1)
      #expect(chunks.allSatisfy { $0["object"] == "chat.completion.chunk" })
      #expect(chunks[0].choice["delta"] == ["role": "assistant", "content": "", "refusal": nil])
      #expect(chunks[1...3].compactMap { $0.choice["delta"]?["content"]?.stringValue } == ["one", " two", " three"])
      #expect(chunks[4].choice["delta"] == [:] && chunks[4].choice["finish_reason"] == "stop")
      #expect(chunks[0].choice["finish_reason"] == .null && chunks[4]["usage"] == .null)
      #expect(chunks[5]["choices"] == [] && chunks[5]["usage"]?["completion_tokens"] == 3)
      let plain = try await client.post(Self.path, chat("one", #""stream": true, "n": 2"#))
      #expect(plain.isDone && !plain.text.contains("usage"))
      #expect(plain.chunks.compactMap { $0.choice["index"]?.intValue } == [0, 1, 0, 0, 1, 1])
      // The connection goes on.
      #expect(try await client.post(Self.path, chat("next")).json.choice["message"]?["content"] == "next")
    }
  }

  @Test(arguments: Way.allCases) func `tools are called`(way: Way) async throws {
    let generator = FakeGenerator()
    let tools = #"""
      "tools": [{"type": "function", "function": {"name": "weather", "description": "d", "parameters":
      {"type": "object", "properties": {"place": {"type": "string"}, "at": {"default": null}}}}},
      {"type": "function", "function": {"name": "news", "strict": true}}]
      """#
    try await withLanguages(way, generator) { client in
      let answer = try await client.post(Self.path, chat("tool", tools))
      let message = answer.json.choice["message"]
      #expect(answer.json.choice["finish_reason"] == "tool_calls" && message?["content"] == .null)
      let calls = message?["tool_calls"]?.arrayValue ?? []
      #expect(calls.map { $0["function"]?["name"] } == ["weather", "news"])
      #expect(calls.first?["function"]?["arguments"] == "{\"place\": \"Z\u{FC}rich\"}" && calls.first?["id"] == "call_0")
      let one = try await client.post(Self.path, chat("tool", tools + #", "parallel_tool_calls": false"#)).json.choice["message"]
      #expect(one?["tool_calls"]?.arrayValue?.count == 1)
      let none = try await client.post(Self.path, chat("tool", tools + #", "tool_choice": "none""#)).json
      #expect(none.choice["message"]?["content"] == "tool" && none.choice["message"]?["tool_calls"] == nil)
      let stream = try await client.post(Self.path, chat("tool", tools + #", "stream": true"#))
      let deltas = stream.chunks.compactMap { $0.choice["delta"]?["tool_calls"]?[0] }
      #expect(deltas.count == 8 && stream.isDone)
      #expect(deltas.first == ["index": 0, "id": "call_0", "type": "function", "function": ["name": "weather", "arguments": ""]])
      #expect(deltas[5] == ["index": 1, "function": ["arguments": "{\"place\":"]])
      #expect(stream.chunks.last?.choice["finish_reason"] == "tool_calls")
      _ = try await client.post(Self.path, chat("tool", tools + #", "tool_choice": {"type": "function", "function": {"name": "news"}}"#))
      let allowed =
        #", "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "news"}}]}}"#
      _ = try await client.post(Self.path, chat("tool", tools + allowed))
    }
    let asked = generator.requests
    #expect(asked[0].tools[0].parameters?["properties"]?["at"] == ["default": nil])
    // As it was written: `JSONValue` would sort the members.
    #expect(asked[0].tools[0].source.hasPrefix(#"{"type": "function", "function": {"name": "weather""#))
    #expect(asked[0].tools[1].isStrict && asked[0].toolChoice == .auto && asked[2].toolChoice == .none)
    #expect(asked[4].toolChoice == .named("news") && asked[4].tools.count == 2)
    #expect(asked[5].toolChoice == .required && asked[5].tools.map(\.name) == ["news"])
  }

  @Test(arguments: Way.allCases) func `JSON by a schema`(way: Way) async throws {
    let generator = FakeGenerator()
    let format = #"""
      "response_format": {"type": "json_schema", "json_schema": {"name": "person", "strict": true, "schema":
      {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name", "age"]}}}
      """#
    try await withLanguages(way, generator) { client in
      let answer = try await client.post(Self.path, chat("who", format))
      #expect(answer.json.choice["message"]?["content"] == "{\"age\": 7, \"name\": \"w\u{F6}rd\"}")
      let object = try await client.post(Self.path, chat("who", #""response_format": {"type": "json_object"}"#))
      #expect(object.json.choice["message"]?["content"] == "{\"ok\": true}")
      #expect(try await client.post(Self.path, chat("who", #""response_format": {"type": "text"}"#)).status == 200)
    }
    guard case .jsonSchema(let schema)? = generator.requests.first?.format else { return #expect(Bool(false)) }
    #expect(schema.name == "person" && schema.isStrict)
    #expect(schema.source.hasPrefix(#"{"type": "object", "properties": {"name""#))
    #expect(generator.requests[1].format == .jsonObject && generator.requests[2].format == .text)
  }

  @Test(arguments: Way.allCases) func `log-probabilities`(way: Way) async throws {
    try await withLanguages(way) { client in
      let answer = try await client.post(Self.path, chat("a b", #""logprobs": true, "top_logprobs": 2"#))
      let tokens = answer.json.choice["logprobs"]?["content"]?.arrayValue ?? []
      #expect(tokens.count == 2)
      #expect(tokens.last?["token"] == " b" && tokens.last?["bytes"] == [32, 98] && tokens.last?["logprob"] == -1)
      // Half a character has bytes, and a mark in the place of its text.
      #expect(tokens.last?["top_logprobs"]?[1] == ["token": "\u{FFFD}", "bytes": [195], "logprob": -2])
      let stream = try await client.post(Self.path, chat("a b", #""logprobs": true, "stream": true"#))
      let scored = stream.chunks.compactMap { $0.choice["logprobs"]?["content"]?[0]?["token"]?.stringValue }
      #expect(scored == ["a", " b"])
    }
  }

  @Test(arguments: Way.allCases) func `the end of the tokens, a stop`(way: Way) async throws {
    try await withLanguages(way) { client in
      let short = try await client.post(Self.path, chat("a b c", #""max_completion_tokens": 2"#)).json.choice
      #expect(short["message"]?["content"] == "a b" && short["finish_reason"] == "length")
      let stopped = try await client.post(Self.path, chat("a b c", #""stop": "b""#)).json.choice
      #expect(stopped["message"]?["content"] == "a" && stopped["finish_reason"] == "stop")
    }
  }
}
