import HTTPTypes
import MartletCore
import Testing

@testable import Serving
@testable import Web

@Suite struct PredictTests {
  static let image = "[[0.5,1],[0.25,-2]]"

  @Test(arguments: Way.allCases) func `one item gets the class, its name and the probabilities`(way: Way) async throws {
    try await withServer(way, [LinearClassifier.served()]) { client in
      let answer = try await client.post("/predict", #"{"input": \#(Self.image)}"#)
      #expect(answer.status == 200)
      #expect(answer.headers[.contentType] == "application/json")
      let expected = LinearClassifier.softmax(LinearClassifier.logits([0.5, 1, 0.25, -2]))
      #expect(answer.json["prediction"] == 0)
      #expect(answer.json["label"] == "ant")
      #expect(answer.json["model"] == "fashion")
      #expect(answer.json["version"] == "1")
      let probabilities = try #require(answer.json["probabilities"]?.objectValue)
      for (label, value) in zip(LinearClassifier().labels, expected) {
        #expect(probabilities[label]?.doubleValue.map(Float.init) == value)
      }
    }
  }

  @Test(arguments: Way.allCases) func `all spellings of the same items get the same answer`(way: Way) async throws {
    try await withServer(way, [LinearClassifier.served()]) { client in
      let single = try await client.post("/predict", #"{"input": \#(Self.image)}"#).text
      for spelling in [
        #"{"input": [[[0.5,1],[0.25,-2]]]}"#, #"{"input": [0.5,1,0.25,-2]}"#, #"{"input": {"image": [[[0.5,1],[0.25,-2]]]}}"#,
        #"{ "input":[[ 5e-1 , 1.0],[0.25, -2]] , "id":"a"}"#,
      ] {
        let answer = try await client.post("/predict", spelling)
        #expect(answer.text == single, "\(spelling)")
      }
      let named = try await client.post("/models/fashion/predict", #"{"input": \#(Self.image)}"#)
      #expect(named.text == single)
      let versioned = try await client.post("/models/fashion/versions/1/predict", #"{"input": \#(Self.image)}"#)
      #expect(versioned.text == single)
      let member = single.dropLast(#","model":"fashion","version":"1"}"#.count) + "}"
      for spelling in [
        #"{"input": [[\#(Self.image)],[\#(Self.image)]]}"#, #"{"inputs": [\#(Self.image),\#(Self.image)]}"#,
        #"{"inputs": [{"image": \#(Self.image)}, {"image": [0.5,1,0.25,-2]}]}"#, #"{"instances": [\#(Self.image),\#(Self.image)]}"#,
        #"{"inputs": {"image": [[\#(Self.image)],[\#(Self.image)]]}}"#,
      ] {
        let answer = try await client.post("/predict", spelling)
        #expect(answer.text == #"{"predictions":[\#(member),\#(member)],"model":"fashion","version":"1"}"#, "\(spelling)")
      }
    }
  }

  @Test(arguments: Way.allCases) func `files go through the adapter`(way: Way) async throws {
    let jpeg: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0, 0, 0, 0, 0, 255, 0, 51, 102]
    let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 255, 0, 51, 102]
    try await withServer(way, [LinearClassifier.served()]) { client in
      let expected = try await client.post("/predict", #"{"input": [1, 0, 0.2, 0.4]}"#).text
      for (bytes, type) in [(jpeg, "image/jpeg"), (png, "image/png"), (jpeg, "application/octet-stream"), (png, nil)]
        as [([UInt8], String?)]
      {
        let answer = try await client.post("/predict", bytes: bytes, type: type)
        #expect(answer.text == expected, "\(type ?? "none")")
      }
      let part = Array(
        "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n".utf8)
      let form = part + jpeg + Array("\r\n--xyz--\r\n".utf8)
      let upload = try await client.post("/predict", bytes: form, type: "multipart/form-data; boundary=xyz")
      #expect(upload.text == expected)
      let damaged = try await client.post("/predict", bytes: Array(jpeg.prefix(8)), type: "image/jpeg")
      #expect(damaged.status == 400)
      #expect(damaged.error.contains("the picture is damaged"))
      for (bytes, type, status) in [
        (form.dropLast(12), "multipart/form-data; boundary=xyz", 400), (form[...], "multipart/form-data", 400),
        (form[...], "multipart/form-data; boundary=abc", 400), (jpeg[...], "image/webp", 415), (jpeg[...], "text/plain", 415),
        ([1, 2, 3][...], "application/octet-stream", 415),
      ] {
        let answer = try await client.post("/predict", bytes: Array(bytes), type: type)
        #expect(answer.status == status, "\(type): \(answer.text)")
        #expect(!answer.error.isEmpty)
      }
    }
    try await withServer(way, [Echo().served()]) { client in
      let answer = try await client.post("/predict", bytes: jpeg, type: "image/jpeg")
      #expect(answer.status == 415)
      #expect(answer.error.contains("takes no files"))
    }
  }

  @Test(arguments: Way.allCases) func `several inputs, several outputs, plain values`(way: Way) async throws {
    let models = [ServedModel(name: "two", version: "v7", predictor: TwoInputs()), Echo(.float64, shape: [nil]).served("echo")]
    try await withServer(way, models) { client in
      let one = try await client.post("/models/two/predict", #"{"input": {"left": [9007199254740993, 2], "right": [1, 1]}}"#)
      #expect(one.text == #"{"prediction":{"sum":[9007199254740994,3],"difference":[9007199254740992,1]},"model":"two","version":"v7"}"#)
      let items = try await client.post("/models/two/predict", #"{"inputs": [{"left":[1,2],"right":[3,4]},{"right":[7,8],"left":[5,6]}]}"#)
      #expect(items.json["predictions"]?.arrayValue?.count == 2)
      #expect(items.json["predictions"]?.arrayValue?[1]["sum"] == nil)
      #expect(items.json["predictions"]?.arrayValue?[1]["prediction"]?["sum"] == [12, 14])
      let scalar = try await client.post("/models/echo/predict", #"{"input": 2.5}"#)
      #expect(scalar.text == #"{"prediction":2.5,"model":"echo","version":"1"}"#)
      let list = try await client.post("/models/echo/predict", #"{"input": [1, 2]}"#)
      #expect(list.text == #"{"predictions":[{"prediction":1.0},{"prediction":2.0}],"model":"echo","version":"1"}"#)
      let rows = try await client.post("/v1/models/echo:predict", #"{"instances": [1, 2]}"#)
      #expect(rows.text == #"{"predictions":[1.0,2.0]}"#)
      let unnamed = try await client.post("/predict", #"{"input": 1}"#)
      #expect(unnamed.status == 400)
      #expect(unnamed.error.contains("/models/two/predict"))
    }
  }

  @Test(arguments: Way.allCases) func `wrong input is a 4xx with a sentence that helps`(way: Way) async throws {
    try await withServer(way, [LinearClassifier.served()]) { client in
      let cases: [(String, Int, String)] = [
        ("", 400, "the body is empty"), ("{\"input\": [[1,2],[3,", 400, "ends too early"), ("hello", 400, "unexpected 'h'"),
        ("[1,2,3,4]", 400, "the body as a JSON object"), ("{}", 400, "no \"input\""),
        (#"{"imput": [1,2,3,4]}"#, 400, "unknown key 'imput'"),
        (#"{"input": [1,2,3]}"#, 400, "'image' has shape [3]; expected [1, 2, 2] for one item or [?, 1, 2, 2] for a batch"),
        (#"{"input": [[1,2,3],[4,5,6]]}"#, 400, "has shape [2, 3]"), (#"{"input": [[1,2],[3]]}"#, 400, "'image'[1] has 1 elements"),
        (#"{"input": [["a",2],[3,4]]}"#, 400, "'image'[0][0] is text"), (#"{"input": "shirt"}"#, 400, "is text"),
        (#"{"input": null}"#, 400, "is null"), (#"{"input": []}"#, 400, "has shape [0]"), (#"{"inputs": []}"#, 400, "has shape [0]"),
        (#"{"input": [1e999,0,0,0]}"#, 400, "1e999 does not fit float32"), (#"{"input": [NaN,0,0,0]}"#, 400, "JSON has no NaN"),
        (#"{"input": {"imag": [1,2,3,4]}}"#, 400, "unknown input 'imag'; expected image; try: 'image'"),
        (#"{"input": {}}"#, 400, "missing"),
        (#"{"input": [1,2,3,4], "inputs": [1]}"#, 400, "beside another kind"), (#"{"input": [1,2,3,4]} x"#, 400, "something follows"),
        (#"{"inputs": [{"image":[1,2,3,4]},{}]}"#, 400, "item 1 has no 'image'"),
        (String(repeating: "[", count: 100_000), 400, "the body as a JSON object"),
        (#"{"input": \#(String(repeating: "[", count: 100_000))"#, 400, "nested too deeply"),
      ]
      for (body, status, part) in cases {
        let answer = try await client.post("/predict", body)
        #expect(answer.status == status, "\(body.prefix(80)): \(answer.text)")
        #expect(answer.error.contains(part), "\(body.prefix(80)): \(answer.error)")
      }
      let form = try await client.post("/predict", #"{"input": [1,2,3,4]}"#, type: "application/x-www-form-urlencoded")
      #expect(form.status == 415)
      #expect(form.error.contains("Content-Type: application/json"))
      let zipped = try await client.post("/predict", bytes: [31, 139, 8], type: "application/json", [.contentEncoding: "br"])
      #expect(zipped.status == 415)
    }
  }
}
