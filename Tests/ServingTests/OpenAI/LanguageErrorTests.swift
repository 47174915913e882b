import Foundation
import HTTPTypes
import HummingbirdTesting
import MartletCore
import NIOCore
import Testing

@testable import Serving
@testable import Web

@Suite struct LanguageErrorTests {
  /// A request, and what is wrong with it.
  struct Case: Sendable, CustomTestStringConvertible {
    let body: String
    let status: Int
    let code: String?
    let param: String?
    let message: String
    var path = ChatTests.path
    var testDescription: String { message }

    init(_ body: String, _ status: Int, _ code: String?, _ param: String?, _ message: String, path: String = ChatTests.path) {
      self.body = body
      self.status = status
      self.code = code
      self.param = param
      self.message = message
      self.path = path
    }
  }

  static let cases: [Case] = [
    Case("{", 400, nil, nil, "could not parse the JSON"),
    Case("", 400, nil, nil, "the body is empty"),
    Case("[]", 400, nil, nil, "could not parse"),
    Case(#"{"model": "echo", "messages": [{"role": "user", "content": "\ud800"}]}"#, 400, nil, nil, "half of a surrogate pair"),
    Case(#"{"messages": [{"role": "user", "content": "a"}]}"#, 400, "missing_required_parameter", "model", "'model'"),
    Case(#"{"model": "echo"}"#, 400, "missing_required_parameter", "messages", "Missing required parameter: 'messages'."),
    Case(#"{"model": "echo", "messages": []}"#, 400, "empty_array", "messages", "empty array"),
    Case(#"{"model": 1, "messages": []}"#, 400, "invalid_type", "model", "expected a string, but got an integer instead"),
    Case(
      #"{"model": "ecoh", "messages": [{"role": "user", "content": "a"}]}"#, 404, "model_not_found", nil,
      "The model `ecoh` does not exist or you do not have access to it. Did you mean `echo`?"),
    Case(
      #"{"model": "vectors", "messages": [{"role": "user", "content": "a"}]}"#, 404, nil, "model", "makes embeddings only"),
    Case(
      #"{"model": "echo", "messages": [{"role": "robot", "content": "a"}]}"#, 400, "invalid_value", "messages[0].role",
      "'robot'. Supported values are: 'system', 'developer'"),
    Case(
      #"{"model": "echo", "messages": [{"role": "user"}]}"#, 400, "missing_required_parameter", "messages[0].content", "content"),
    Case(
      #"{"model": "echo", "messages": [{"role": "user", "content": {"a": 1}}]}"#, 400, "invalid_type", "messages[0].content",
      "expected a string or an array of content parts, but got an object instead"),
    Case(
      #"{"model": "echo", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}"#, 400, "invalid_value",
      "messages[0].content[0].type", "'image_url'"),
    Case(
      #"{"model": "echo", "messages": [{"role": "tool", "content": "a", "tool_call_id": "x"}]}"#, 400, "invalid_value",
      "messages[0].tool_call_id", "must be a response"),
    Case(chat("a", #""temperature": "hot""#), 400, "invalid_type", "temperature", "expected a number, but got a string instead"),
    Case(chat("a", #""temperature": 3"#), 400, "decimal_above_max_value", "temperature", "<= 2, but got 3"),
    Case(chat("a", #""top_p": -0.5"#), 400, "decimal_below_min_value", "top_p", ">= 0"),
    Case(chat("a", #""n": 0"#), 400, "integer_below_min_value", "n", ">= 1"),
    Case(chat("a", #""n": 1000"#), 400, "integer_above_max_value", "n", "<= 128"),
    Case(chat("a", #""max_tokens": 1.5"#), 400, "invalid_type", "max_tokens", "an integer, but got a decimal"),
    Case(chat("a", #""logprobs": 5"#), 400, "invalid_type", "logprobs", "a boolean"),
    Case(chat("a", #""top_logprobs": 5"#), 400, "invalid_value", "top_logprobs", "'logprobs'"),
    Case(chat("a", #""logit_bias": {"x": 1}"#), 400, "invalid_value", "logit_bias", "'x'"),
    Case(chat("a", #""logit_bias": {"3": 101}"#), 400, "decimal_above_max_value", "logit_bias.3", "<= 100"),
    Case(chat("a", #""stop": ["a", 1]"#), 400, "invalid_type", "stop[1]", "a string"),
    Case(chat("a", #""stop": {}"#), 400, "invalid_type", "stop", "array of strings"),
    Case(chat("a", #""response_format": {"type": "xml"}"#), 400, "invalid_value", "response_format.type", "'json_schema'"),
    Case(
      chat("a", #""response_format": {"type": "json_schema", "json_schema": {"schema": {}}}"#), 400, "missing_required_parameter",
      "response_format.json_schema.name", "name"),
    Case(
      chat("a", #""tools": [{"type": "function", "function": {"name": "a b"}}]"#), 400, "invalid_value", "tools[0].function.name", "letters"
    ),
    Case(chat("a", #""tool_choice": "required""#), 400, "invalid_value", "tool_choice", "'tools'"),
    Case(
      chat("a", #""tool_choice": {"type": "function", "function": {"name": "f"}}"#), 400, "invalid_value", "tool_choice",
      "no function 'f'"),
    Case(chat("a", #""functions": []"#), 400, "unsupported_parameter", "functions", "Use 'tools' instead"),
    Case(chat("a", #""modalities": ["audio"]"#), 400, "unsupported_parameter", "modalities", "text only"),
    Case(chat("a", #""stream": "yes""#), 400, "invalid_type", "stream", "a boolean"),
    Case(chat("", ""), 400, "empty_string", "messages", "The prompt is empty."),
    Case(
      chat("a b", #""max_tokens": 600"#), 400, "context_length_exceeded", "messages",
      "maximum context length is 512 tokens. However, you requested 602 tokens (2 in the prompt, 600 in the completion)"),
    Case(
      #"{"model": "echo", "prompt": "a b", "max_tokens": 600}"#, 400, "context_length_exceeded", "prompt", "602 tokens",
      path: "/v1/completions"),
    Case(#"{"model": "echo"}"#, 400, "missing_required_parameter", "prompt", "'prompt'", path: "/v1/completions"),
    Case(#"{"model": "echo", "prompt": []}"#, 400, "empty_array", "prompt", "empty", path: "/v1/completions"),
    Case(#"{"model": "echo", "prompt": [1, "a"]}"#, 400, "invalid_type", "prompt[1]", "token", path: "/v1/completions"),
    Case(#"{"model": "echo", "prompt": [5000]}"#, 400, "invalid_value", "prompt", "5000", path: "/v1/completions"),
    Case(
      #"{"model": "echo", "prompt": "a", "best_of": 2, "n": 3}"#, 400, "invalid_value", "best_of", "at least 'n'", path: "/v1/completions"),
    Case(
      #"{"model": "echo", "prompt": "a", "best_of": 2, "stream": true}"#, 400, "invalid_value", "best_of", "streamed",
      path: "/v1/completions"),
    Case(
      #"{"model": "echo", "prompt": ["a", "b"], "n": 100}"#, 400, "array_above_max_length", "prompt", "128", path: "/v1/completions"),
    Case(#"{"model": "vectors", "input": ""}"#, 400, "empty_string", "input", "empty string", path: "/v1/embeddings"),
    Case(#"{"model": "vectors", "input": ["a", ""]}"#, 400, "empty_string", "input[1]", "empty string", path: "/v1/embeddings"),
    Case(#"{"model": "vectors", "input": {"a": 1}}"#, 400, "invalid_type", "input", "a string", path: "/v1/embeddings"),
    Case(#"{"model": "vectors", "input": "a", "dimensions": 9}"#, 400, "invalid_value", "dimensions", "1 to 8", path: "/v1/embeddings"),
    Case(
      #"{"model": "vectors", "input": "a", "encoding_format": "hex"}"#, 400, "invalid_value", "encoding_format", "'float', 'base64'",
      path: "/v1/embeddings"),
    Case(#"{"model": "echo", "input": "a"}"#, 404, nil, "model", "does not make embeddings", path: "/v1/embeddings"),
    Case(
      #"{"model": "vectors", "input": "\#(String(repeating: "a", count: 65))"}"#, 400, "context_length_exceeded", "input", "65 tokens",
      path: "/v1/embeddings"),
  ]

  @Test(arguments: Way.allCases) func `every error names what is wrong`(way: Way) async throws {
    try await withLanguages(way) { client in
      for test in Self.cases {
        // The status is the same where a stream was asked for.
        let answer = try await client.post(test.path, test.body)
        #expect(answer.status == test.status, "\(test.body) \(answer.text)")
        #expect(answer.code == test.code && answer.param == test.param, "\(test.body) \(answer.text)")
        #expect(answer.message.contains(test.message), "\(answer.message)")
        #expect(answer.problem["type"] == "invalid_request_error")
        #expect(answer.problem.objectValue?.keys.sorted() == ["code", "message", "param", "type"])
      }
    }
  }

  @Test(arguments: Way.allCases) func `in Chinese for whoever asks for it`(way: Way) async throws {
    try await withLanguages(way) { client in
      for test in Self.cases {
        let answer = try await client.post(test.path, test.body, [.acceptLanguage: "zh-CN,zh;q=0.9,en;q=0.8"])
        #expect(answer.status == test.status && answer.code == test.code)
        #expect(answer.message.unicodeScalars.contains { (0x4E00...0x9FFF).contains($0.value) }, "\(answer.message)")
        #expect(answer.headers[.contentLanguage] == "zh")
      }
      let missing = try await client.post(ChatTests.path, #"{"model": "echo"}"#, [.acceptLanguage: "zh"])
      #expect(missing.message == "缺少必需的参数“messages”。")
    }
  }

  @Test func `the language by the header`() {
    for (accept, language) in [
      (nil, AnswerLanguage.english), ("zh", .chinese), ("zh-TW", .chinese), ("en-US,zh;q=0.5", .english), ("en;q=0.5, zh;q=0.7", .chinese),
      ("de, fr", .english), ("de, zh;q=0.1", .chinese), ("*", .english), ("", .english), (";;q=,", .english), ("zh;q=0", .english),
    ] as [(String?, AnswerLanguage)] { #expect(AnswerLanguage(accept: accept) == language, "\(accept ?? "nil")") }
  }

  @Test(arguments: Way.allCases) func `other bodies, other methods`(way: Way) async throws {
    var options = quietOptions()
    options.maxBodyBytes = 200
    try await withLanguages(way, options: options) { client in
      let form = try await client.post(ChatTests.path, "a=b", type: "application/x-www-form-urlencoded")
      #expect(form.status == 415 && form.message.contains("application/json"))
      #expect(try await client.get(ChatTests.path).status == 405)
      #expect(try await client.post(ChatTests.path, chat("a"), type: nil).status == 200)
      let long = try await client.post(ChatTests.path, chat(String(repeating: "a", count: 300)))
      #expect(long.status == 413 && long.problem["type"] == "invalid_request_error")
    }
  }

  @Test(arguments: Way.allCases) func `a model that breaks`(way: Way) async throws {
    let log = LogLines()
    try await withLanguages(way, logger: log.logger) { client in
      let whole = try await client.post(ChatTests.path, chat("break"), [.requestID: "find-me"])
      #expect(whole.status == 500 && whole.problem["type"] == "server_error")
      #expect(whole.message.contains("find-me") && !whole.text.contains("Broken"))
      #expect(log.all.contains { $0.contains("Broken()") && $0.contains("find-me") })
      // In the middle of a stream the status is sent already.
      let stream = try await client.post(ChatTests.path, chat("fail now", #""stream": true"#), [.requestID: "and-me"])
      #expect(stream.status == 200 && !stream.isDone)
      #expect(stream.chunks.compactMap { $0.choice["delta"]?["content"]?.stringValue } == ["", "fail"])
      #expect(stream.chunks.last?["error"]?["type"] == "server_error")
      #expect(stream.chunks.last?["error"]?["message"]?.stringValue?.contains("and-me") == true)
      #expect(log.all.contains { $0.contains("stream failed") && $0.contains("and-me") })
      #expect(try await client.post(ChatTests.path, chat("fine")).status == 200)
    }
  }

  @Test(arguments: Way.allCases) func `a model that is busy, and one that is too slow`(way: Way) async throws {
    try await withLanguages(way, FakeGenerator(limit: 0)) { client in
      for more in ["", #""stream": true"#] {
        let answer = try await client.post(ChatTests.path, chat("a", more))
        #expect(answer.status == 429 && answer.headers[.retryAfter] == "1")
        #expect(answer.code == "rate_limit_exceeded" && answer.problem["type"] == "rate_limit_error")
      }
      #expect(
        try await client.get("/metrics").text.contains(
          #"martlet_language_generations_total{model="echo",version="2",outcome="rejected"} 2"#))
    }
    var options = quietOptions()
    options.generationTimeout = .milliseconds(60)
    let slow = FakeGenerator()
    try await withLanguages(way, slow, options: options) { client in
      let whole = try await client.post(ChatTests.path, chat("endless"))
      #expect(whole.status == 504 && whole.code == "timeout")
      let stream = try await client.post(ChatTests.path, chat("endless", #""stream": true"#))
      // On a slow machine the time is over before the first token, and then the status says so.
      let code = stream.status == 200 ? stream.chunks.last?["error"]?["code"]?.stringValue : stream.code
      #expect(code == "timeout" && !stream.isDone && [200, 504].contains(stream.status))
      #expect(try await client.post(ChatTests.path, chat("silent", #""stream": true"#)).status == 504)
      while slow.active > 0 { try await Task.sleep(for: .milliseconds(2)) }
      #expect(slow.cancelled == 3)
    }
  }

  @Test(arguments: Way.allCases) func `limits of the server`(way: Way) async throws {
    var options = quietOptions()
    options.maxGeneratedTokens = 2
    options.maxMessages = 1
    options.maxLanguageRequests = 1
    let generator = FakeGenerator(delay: .milliseconds(20))
    try await withLanguages(way, generator, options: options) { client in
      #expect(try await client.post(ChatTests.path, chat("a b c d")).json.choice["message"]?["content"] == "a b")
      #expect(try await client.post(ChatTests.path, chat("a", #""max_tokens": 3"#)).code == "integer_above_max_value")
      let two = #"{"model": "echo", "messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]}"#
      #expect(try await client.post(ChatTests.path, two).code == "array_above_max_length")
      // Two prompts are two generations, and one is allowed.
      let prompts = try await client.post("/v1/completions", #"{"model": "echo", "prompt": ["a", "b"], "max_tokens": 1}"#)
      #expect(prompts.status == 429)
      while generator.active > 0 { try await Task.sleep(for: .milliseconds(2)) }
    }
  }

  /// Bodies that are no JSON, each in its own way.
  static let broken = [
    "", "{", "[]", "5", "{\"a\": }", "{\"a\" 1}", "{\"a\": 1", "{\"a\": 1 \"b\": 2}", "{\"a\": 01}", "{\"a\": NaN}", "{\"a\": \"\\q\"}",
    "{\"a\": \"\\ud800\"}",
    "{\"a\": \"\u{1}\"}", "{\"a\": \"b", "{\"a\": \"b\\", "{\"a\": 1} x", "{\"a\": 1, \"a\": 2}", "{a: 1}", "{\"a\": [1 2]}",
    "{\"a\": tru}", "{\"a\": -}",
    "{\"a\": " + String(repeating: "[", count: 2_000) + "}",
  ]

  @Test(arguments: broken) func `What is wrong with a body is said in Chinese, too`(body: String) {
    #expect(throws: (any Error).self) {
      do {
        _ = try ChatRequest(
          ByteBuffer(string: body), limits: LanguageLimits(messages: 9, choices: 9, stopStrings: 9, tools: 9, embeddingInputs: 9))
      } catch {
        let message = APIProblem.from(error, requestID: "r", input: "messages").message
        #expect(message.english.contains("parse the JSON"))
        var rest = message.chinese
        for known in ["JSON", "NaN", "Infinity", "UTF-8", "true", "false", "null", "'tru"] {
          rest = rest.replacingOccurrences(of: known, with: "")
        }
        #expect(!rest.contains(/[A-Za-z]{3,}/), "\(message.english) → \(message.chinese)")
        throw error
      }
    }
  }

  @Test func `Other refusals of a body are said in Chinese, too`() {
    let problems = [
      HTTPProblem.bodyTooLarge(limit: 10, declared: 20), .bodyTooLarge(limit: 10, declared: nil),
      HTTPProblem(.requestTimeout, "the body did not arrive within 30 s"),
      HTTPProblem(.serviceUnavailable, "the bodies of other requests fill the server's memory", remedy: "again later"),
    ]
    for problem in problems {
      let message = APIProblem.from(problem, requestID: "r", input: "messages").message
      #expect(!message.chinese.contains(/[A-Za-z]{2,}/), "\(message.chinese)")
    }
    #expect(
      ChineseReason.phrase("Content-Type 'text/html' is not read here") == "此处不接受内容类型“text/html”")
    #expect(ChineseReason.phrase("something nobody has said") == "something nobody has said")
  }
}
