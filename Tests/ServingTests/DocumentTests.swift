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
      ], batching: Batching.off)
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
      #expect(inputs?.map { $0["name"] } == ["age", "city"] && inputs?.last?["datatype"] == "BYTES")
    }
  }
}
