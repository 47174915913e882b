import HTTPTypes
import MartletCore
import Testing

@testable import Serving
@testable import Web

@Suite struct TFServingTests {
  private static func models() -> [ServedModel] {
    [
      LinearClassifier.served(version: "1"), LinearClassifier.served(version: "2"),
      ServedModel(name: "two", version: "3", predictor: TwoInputs()),
      Echo(.float64, shape: [nil]).served("number"), Townsfolk.served(),
    ]
  }

  @Test(arguments: Way.allCases) func `rows, columns, versions and labels`(way: Way) async throws {
    try await withServer(way, Self.models()) { client in
      let item = "[[[0.5,1],[0.25,-2]]]"
      let rows = try await client.post(
        "/v1/models/fashion:predict", #"{"signature_name":"serving_default","instances":[\#(item),\#(item)]}"#)
      #expect(rows.json["predictions"]?.arrayValue?.count == 2 && rows.json["predictions"]?[0]?.arrayValue?.count == 3)
      let columns = try await client.post("/v1/models/two:predict", #"{"inputs":{"left":[[1,2]],"right":[[3,4]]}}"#)
      #expect(columns.json == ["outputs": ["sum": [[4, 6]], "difference": [[-2, -2]]]])
      let single = try await client.post("/v1/models/number:predict", #"{"inputs":[1,2]}"#)
      #expect(single.json["outputs"]?.arrayValue?.compactMap(\.doubleValue) == [1, 2])
      let named = #"{"instances":[{"left":[1,2],"right":[3,4]}]}"#
      #expect(try await client.post("/v1/models/two:predict", named).json == ["predictions": [["sum": [4, 6], "difference": [-2, -2]]]])
      // What `curl -d` says of its body.
      #expect(try await client.post("/v1/models/two:predict", named, type: "application/x-www-form-urlencoded").status == 200)
      for place in ["/v1/models/fashion/versions/1", "/v1/models/fashion/labels/stable", "/v1/models/fashion/labels/latest"] {
        #expect(
          try await client.post(place + ":predict", #"{"instances":[\#(item)]}"#).json == [
            "predictions": [rows.json["predictions"]?[0] ?? .null]
          ])
        let status = try await client.get(place).json["model_version_status"]
        #expect(status?.arrayValue?.count == 1 && status?[0]?["version"] == (place.hasSuffix("/1") ? "1" : "2"))
      }
      let all = try await client.get("/v1/models/fashion").json
      #expect(all["ready"] == true && all["name"] == "fashion" && all["model_version_status"]?.arrayValue?.count == 2)
      for (path, body) in [
        ("/v1/models/none:predict", "{}"), ("/v1/models/fashion/versions/9:predict", "{}"),
        ("/v1/models/fashion/labels/canary:predict", "{}"),
      ] {
        #expect(try await client.post(path, body).status == 404, "\(path)")
      }
      for body in ["", "{}", "[1]", #"{"instances":5}"#, #"{"instances":[[1]],"inputs":[1]}"#, #"{"instances":[]}"#] {
        let answer = try await client.post("/v1/models/fashion:predict", body)
        #expect(answer.status == 400 && !answer.error.isEmpty, "\(body): \(answer.text)")
      }
    }
  }

  @Test(arguments: Way.allCases) func `classes, regressions and signatures`(way: Way) async throws {
    try await withServer(way, Self.models()) { client in
      let classes = try await client.post("/v1/models/fashion:classify", #"{"examples":[{"image":[[[0.5,1],[0.25,-2]]]}]}"#)
      let row = try #require(classes.json["results"]?[0]?.arrayValue)
      #expect(row.map { $0[0] } == ["ant", "bee \"b\"", "cat"])
      #expect(abs(row.compactMap { $0[1]?.doubleValue }.reduce(0, +) - 1) < 1e-5)
      let numbers = try await client.post("/v1/models/number:regress", #"{"examples":[{"x":2.5},{"x":-1}]}"#)
      #expect(numbers.json["results"]?.arrayValue?.compactMap(\.doubleValue) == [2.5, -1])
      #expect(try await client.post("/v1/models/number:classify", #"{"examples":[{"x":1}]}"#).status == 400)
      #expect(try await client.post("/v1/models/fashion:regress", #"{"examples":[{"image":[1,2,3,4]}]}"#).status == 400)
      #expect(try await client.post("/v1/models/folk:classify", #"{"examples":[{"age":1}]}"#).status == 400)
      let document = try await client.get("/v1/models/fashion/metadata").json
      #expect(document["model_spec"]?["version"] == "2")
      let signature = document["metadata"]?["signature_def"]?["signature_def"]?["serving_default"]
      #expect(signature?["inputs"]?["image"]?["dtype"] == "DT_FLOAT")
      #expect(signature?["inputs"]?["image"]?["tensor_shape"]?["dim"]?.arrayValue?.compactMap { $0["size"] } == ["-1", "1", "2", "2"])
      let folk = try await client.get("/v1/models/folk/metadata").json["metadata"]?["signature_def"]?["signature_def"]?["serving_default"]
      #expect(folk?["inputs"]?["city"]?["dtype"] == "DT_STRING")
    }
  }
}
