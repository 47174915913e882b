import Foundation
import HTTPTypes
import MartletCore
import NIOCore
import Testing

@testable import Serving
@testable import Web

/// Answers rows as tables do: a text and numbers for each.
struct Townsfolk: Predictor {
  let signature = ServedDocument.signature

  func predict(_ inputs: [String: HostArray]) async throws -> [String: HostArray] {
    let body = try JSON.decode(JSONValue.self, from: Data(inputs[ServedDocument.body]?.bytes ?? []), source: "body")
    let columns = Dictionary(uniqueKeysWithValues: (body["inputs"]?.arrayValue ?? []).map { ($0["name"]?.stringValue ?? "", $0["data"]) })
    let ages = columns["age"]??.arrayValue ?? [], cities = columns["city"]??.arrayValue ?? []
    let answer: JSONValue = [
      "model_name": "folk", "model_version": "1",
      "outputs": [
        [
          "name": "greeting", "datatype": "BYTES", "shape": [.int(ages.count)],
          "data": .array(zip(ages, cities).map { .string("\($1.stringValue ?? "?") \(Int($0.doubleValue ?? -1))") }),
        ],
        [
          "name": "scores", "datatype": "FP64", "shape": [.int(ages.count), 2],
          "data": .array(ages.flatMap { [.double(($0.doubleValue ?? 0) / 100), .double(1 - ($0.doubleValue ?? 0) / 100)] }),
        ],
      ],
    ]
    return [ServedDocument.answer: try HostArray([UInt8](JSON.encode(answer, pretty: false)))]
  }

  static func served() -> ServedModel {
    ServedModel(
      name: "folk", version: "1", predictor: Townsfolk(), labels: ["old", "young"],
      columns: [
        ServedColumn(name: "age", datatype: "FP64", isOptional: true), ServedColumn(name: "city", datatype: "BYTES", isOptional: false),
      ], batching: Batching.off)
  }
}

@Suite struct InferenceExtensionTests {
  private static func models() -> [ServedModel] {
    [LinearClassifier.served(version: "v10"), Echo(.float16, shape: [nil, 2]).served("half"), Townsfolk.served()]
  }

  private static func texts(_ texts: [String]) -> [UInt8] {
    texts.flatMap { text in withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { Array($0) } + Array(text.utf8) }
  }

  @Test(arguments: Way.allCases) func `texts and numbers of tables as raw bytes, both ways`(way: Way) async throws {
    try await withServer(way, Self.models()) { client in
      let cities = Self.texts(["Zürich", ""])
      let ages = [25.0, 50.0].withUnsafeBytes { Array($0) }
      let json =
        #"{"id":"t","inputs":[{"name":"age","shape":[2],"datatype":"FP64","parameters":{"binary_data_size":16}},"#
        + #"{"name":"city","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":\#(cities.count)}}],"#
        + #""parameters":{"binary_data_output":true}}"#
      func send(_ json: String, _ tail: [UInt8]) async throws -> Answer {
        try await client.post(
          "/v2/models/folk/infer", bytes: Array(json.utf8) + tail, type: nil, [.inferenceHeaderLength: String(json.utf8.count)])
      }
      let answer = try await send(json, ages + cities)
      let length = try #require(answer.headers[.inferenceHeaderLength].flatMap { Int($0) })
      let greetings = Self.texts(["Zürich 25", " 50"])
      #expect(Array(answer.bytes[length...].prefix(greetings.count)) == greetings)
      #expect(Array(answer.bytes[length...].dropFirst(greetings.count)) == [0.25, 0.75, 0.5, 0.5].withUnsafeBytes { Array($0) })
      // The same without raw outputs, one of them.
      let plain = json.replacing(#","parameters":{"binary_data_output":true}"#, with: #","outputs":[{"name":"greeting"}]"#)
      #expect(try await send(plain, ages + cities).json["outputs"]?[0]?["data"] == ["Zürich 25", " 50"])
      #expect(try await send(plain, ages + cities).json["outputs"]?.arrayValue?.count == 1)
      let wrong = Self.texts(["a"]) + [9, 0, 0, 0, 1]
      #expect(try await send(plain, ages + wrong + [UInt8](repeating: 0, count: cities.count - wrong.count)).status == 400)
      #expect(try await send(plain, ages + [UInt8](repeating: 255, count: cities.count)).error.contains("past the end"))
      let invalid = Self.texts(["Z"]) + [6, 0, 0, 0] + [0xFF, 0xFE, 0xFD, 0xFC, 0xFB, 0xFA]
      let six = plain.replacing("\"binary_data_size\":\(cities.count)", with: "\"binary_data_size\":\(invalid.count)")
      #expect(try await send(six, ages + invalid).error.contains("no UTF-8"))
      #expect(try await send(plain.replacing("greeting", with: "greetin"), ages + cities).error.contains("try: 'greeting'"))
    }
  }

  @Test(arguments: Way.allCases) func `half precision as raw bytes`(way: Way) async throws {
    try await withServer(way, Self.models()) { client in
      let json =
        #"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP16","parameters":{"binary_data_size":4}}],"#
        + #""outputs":[{"name":"y","parameters":{"binary_data":true}}]}"#
      let tail = [Float16(1.5), Float16(-0.25)].withUnsafeBytes { Array($0) }
      let answer = try await client.post(
        "/v2/models/half/infer", bytes: Array(json.utf8) + tail, type: nil, [.inferenceHeaderLength: String(json.utf8.count)])
      #expect(answer.status == 200)
      #expect(Array(answer.bytes.suffix(4)) == tail)
    }
  }

  @Test(arguments: Way.allCases) func `classes in place of values`(way: Way) async throws {
    try await withServer(way, Self.models()) { client in
      func ask(_ output: String) async throws -> Answer {
        try await client.post("/v2/models/fashion/infer", #"{"inputs":[\#(InferenceProtocolTests.image)],"outputs":[\#(output)]}"#)
      }
      let answer = try await ask(#"{"name":"logits","parameters":{"classification":2}}"#)
      // The logits are 2.5, 1.5, -0.75.
      #expect(answer.json["outputs"]?[0]?["data"] == ["2.5:0:ant", "1.5:1:bee \"b\""])
      #expect(answer.json["outputs"]?[0]?["datatype"] == "BYTES" && answer.json["outputs"]?[0]?["shape"] == [1, 2])
      #expect(try await ask(#"{"name":"logits","parameters":{"classification":9}}"#).json["outputs"]?[0]?["shape"] == [1, 3])
      for bad in ["0", "-1", "\"2\"", "1.5", "true"] {
        #expect(try await ask(#"{"name":"logits","parameters":{"classification":\#(bad)}}"#).status == 400)
      }
      #expect(try await ask(#"{"name":"logits","parameters":{"binary_data":1}}"#).status == 400)
      #expect(try await ask(#"{"name":"logits","parameters":{"shared_memory_region":"a"}}"#).error.contains("shared memory"))
      let rows =
        #"{"inputs":[{"name":"age","shape":[1],"datatype":"FP64","data":[20]},"#
        + #"{"name":"city","shape":[1],"datatype":"BYTES","data":["a"]}],"#
      let folk = try await client.post(
        "/v2/models/folk/infer", rows + #""outputs":[{"name":"scores","parameters":{"classification":1}}]}"#)
      #expect(folk.json["outputs"]?[0]?["data"] == ["0.8:1:young"])
    }
  }

  @Test(arguments: Way.allCases) func `packed requests and answers`(way: Way) async throws {
    try await withServer(way, Self.models()) { client in
      let item = #"[[0.5,1],[0.25,-2]]"#
      let body = #"{"inputs":[\#([String](repeating: item, count: 200).joined(separator: ","))]}"#
      for coding in ContentCoding.allCases {
        let packed = try #require(Deflater.deflate(Array(body.utf8), coding))
        let answer = try await client.post(
          "/models/fashion/predict", bytes: packed, type: "application/json",
          [.contentEncoding: coding.rawValue, .acceptEncoding: coding.rawValue])
        #expect(answer.status == 200 && answer.headers[.contentEncoding] == coding.rawValue && answer.headers[.vary] == "Accept-Encoding")
        let text = try Inflater.inflate(ByteBuffer(bytes: answer.bytes), coding, limit: 1 << 20)
        let whole = try await client.post("/models/fashion/predict", body)
        #expect(whole.headers[.contentEncoding] == nil && String(buffer: text) == whole.text)
      }
      let zeros = try #require(Deflater.deflate([UInt8](repeating: 32, count: 8 << 20), .gzip))
      let bomb = try await client.post("/v2/models/fashion/infer", bytes: zeros, type: nil, [.contentEncoding: "gzip"])
      #expect(bomb.status == 413 && bomb.error.contains("200 times"))
      #expect(try await client.post("/v2/models/fashion/infer", bytes: [1, 2, 3], type: nil, [.contentEncoding: "gzip"]).status == 400)
      let unknown = try await client.post("/v2/models/fashion/infer", bytes: [1, 2, 3], type: nil, [.contentEncoding: "br"])
      #expect(unknown.status == 415 && unknown.headers[.acceptEncoding] == "gzip, deflate")
      #expect(try await client.get("/health/live", [.acceptEncoding: "gzip"]).headers[.contentEncoding] == nil)
    }
  }

  @Test(arguments: Way.allCases) func `configurations, statistics and the repository`(way: Way) async throws {
    try await withServer(way, Self.models()) { client in
      let config = try await client.get("/v2/models/fashion/versions/v10/config").json
      #expect(config["max_batch_size"] == 8 && config["input"]?[0]?["dims"] == [1, 2, 2])
      #expect(config["input"]?[0]?["data_type"] == "TYPE_FP32" && config["backend"] == "martlet")
      let columns = try await client.get("/v2/models/folk/config").json["input"]
      #expect(columns?[1]?["data_type"] == "TYPE_STRING" && columns?[0]?["optional"] == true)
      _ = try await client.post("/v2/models/fashion/infer", #"{"inputs":[\#(InferenceProtocolTests.image)]}"#)
      for path in ["/v2/models/fashion/stats", "/v2/models/fashion/versions/v10/stats"] {
        let model = try await client.get(path).json["model_stats"]
        #expect(model?.arrayValue?.count == 1 && model?[0]?["version"] == "v10" && model?[0]?["inference_count"] == 1)
        #expect(model?[0]?["inference_stats"]?["success"]?["count"] == 1)
      }
      #expect(try await client.get("/v2/models/stats").json["model_stats"]?.arrayValue?.count == 3)
      for path in ["/v2/models/none/stats", "/v2/models/none/config", "/v2/models/fashion/versions/1/config"] {
        #expect(try await client.get(path).status == 404)
      }
      let index = try await client.post("/v2/repository/index", #"{"ready":true}"#)
      #expect(index.json.arrayValue?.count == 3 && index.json[0]?["state"] == "READY")
      #expect(try await client.post("/v2/repository/index", #"{"ready":1}"#).status == 400)
      #expect(try await client.post("/v2/repository/index", "[]").status == 400)
      #expect(try await client.post("/v2/repository/models/none/load", "").status == 501)
      #expect(try await client.post("/v2/repository/models/fashion/load", #"{"parameters":{"config":"{}"}}"#).status == 400)
    }
  }

  // MARK: Language models

  @Test(arguments: Way.allCases) func `texts are generated`(way: Way) async throws {
    try await withLanguages(way) { client in
      let answer = try await client.post("/v2/models/echo/generate", #"{"text_input":"a b c","parameters":{"max_tokens":2}}"#)
      #expect(answer.json == ["model_name": "echo", "model_version": "2", "text_output": "a b"])
      let old = try await client.post(
        "/v2/models/echo/versions/1/generate", #"{"id":"7","text_input":"a","max_tokens":"5","stop_words":["z"]}"#)
      #expect(old.json == ["id": "7", "model_name": "echo", "model_version": "1", "text_output": "a"])
      let whole = #"{"text_input":"a b","parameters":{"exclude_input_in_output":false}}"#
      #expect(try await client.post("/v2/models/echo/generate", whole).json["text_output"] == "a ba b")
      let stream = try await client.post("/v2/models/echo/generate_stream", #"{"text_input":"a b c","parameters":{"stream":true}}"#)
      #expect(stream.headers[.contentType] == "text/event-stream; charset=utf-8")
      #expect(stream.chunks.compactMap { $0["text_output"]?.stringValue } == ["a", " b", " c"])
      let broken = try await client.post("/v2/models/echo/generate_stream", #"{"text_input":"fail now"}"#)
      #expect(broken.status == 200 && broken.chunks.last?["error"]?.stringValue?.contains("failed") == true)
      for (body, status) in [
        (#"{"text_input":5}"#, 400), ("{}", 400), ("", 400), ("[]", 400), (#"{"text_input":"a","parameters":[]}"#, 400),
        (#"{"text_input":"a","parameters":{"temperature":9}}"#, 400), (#"{"text_input":""}"#, 400),
        (#"{"text_input":"silent","parameters":{"timeout":1000}}"#, 504),
      ] {
        for path in ["/v2/models/echo/generate", "/v2/models/echo/generate_stream"] {
          let answer = try await client.post(path, body)
          #expect(answer.status == status && !answer.error.isEmpty, "\(path) \(body): \(answer.status) \(answer.text)")
        }
      }
      #expect(try await client.post("/v2/models/none/generate", #"{"text_input":"a"}"#).status == 404)
      #expect(try await client.post("/v2/models/vectors/generate", #"{"text_input":"a"}"#).status == 404)
    }
  }

  @Test(arguments: Way.allCases) func `texts as tensors`(way: Way) async throws {
    try await withLanguages(way, models: Self.models()) { client in
      let input = #"{"name":"text_input","shape":[1],"datatype":"BYTES","data":["a b c"]}"#
      let answer = try await client.post("/v2/models/echo/infer", #"{"id":"1","inputs":[\#(input)],"parameters":{"max_tokens":2}}"#)
      #expect(answer.json["outputs"]?[0]?["data"] == ["a b"] && answer.json["id"] == "1" && answer.json["model_version"] == "2")
      let raw = try await client.post("/v2/models/echo/infer", bytes: Array("x y".utf8), type: nil, [.inferenceHeaderLength: "0"])
      #expect(raw.json["outputs"]?[0]?["data"] == ["x y"])
      #expect(try await client.get("/v2/models/echo").json["versions"] == ["1", "2"])
      #expect(try await client.get("/v2/models/echo/ready").json["ready"] == true)
      #expect(try await client.get("/v2/models/echo/config").json["model_transaction_policy"]?["decoupled"] == true)
      #expect(try await client.get("/v2/models/echo/versions/2/stats").json["model_stats"]?[0]?["inference_count"] == 2)
      #expect(try await client.post("/v2/models/fashion/generate", #"{"text_input":"a"}"#).error.contains("makes no texts"))
      #expect(try await client.post("/v2/models/echo/infer", #"{"inputs":[]}"#).status == 400)
    }
  }
}
