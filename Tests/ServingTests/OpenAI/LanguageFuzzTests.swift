import HTTPTypes
import HummingbirdTesting
import MartletCore
import Testing

@testable import Serving
@testable import Web

/// No request to the endpoints of language models can end the process, and none is the server's fault.
@Suite struct LanguageFuzzTests {
  private static let seeds: [(path: String, body: String)] = [
    (
      "/v1/chat/completions",
      #"{"model":"echo","messages":[{"role":"system","content":"s"},{"role":"user","content":"a b"}],"max_tokens":4,"temperature":0.5,"n":2}"#
    ),
    (
      "/v1/chat/completions",
      #"{"model":"echo","messages":[{"role":"user","content":[{"type":"text","text":"tool"}]}],"tools":[{"type":"function","function":"#
        + #"{"name":"f","parameters":{"type":"object"}}}],"tool_choice":"auto","stream":true,"stream_options":{"include_usage":true}}"#
    ),
    (
      "/v1/chat/completions",
      #"{"model":"echo","messages":[{"role":"user","content":"x"},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"#
        + #""function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":"r"}],"logprobs":true,"#
        + #""top_logprobs":2,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","properties":"#
        + #"{"a":{"type":"integer"}}}}},"logit_bias":{"5":-3}}"#
    ),
    ("/v1/completions", #"{"model":"echo","prompt":["a b","c"],"echo":true,"logprobs":2,"best_of":3,"n":2,"max_tokens":2,"stop":["b"]}"#),
    ("/v1/completions", #"{"model":"echo@1","prompt":[[1,2],[3]],"stream":true,"suffix":"z","seed":-5}"#),
    ("/v1/embeddings", #"{"model":"vectors","input":["a","b"],"encoding_format":"base64","dimensions":3}"#),
    ("/v1/embeddings", #"{"model":"vectors","input":[1,2,3]}"#),
  ]

  private static let tokens = [
    "null", "true", "-1", "1e999", "99999999999999999999", "0.5", "[]", "{}", "\"\"", "\"\\ud800\"", "[[[[", "{\"a\":", "\u{0}", "\u{E9}",
    "\"role\":\"robot\"", "\"n\":128", "\"stream\":true", "9223372036854775807", "-9223372036854775808",
  ]

  private static func mutate(_ body: String, _ random: inout SplitMix) -> [UInt8] {
    var bytes = Array(body.utf8)
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      let place = Int.random(in: 0...bytes.count, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...12, using: &random)))
      case 2: bytes.insert(contentsOf: Array((tokens.randomElement(using: &random) ?? "").utf8), at: place)
      case 3: bytes.removeSubrange(place...)
      case 4:
        // A value becomes another one, which keeps the JSON whole more often than a byte does.
        guard let colon = bytes[place...].firstIndex(of: UInt8(ascii: ":")),
          let end = bytes[(colon + 1)...].firstIndex(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") })
        else { continue }
        bytes.replaceSubrange((colon + 1)..<end, with: Array((tokens.randomElement(using: &random) ?? "").utf8))
      default:
        let part = Array(bytes[place..<min(bytes.count, place + Int.random(in: 1...40, using: &random))])
        bytes.insert(contentsOf: part, at: Int.random(in: 0...bytes.count, using: &random))
      }
    }
    return bytes
  }

  @Test(arguments: [UInt64(1), 2, 3]) func `any bytes get an answer`(seed: UInt64) async throws {
    try await withLanguages(.router) { client in
      var random = SplitMix(state: seed)
      var statuses: [Int: Int] = [:]
      for _ in 0..<300 {
        let (path, body) = Self.seeds.randomElement(using: &random) ?? ("/", "")
        let bytes = Self.mutate(body, &random)
        let answer = try await client.post(path, bytes: bytes, type: "application/json")
        statuses[answer.status, default: 0] += 1
        #expect([200, 400, 404].contains(answer.status), "\(answer.status) for \(String(decoding: bytes, as: UTF8.self))")
        if answer.status != 200 {
          #expect(answer.problem["type"] == "invalid_request_error" && !answer.message.isEmpty)
        } else if answer.headers[.contentType]?.hasPrefix("text/event-stream") == true {
          #expect(answer.isDone && !answer.text.contains("\"error\""))
        } else {
          #expect(answer.json != .null)
        }
      }
      #expect((statuses[200] ?? 0) > 50 && (statuses[400] ?? 0) > 50, "\(statuses)")
    }
  }
}
