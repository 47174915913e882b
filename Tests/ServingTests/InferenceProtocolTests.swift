import HTTPTypes
import MartletCore
import Testing

@testable import Serving
@testable import Web

@Suite struct InferenceProtocolTests {
  private static func models() -> [ServedModel] {
    [
      LinearClassifier.served(version: "v1"), LinearClassifier.served(version: "v10"),
      ServedModel(name: "two", version: "3", predictor: TwoInputs()), Echo(.bool, shape: [nil, 2]).served("flags"),
      Echo(.bfloat16, shape: [nil]).served("brain"),
    ]
  }

  static let image = #"{"name":"image","shape":[1,1,2,2],"datatype":"FP32","data":[0.5,1,0.25,-2]}"#

  @Test(arguments: Way.allCases) func `health, server and model metadata`(way: Way) async throws {
    try await withServer(way, Self.models()) { client in
      for path in ["/v2/health/live", "/health/live"] { #expect(try await client.get(path).text == #"{"live":true}"#) }
      for path in ["/v2/health/ready", "/health/ready"] { #expect(try await client.get(path).text == #"{"ready":true,"live":true}"#) }
      let server = try await client.get("/v2").json
      #expect(server["name"] == "martlet")
      #expect(server["extensions"]?.arrayValue?.contains("binary_tensor_data") == true)
      let model = try await client.get("/v2/models/fashion")
      #expect(
        model.text
          == #"{"name":"fashion","versions":["v1","v10"],"platform":"fake","#
          + #""inputs":[{"name":"image","datatype":"FP32","shape":[-1,1,2,2]}],"#
          + #""outputs":[{"name":"probabilities","datatype":"FP32","shape":[-1,3]},{"name":"logits","datatype":"FP32","shape":[-1,3]}]}"#)
      #expect(try await client.get("/v2/models/fashion/versions/v10").status == 200)
      #expect(try await client.get("/v2/models/fashion/ready").json["ready"] == true)
      #expect(try await client.get("/v2/models/fashion/versions/v1/ready").status == 200)
      let index = try await client.send(.post, "/v2/repository/index")
      #expect(index.json.arrayValue?.count == 5)
      #expect(index.json.arrayValue?[0] == ["name": "fashion", "version": "v1", "state": "READY", "reason": ""])
      for path in ["/v2/models/fashin", "/v2/models/fashion/versions/2", "/v2/models/no/ready", "/v2/models/%2e%2e", "/v2/models/a%00b"] {
        let answer = try await client.get(path)
        #expect(answer.status == 404, "\(path)")
        #expect(!answer.error.isEmpty)
      }
      #expect(try await client.get("/v2/models/fashin").error.contains("try: 'fashion'"))
    }
  }

  @Test(arguments: Way.allCases) func `inference, nested or flat, in any order of members`(way: Way) async throws {
    try await withServer(way, Self.models()) { client in
      let first = try await client.post("/v2/models/fashion/infer", #"{"id":"a1","inputs":[\#(Self.image)]}"#)
      #expect(first.status == 200)
      #expect(first.json["model_name"] == "fashion")
      #expect(first.json["model_version"] == "v10")
      #expect(first.json["id"] == "a1")
      let outputs = try #require(first.json["outputs"]?.arrayValue)
      #expect(outputs.count == 2)
      #expect(outputs[0]["name"] == "probabilities")
      #expect(outputs[0]["shape"] == [1, 3])
      #expect(outputs[1]["datatype"] == "FP32")
      #expect(outputs[1]["data"]?.arrayValue?.compactMap(\.doubleValue) == LinearClassifier.logits([0.5, 1, 0.25, -2]).map(Double.init))
      for input in [
        #"{"data":[[[[0.5,1],[0.25,-2]]]],"datatype":"FP32","shape":[1,1,2,2],"name":"image"}"#,
        #"{"shape":[1,1,2,2],"data":[0.5,1,0.25,-2],"name":"image","parameters":{"a":1},"datatype":"FP32"}"#,
      ] {
        let answer = try await client.post(
          "/v2/models/fashion/infer", #"{"inputs":[\#(input)],"id":"a1","parameters":{"x":[1]}}"#, type: nil)
        #expect(answer.text == first.text)
      }
      let old = try await client.post("/v2/models/fashion/versions/v1/infer", #"{"inputs":[\#(Self.image)],"outputs":[{"name":"logits"}]}"#)
      #expect(old.json["model_version"] == "v1")
      #expect(old.json["id"] == nil)
      #expect(old.json["outputs"]?.arrayValue?.map { $0["name"] } == ["logits"])
      let flags = try await client.post(
        "/v2/models/flags/infer", #"{"inputs":[{"name":"x","shape":[1,2],"datatype":"BOOL","data":[true,false]}]}"#)
      #expect(flags.json["outputs"]?.arrayValue?[0]["data"] == [true, false])
      let brain = try await client.post(
        "/v2/models/brain/infer", #"{"inputs":[{"name":"x","shape":[2],"datatype":"BF16","data":[1.5,-2]}]}"#)
      #expect(brain.json["outputs"]?.arrayValue?[0]["data"]?.arrayValue?.compactMap(\.doubleValue) == [1.5, -2])
    }
  }

  @Test(arguments: Way.allCases) func `errors are 4xx with the key error`(way: Way) async throws {
    func input(_ members: String) -> String { #"{"inputs":[{\#(members)}]}"# }
    let cases: [(String, String)] = [
      ("", "empty"), ("{", "ends too early"), ("{}", "no \"inputs\""), (#"{"inputs":[]}"#, "input 'image' is missing"),
      (#"{"inputs":{}}"#, "inputs as a JSON array"), (#"{"id":5,"inputs":[]}"#, "text in double quotes"),
      (input(#""shape":[1],"datatype":"FP32","data":[1]"#), "inputs[0] has no name"),
      (input(#""name":"imgae","shape":[1],"datatype":"FP32","data":[1]"#), "unknown input 'imgae'; expected image; try: 'image'"),
      (input(#""name":"image","shape":[1],"data":[1]"#), "no datatype"),
      (input(#""name":"image","datatype":"FP32","data":[1]"#), "no shape"),
      (input(#""name":"image","shape":[1],"datatype":"FP32""#), "no data"),
      (input(#""name":"image","shape":[1,1,2,2],"datatype":"FP64","data":[1,2,3,4]"#), "'image' holds float64; expected float32"),
      (input(#""name":"image","shape":[1,1,2,2],"datatype":"BYTES","data":["a"]"#), "datatype 'BYTES'"),
      (input(#""name":"image","shape":[1,1,2,2],"datatype":"float","data":[1]"#), "datatype 'float'"),
      (input(#""name":"image","shape":[1,1,2,3],"datatype":"FP32","data":[1,2,3,4]"#), "has shape [4]; expected shape [1, 1, 2, 3]"),
      (input(#""name":"image","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]"#), "has shape [1, 4]; expected shape [?, 1, 2, 2]"),
      (input(#""name":"image","shape":[1,1,2,2],"datatype":"FP32","data":[[[[1,2],[3]]]]"#), "ragged"),
      (input(#""name":"image","shape":[0,1,2,2],"datatype":"FP32","data":[]"#), "no items"),
      (input(#""name":"image","shape":[-1,1,2,2],"datatype":"FP32","data":[1]"#), "list of at most 32 counts"),
      (input(#""name":"image","shape":[9223372036854775807,9223372036854775807],"datatype":"FP32","data":[1]"#), "more elements"),
      (input(#""name":"image","shape":[4611686018427387904],"datatype":"FP32","data":[1]"#), "expected shape"),
      (input(#""name":"image","shape":[1.5],"datatype":"FP32","data":[1]"#), "list of at most 32 counts"),
      (#"{"inputs":[\#(Self.image),\#(Self.image)]}"#, "appears twice"),
      (
        #"{"inputs":[\#(Self.image)],"outputs":[{"name":"logit"}]}"#,
        "unknown output 'logit'; expected probabilities, logits; try: 'logits'"
      ),
      (#"{"inputs":[\#(Self.image)],"outputs":[{"name":"logits"},{"name":"logits"}]}"#, "appears twice"),
    ]
    try await withServer(way, Self.models()) { client in
      for (body, part) in cases {
        let answer = try await client.post("/v2/models/fashion/infer", body)
        #expect(answer.status == 400, "\(body): \(answer.text)")
        #expect(answer.error.contains(part), "\(body): \(answer.error)")
        #expect(answer.json.objectValue?.count == 1)
      }
      let sizes =
        #"{"inputs":[{"name":"left","shape":[1,2],"datatype":"INT64","data":[1,2]},"#
        + #"{"name":"right","shape":[2,2],"datatype":"INT64","data":[1,2,3,4]}]}"#
      #expect(try await client.post("/v2/models/two/infer", sizes).error.contains("one batch size"))
      #expect(try await client.post("/v2/models/none/infer", "{}").status == 404)
      #expect(try await client.post("/v2/models/fashion/infer", "{}", type: "text/html").status == 415)
      #expect(try await client.get("/v2/models/fashion/infer").status == 405)
    }
  }

  // MARK: The binary tensor extension

  private static func bytes<Element>(_ values: [Element]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

  @Test(arguments: Way.allCases) func `binary tensors`(way: Way) async throws {
    try await withServer(way, Self.models()) { client in
      func send(_ model: String, _ json: String, _ tail: [UInt8], length: String? = nil) async throws -> Answer {
        let headers: HTTPFields = [.inferenceHeaderLength: length ?? String(json.utf8.count)]
        return try await client.post("/v2/models/\(model)/infer", bytes: Array(json.utf8) + tail, type: nil, headers)
      }
      let left = #"{"name":"left","shape":[1,2],"datatype":"INT64","parameters":{"binary_data_size":16}}"#
      let right = #"{"name":"right","shape":[1,2],"datatype":"INT64","parameters":{"binary_data_size":16}}"#
      let json = #"{"id":"b","inputs":[\#(left),\#(right)],"parameters":{"binary_data_output":true}}"#
      let tail = Self.bytes([1, 2] as [Int64]) + Self.bytes([10, 20] as [Int64])
      let answer = try await send("two", json, tail)
      #expect(answer.status == 200)
      #expect(answer.headers[.contentType] == "application/octet-stream")
      let length = try #require(answer.headers[.inferenceHeaderLength].flatMap { Int($0) })
      #expect(Array(answer.bytes[length...]) == Self.bytes([11, 22] as [Int64]) + Self.bytes([-9, -18] as [Int64]))
      #expect(String(decoding: answer.bytes[..<length], as: UTF8.self).contains(#""parameters":{"binary_data_size":16}"#))
      // One output as JSON, one behind it; JSON and binary inputs mixed.
      let mixed =
        #"{"inputs":[{"name":"left","shape":[1,2],"datatype":"INT64","data":[1,2]},\#(right)],"#
        + #""outputs":[{"name":"difference","parameters":{"binary_data":true}},{"name":"sum","parameters":{"binary_data":false}}]}"#
      let both = try await send("two", mixed, Self.bytes([10, 20] as [Int64]))
      let jsonLength = try #require(both.headers[.inferenceHeaderLength].flatMap { Int($0) })
      #expect(Array(both.bytes[jsonLength...]) == Self.bytes([-9, -18] as [Int64]))
      #expect(String(decoding: both.bytes[..<jsonLength], as: UTF8.self).contains(#""data":[11,22]"#))
      // The whole body is the tensor.
      let raw = try await send("fashion", "", Self.bytes([0.5, 1, 0.25, -2] as [Float]), length: "0")
      #expect(raw.status == 200)
      #expect(raw.json["outputs"]?.arrayValue?[0]["shape"] == [1, 3])

      let flags = #"{"inputs":[{"name":"x","shape":[1,2],"datatype":"BOOL","parameters":{"binary_data_size":2}}]}"#
      #expect(try await send("flags", flags, [1, 0]).status == 200)
      #expect(try await send("flags", flags, [1, 7]).error.contains("not all 0 or 1"))
      #expect(try await send("two", json, Array(tail.dropLast())).error.contains("ends before the tensor 'right'"))
      #expect(try await send("two", json, tail + [0]).error.contains("1 bytes follow"))
      #expect(try await send("two", json, tail, length: "100000").error.contains("at most the body's length"))
      #expect(try await send("two", json, tail, length: "-1").status == 400)
      #expect(try await send("two", json, tail, length: "abc").status == 400)
      #expect(try await send("two", json.replacing("size\":16", with: "size\":15"), tail).error.contains("expected 16"))
      #expect(try await send("fashion", "", [1, 2, 3], length: "0").error.contains("do not fill 'image'"))
      #expect(try await send("two", "", tail, length: "0").status == 400)
    }
  }
}
