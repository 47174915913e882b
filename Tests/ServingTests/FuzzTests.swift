import Foundation
import HTTPTypes
import HummingbirdTesting
import MartletCore
import NIOCore
import Testing

@testable import Serving
@testable import Web

/// No request can end the process, and none that the model survives is the server's fault.
@Suite struct FuzzTests {
  private static let bodies: [[UInt8]] =
    [
      #"{"input": [[0.5,1],[0.25,-2]]}"#, #"{"inputs": [[[0.5,1],[0.25,-2]],[1,2,3,4]]}"#,
      #"{"input": {"left": [1, 2], "right": [-3, 4]}}"#,
      #"{"inputs": [{"left":[1,2],"right":[3,4]},{"right":[7,8],"left":[5,6]}]}"#,
      #"{"id":"a1","inputs":[{"name":"image","shape":[1,1,2,2],"datatype":"FP32","data":[0.5,1,0.25,-2]}],"outputs":[{"name":"logits"}]}"#,
      #"{"inputs":[{"name":"x","shape":[2],"datatype":"INT8","parameters":{"binary_data_size":2}}],"parameters":{"x":1}}ab"#,
      #"{"inputs":[{"name":"age","shape":[1],"datatype":"FP64","data":[20]},{"name":"city","shape":[1],"datatype":"BYTES","data":["a"]}]}"#,
      #"{"inputs":[{"name":"city","shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":5}}],"outputs":[{"name":"greeting"}]}AAAAA"#,
      #"{"text_input":"a b","parameters":{"max_tokens":3,"temperature":0.5,"stop":["z"]}}"#,
      #"{"inputs":[{"name":"text_input","shape":[1],"datatype":"BYTES","data":["a b"]}]}"#, #"{"examples":[{"image":[1,2,3,4]}]}"#,
      "--xyz\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\nContent-Type: image/png\r\n\r\nabcdefghijkl\r\n--xyz--\r\n",
      #"{"instances": [1, 2.5e3, -0.0]}"#, #"{"input": "\ud83d\ude00\u00e9"}"#, "",
    ].map { Array($0.utf8) } + [[0xFF, 0xD8, 0xFF, 1, 2, 3, 4, 5, 6], [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 9, 9]]

  private static let tokens = [
    "[", "]", "{", "}", ",", ":", "\"", "\\u", "\\ud800", "null", "true", "NaN", "-", "1e999", "99999999999999999999", "0.1", "[[[[",
    "\u{0}", "é",
    "18446744073709551616", "-9223372036854775808", "\"shape\":[-1]", "\"shape\":[4611686018427387904,4]", "binary_data_size", "--xyz",
    "\r\n\r\n",
  ]

  private static let paths = [
    "/predict", "/models/fashion/predict", "/models/two/predict", "/models/fashion/versions/1/predict", "/v1/models/echo:predict",
    "/v2/models/fashion/infer", "/v2/models/two/infer", "/v2/models/echo/infer", "/v2/models/fashion/versions/1/infer",
    "/v2/repository/index",
    "/v2/models/folk/infer", "/v2/models/folk/infer", "/v1/models/fashion:classify", "/v1/models/two/labels/stable:predict",
    "/v2/models/words/generate", "/v2/models/words/generate_stream", "/v2/models/words/infer", "/v1/models/echo/metadata", "/openapi.json",
    "/docs", "/v2/models/folk/config", "/v2/models/stats",
    "/v2", "/v2/health/ready", "/metrics", "/", "/models", "/models/two", "/v2/models/echo/ready",
  ]

  private static let types: [String?] = [
    nil, "application/json", "application/octet-stream", "image/png", "image/jpeg", "multipart/form-data; boundary=xyz",
    "multipart/form-data; boundary=", "text/plain", "; ;", "application/vnd.x+json; charset=utf-8",
  ]

  private static func mutate(_ seed: [UInt8], _ random: inout SplitMix) -> [UInt8] {
    var bytes = seed
    for _ in 0..<Int.random(in: 0...4, using: &random) {
      let place = Int.random(in: 0...bytes.count, using: &random)
      switch Int.random(in: 0..<7, using: &random) {
      case 0 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 1 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
      case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...8, using: &random)))
      case 3: bytes.insert(contentsOf: Array((tokens.randomElement(using: &random) ?? "").utf8), at: place)
      case 4: bytes.removeSubrange(place...)
      case 5:
        let part = bytes[place..<min(bytes.count, place + Int.random(in: 1...40, using: &random))]
        bytes.insert(contentsOf: Array(part), at: Int.random(in: 0...bytes.count, using: &random))
      default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
      }
    }
    return bytes
  }

  /// A path that a header can carry; everything else is cut by the HTTP parser before it comes to a route.
  private static func mutatePath(_ path: String, _ random: inout SplitMix) -> String {
    guard Int.random(in: 0..<4, using: &random) == 0 else { return path }
    let parts = [
      "%2e%2e", "%00", "%", "%zz", "..", "//", "?a=b&c", "#x", ":predict", "é", "%C3%A9", String(repeating: "a", count: 300), "{name}",
    ]
    var text = Array(path)
    text.insert(contentsOf: parts.randomElement(using: &random) ?? "", at: Int.random(in: 0...text.count, using: &random))
    return String(text)
  }

  static func run(_ client: any TestClientProtocol, count: Int, seed: UInt64, isPlain: Bool = false) async throws -> [Int: Int] {
    var random = SplitMix(state: seed)
    var statuses: [Int: Int] = [:]
    for index in 0..<count {
      var body = mutate(bodies.randomElement(using: &random) ?? [], &random)
      var headers: HTTPFields = [:]
      if Int.random(in: 0..<6, using: &random) == 0, let packed = Deflater.deflate(body + [UInt8](repeating: 32, count: 64), .gzip) {
        body = Bool.random(using: &random) ? packed : mutate(packed, &random)
        headers[.contentEncoding] = "gzip"
      }
      if let type = types.randomElement(using: &random) ?? nil { headers[.contentType] = type }
      switch Int.random(in: 0..<8, using: &random) {
      case 0: headers[.inferenceHeaderLength] = String(Int.random(in: -2...(body.count + 2), using: &random))
      case 1: headers[.inferenceHeaderLength] = ["", "x", "99999999999999999999", "1e3"].randomElement(using: &random)
      case 2: headers[.contentEncoding] = ["gzip", "identity", "br", ""].randomElement(using: &random)
      default: break
      }
      let method: HTTPRequest.Method =
        Int.random(in: 0..<10, using: &random) == 0 ? [.get, .put, .delete, .options, .patch][index % 5] : .post
      var path = mutatePath(paths.randomElement(using: &random) ?? "/", &random)
      // Over a socket, what is no path at all never comes to a route: the HTTP parsers of both sides refuse it.
      if isPlain { path = "/" + path.filter { $0.isASCII && !"#{}".contains($0) }.dropFirst() }
      let answer = try await client.send(method, path, headers: headers, body: ByteBuffer(bytes: body))
      statuses[answer.status, default: 0] += 1
      #expect((200..<500).contains(answer.status), "\(method) \(path) \(headers) \(String(decoding: body, as: UTF8.self)): \(answer.text)")
      // OpenAI's clients expect an object, the others a text.
      let says = !answer.error.isEmpty || answer.json["error"]?["message"]?.stringValue?.isEmpty == false
      if answer.status >= 400 { #expect(says, "\(path): \(answer.text)") }
    }
    return statuses
  }

  private static func models() -> [ServedModel] {
    [
      LinearClassifier.served(), ServedModel(name: "two", version: "1", predictor: TwoInputs()), Echo(.int8, shape: [nil]).served(),
      Townsfolk.served(),
    ]
  }

  /// `MARTLET_FUZZ=50` tries fifty times as much.
  static let times = ProcessInfo.processInfo.environment["MARTLET_FUZZ"].flatMap { Int($0) } ?? 1

  private static func withServer(_ way: Way, _ body: @Sendable (any TestClientProtocol) async throws -> Void) async throws {
    let words = ServedLanguageModel(name: "words", version: "1", generator: FakeGenerator())
    let server = try ModelServer(models: models(), languageModels: [words], options: quietOptions(), logger: LogLines().logger)
    try await server.application.test(way.setup, body)
  }

  @Test(arguments: 0..<4) func `mutated requests to the responder`(part: Int) async throws {
    try await Self.withServer(.router) { client in
      let statuses = try await Self.run(client, count: 1000 * Self.times, seed: UInt64(100 + part))
      // The mutations must reach the good paths as well as the bad ones.
      for (status, least) in [(200, 15), (400, 50), (404, 20), (405, 20), (415, 50)] {
        #expect((statuses[status] ?? 0) >= least, "\(statuses)")
      }
    }
  }

  @Test func `mutated requests over a socket`() async throws {
    try await Self.withServer(.live) { client in
      let statuses = try await Self.run(client, count: 500 * Self.times, seed: 7, isPlain: true)
      #expect((statuses[200] ?? 0) > 10, "\(statuses)")
      #expect(try await client.get("/health/live").status == 200)
    }
  }

  @Test func `random bytes as JSON`() throws {
    var random = SplitMix(state: 3)
    for _ in 0..<3000 {
      let text = Self.mutate(Self.bodies.randomElement(using: &random) ?? [], &random)
      let buffer = ByteBuffer(bytes: text)
      let mine = try? JSONReader.read(buffer) { try $0.readValue() }
      let skipped: Void? = try? JSONReader.read(buffer) { try $0.skipValue() }
      // Passing over a value accepts what reading it accepts, numbers that overflow apart.
      if mine != nil { #expect(skipped != nil, "\(String(decoding: text, as: UTF8.self))") }
      // What we take, Foundation takes.
      if mine != nil {
        let foundation = try? JSONSerialization.jsonObject(with: Data(text), options: [.fragmentsAllowed])
        #expect(foundation != nil, "\(String(decoding: text, as: UTF8.self))")
      }
    }
  }
}
