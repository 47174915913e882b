import HTTPTypes
import MartletCore
import Testing

@testable import Serving
@testable import Web

/// Says what it was given.
private struct Scribe: Predictor {
  let signature = ServedDocument.signature

  func predict(_ inputs: [String: HostArray]) async throws -> [String: HostArray] {
    let body = String(decoding: inputs[ServedDocument.body]?.bytes ?? [], as: UTF8.self)
    guard body != "bad" else { throw ArgumentError("the body is bad", expected: "a good one") }
    let kind = inputs[ServedDocument.kind]?.bytes.first ?? 255
    return [ServedDocument.answer: try HostArray(Array("{\"kind\":\(kind),\"length\":\(body.utf8.count)}".utf8))]
  }

  static func served() -> ServedModel {
    ServedModel(
      name: "rows", version: "1", predictor: Scribe(),
      columns: [
        ServedColumn(name: "age", datatype: "FP64", isOptional: true), ServedColumn(name: "city", datatype: "BYTES", isOptional: false),
        ServedColumn(name: "member", datatype: "BOOL", isOptional: true),
      ],
      outputs: [
        ServedOutput(name: "label", datatype: "BYTES", shape: [nil]), ServedOutput(name: "sure", datatype: "FP64", shape: [nil, 2]),
      ],
      batching: Batching.off)
  }
}

@Suite struct DocumentTests {
  @Test(arguments: Way.allCases) func `whole requests reach the model`(way: Way) async throws {
    try await withServer(way, [Scribe.served()]) { client in
      let rows = try await client.post("/predict", #"{"age": 3}"#)
      #expect(rows.status == 200 && rows.headers[.contentType] == "application/json")
      #expect(rows.json["kind"] == 0 && rows.json["length"] == 10)
      let csv = try await client.post("/models/rows/predict", "age\n3\n", type: "text/csv; charset=utf-8")
      #expect(csv.json["kind"] == 1 && csv.json["length"] == 6)
      #expect(try await client.post("/v1/models/rows:predict", "{}").json["kind"] == 2)
      let tensors = #"{"inputs":[{"name":"age","shape":[1],"datatype":"FP64","data":[3]}]}"#
      #expect(try await client.post("/v2/models/rows/infer", tensors).json["kind"] == 3)
    }
  }

  @Test func `what is wrong is the client's`() async throws {
    try await withServer(.router, [Scribe.served()]) { client in
      let bad = try await client.post("/predict", "bad")
      #expect(bad.status == 400 && bad.error.contains("the body is bad"))
      #expect(try await client.post("/predict", "").status == 400)
      #expect(try await client.post("/predict", "<a/>", type: "text/xml").status == 415)
      #expect(try await client.post("/v2/models/rows/infer", "{}", [.inferenceHeaderLength: "2"]).error.contains("no \"inputs\""))
    }
  }

  @Test func `columns are told`() async throws {
    try await withServer(.router, [Scribe.served()]) { client in
      let inputs = try await client.get("/v2/models/rows").json["inputs"]?.arrayValue
      #expect(inputs?.map { $0["name"] } == ["age", "city", "member"] && inputs?[1]["datatype"] == "BYTES")
      let outputs = try await client.get("/v2/models/rows").json["outputs"]
      #expect(
        outputs == [
          ["name": "label", "datatype": "BYTES", "shape": [-1]], ["name": "sure", "datatype": "FP64", "shape": [-1, 2]],
        ])
      let signature = try await client.get("/v1/models/rows/metadata").json["metadata"]?["signature_def"]?["signature_def"]
      #expect(signature?["serving_default"]?["outputs"]?["sure"]?["dtype"] == "DT_DOUBLE")
    }
  }

  @Test(arguments: [
    (#""name":"age","datatype":"FOO","data":[1]"#, "the datatype 'FOO' of 'age' is none"),
    (#""name":"age","data":[1]"#, "input 'age' has no datatype"),
    (#""name":"age","datatype":"UINT8","data":[1,-300]"#, "value 1 of 'age' is -300; expected UINT8"),
    (#""name":"age","datatype":"INT64","data":[1.9]"#, "value 0 of 'age' is 1.9; expected INT64"),
    (#""name":"age","datatype":"FP64","data":["NaN"]"#, "value 0 of 'age' is \"NaN\""),
    (#""name":"age","datatype":"FP32","data":[1e60]"#, "expected FP32"),
    (#""name":"age","datatype":"BOOL","data":[true]"#, "input 'age' is of datatype BOOL; expected FP64"),
    (#""name":"age","datatype":"BYTES","data":["3"]"#, "input 'age' is of datatype BYTES"),
    (#""name":"city","datatype":"BYTES","data":[3]"#, "value 0 of 'city' is 3; expected BYTES"),
    (#""name":"member","datatype":"INT64","data":[1]"#, "expected BOOL"),
    (#""name":"more","datatype":"INT8","data":[128]"#, "value 0 of 'more' is 128"),
  ])
  func `tensors are of their types`(input: String, words: String) async throws {
    try await withServer(.router, [Scribe.served()]) { client in
      let answer = try await client.post("/v2/models/rows/infer", #"{"inputs":[{\#(input)}]}"#)
      #expect(answer.status == 400 && answer.error.contains(words), "\(answer.text)")
    }
  }

  @Test(arguments: [
    #""name":"age","datatype":"INT32","data":[1,null]"#, #""name":"age","datatype":"UINT64","data":[18446744073709551615]"#,
    #""name":"age","datatype":"FP16","data":[[1],[2.5]]"#, #""name":"city","datatype":"BYTES","data":["a",null]"#,
    #""name":"city","datatype":"INT64","data":[7]"#, #""name":"member","datatype":"BOOL","data":[true,0,null]"#,
  ])
  func `numbers of all kinds are taken, and values may be missing`(input: String) async throws {
    try await withServer(.router, [Scribe.served()]) { client in
      let answer = try await client.post("/v2/models/rows/infer", #"{"inputs":[{\#(input)}]}"#)
      #expect(answer.json["kind"] == 3, "\(answer.text)")
    }
  }
}
