import Foundation
import HTTPTypes
import HummingbirdTesting
import MartletCore
import Testing

@testable import Serving
@testable import Web

@Suite struct CompletionTests {
  static let path = "/v1/completions"

  @Test(arguments: Way.allCases) func `texts are continued`(way: Way) async throws {
    let generator = FakeGenerator()
    try await withLanguages(way, generator) { client in
      let one = try await client.post(Self.path, #"{"model": "echo", "prompt": "a b", "suffix": "z"}"#).json
      #expect(one["object"] == "text_completion" && one["id"]?.stringValue?.hasPrefix("cmpl-") == true)
      #expect(one.choice == ["index": 0, "text": "a b", "logprobs": nil, "finish_reason": "stop"])
      #expect(one["usage"]?["total_tokens"] == 4)
      let many = try await client.post(Self.path, #"{"model": "echo@2", "prompt": ["a", [1, 2]], "n": 2, "max_tokens": 1}"#).json
      #expect(many["choices"]?.arrayValue?.map { $0["text"] } == ["a", "a", "t1", "t1"])
      #expect(many["choices"]?.arrayValue?.map { $0["index"] } == [0, 1, 2, 3])
      #expect(many["choices"]?[2]?["finish_reason"] == "length")
      #expect(many["usage"]?["prompt_tokens"] == 3 && many["usage"]?["completion_tokens"] == 4)
      #expect(try await client.post(Self.path, #"{"model": "echo", "prompt": [7, 8]}"#).json.choice["text"] == "t7 t8")
    }
    #expect(generator.requests[0].suffix == "z" && generator.requests[0].maxTokens == 16)
    #expect(generator.requests[1].prompt == .text("a") && generator.requests[2].prompt == .tokens([1, 2]))
  }

  @Test(arguments: Way.allCases) func `the prompt comes first where that is wanted`(way: Way) async throws {
    let generator = FakeGenerator()
    try await withLanguages(way, generator) { client in
      let plain = try await client.post(Self.path, #"{"model": "echo", "prompt": ["x y", "z"], "echo": true, "max_tokens": 1}"#).json
      #expect(plain["choices"]?.arrayValue?.map { $0["text"] } == ["x yx", "zz"])
      let stream = try await client.post(
        Self.path, #"{"model": "echo", "prompt": ["x y", "z"], "echo": true, "max_tokens": 1, "stream": true}"#)
      for (index, text) in [(0, "x yx"), (1, "zz")] {
        let pieces = stream.chunks.filter { $0.choice["index"]?.intValue == index }.compactMap { $0.choice["text"]?.stringValue }
        #expect(pieces.joined() == text)
      }
      #expect(stream.isDone)
      // Nothing is generated: the log-probabilities of the prompt are what is wanted.
      let scored = try await client.post(
        Self.path, #"{"model": "echo", "prompt": "x", "echo": true, "max_tokens": 0, "logprobs": 1}"#
      ).json.choice
      #expect(scored["text"] == "x" && scored["logprobs"]?["token_logprobs"] == [nil] && scored["logprobs"]?["top_logprobs"] == [nil])
    }
    #expect(generator.requests.map(\.echoesPrompt) == [false, false, false, false, true])
  }

  @Test(arguments: Way.allCases) func `beams by the names that transformers gives them`(way: Way) async throws {
    let generator = FakeGenerator()
    try await withLanguages(way, generator) { client in
      func post(_ more: String) async throws -> Answer {
        try await client.post(Self.path, #"{"model": "echo", "prompt": "x", "# + more + "}")
      }
      #expect(try await post(#""num_beams": 1"#).status == 200)
      let more = #""num_beam_groups": 2, "diversity_penalty": 0.5, "length_penalty": 2, "early_stopping": true"#
      #expect(try await post(#""num_beams": 4, "# + more).status == 200)
      for (wrong, param) in [
        (#""num_beams": 0"#, "num_beams"), (#""num_beams": 100000"#, "num_beams"),
        (#""num_beams": 2, "num_beam_groups": 3"#, "num_beam_groups"),
        (#""num_beams": 2, "length_penalty": "a""#, "length_penalty"),
      ] {
        let answer = try await post(wrong)
        #expect(answer.status == 400 && answer.param == param, "\(wrong): \(answer.text)")
      }
    }
    var beams = BeamSettings(4)
    (beams.groups, beams.diversityPenalty, beams.lengthPenalty, beams.stopsEarly) = (2, 0.5, 2, true)
    #expect(generator.requests.map(\.beams) == [BeamSettings(1), beams])
  }

  @Test(arguments: Way.allCases) func `log-probabilities in the old form`(way: Way) async throws {
    try await withLanguages(way) { client in
      let body = #"{"model": "echo", "prompt": "\u00e9\u00e9 b c", "logprobs": 2}"#
      let scores = try await client.post(Self.path, body).json.choice["logprobs"]
      #expect(scores?["tokens"] == ["\u{E9}\u{E9}", " b", " c"])
      #expect(scores?["text_offset"] == [0, 2, 4])
      #expect(scores?["token_logprobs"] == [-1, -1, -1])
      #expect(scores?["top_logprobs"]?[1] == [" b": -1, "bytes:\\xc3": -2])
      let stream = try await client.post(Self.path, body.dropLast() + #", "stream": true}"#)
      #expect(stream.chunks.compactMap { $0.choice["logprobs"]?["text_offset"]?[0]?.intValue } == [0, 2, 4])
    }
  }

  @Test(arguments: Way.allCases) func `the best of several`(way: Way) async throws {
    let generator = FakeGenerator()
    try await withLanguages(way, generator) { client in
      let best = try await client.post(Self.path, #"{"model": "echo", "prompt": "a", "n": 1, "best_of": 3}"#).json
      #expect(best["choices"]?.arrayValue?.count == 1 && best.choice["logprobs"] == .null)
      // All that was generated is counted.
      #expect(best["usage"]?["completion_tokens"] == 3)
    }
    #expect(generator.requests.first?.choices == 3 && generator.requests.first?.topLogProbabilities == 0)
  }

  @Test(arguments: Way.allCases) func `vectors as numbers and as base64`(way: Way) async throws {
    try await withLanguages(way) { client in
      let path = "/v1/embeddings"
      let numbers = try await client.post(path, #"{"model": "vectors", "input": ["ab", "abc"], "user": "u"}"#).json
      #expect(numbers["object"] == "list" && numbers["model"] == "vectors")
      #expect(numbers["usage"] == ["prompt_tokens": 5, "total_tokens": 5])
      let first = numbers["data"]?[0]
      #expect(first?["object"] == "embedding" && first?["index"] == 0)
      let vector = first?["embedding"]?.arrayValue?.compactMap(\.doubleValue).map { Float($0) } ?? []
      #expect(vector.count == 8 && vector.first == 2)
      let base64 = try await client.post(path, #"{"model": "vectors", "input": ["ab", "abc"], "encoding_format": "base64"}"#).json
      let data = try #require(base64["data"]?[0]?["embedding"]?.stringValue.flatMap { Data(base64Encoded: $0) })
      let floats = stride(from: 0, to: data.count, by: 4).map { place in
        Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(data[place + $1]) << (8 * UInt32($1)) })
      }
      #expect(floats == vector)
      let tokens = try await client.post(path, #"{"model": "vectors", "input": [[3, 4, 5], [6]], "dimensions": 2}"#).json
      #expect(tokens["data"]?.arrayValue?.compactMap { $0["embedding"]?[0] } == [3, 1])
      #expect(tokens["data"]?[1]?["embedding"]?.arrayValue?.count == 2)
      #expect(try await client.post(path, #"{"model": "vectors", "input": [3, 4]}"#).json["data"]?.arrayValue?.count == 1)
    }
  }
}
