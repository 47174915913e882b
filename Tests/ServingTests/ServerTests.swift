import HTTPTypes
import MartletCore
import NIOCore
import Testing

@testable import Serving
@testable import Web

@Suite struct ServerTests {
  @Test(arguments: Way.allCases) func `unknown paths and wrong methods`(way: Way) async throws {
    try await withServer(way, [LinearClassifier.served()]) { client in
      let near = try await client.post("/predcit", "{}")
      #expect(near.status == 404)
      #expect(near.error == "there is nothing at /predcit; try: /predict")
      #expect(try await client.get("/no/such/thing/at/all").error.contains("GET / lists"))
      #expect(try await client.get("/predict/").status == 404)
      #expect(try await client.get("//predict").status == 404)
      let wrong = try await client.get("/predict?x=1")
      #expect(wrong.status == 405)
      #expect(wrong.headers[.allow] == "POST")
      let delete = try await client.send(.delete, "/v2/health/live")
      #expect(delete.status == 405)
      #expect(delete.headers[.allow] == "GET, HEAD")
      let head = try await client.send(.head, "/health/live")
      #expect(head.status == 200)
      #expect(head.bytes.isEmpty)
      for path in ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/models/..%2f..%2fetc", "/models/%ff/predict", "/models/%/predict"] {
        #expect(try await client.get(path).status == 404, "\(path)")
      }
    }
  }

  @Test(arguments: Way.allCases) func `what can be called, and the models`(way: Way) async throws {
    try await withServer(way, [LinearClassifier.served()]) { client in
      let index = try await client.get("/").json
      let paths = index["routes"]?.arrayValue?.compactMap { $0["path"]?.stringValue } ?? []
      #expect(paths.contains("/predict") && paths.contains("/v2/models/{name}/infer") && paths.contains("/metrics"))
      let model = try await client.get("/models/fashion").json
      #expect(model["metrics"] == ["accuracy": 0.92])
      #expect(model["labels"]?.arrayValue?.count == 3)
      #expect(model["signature"]?["inputs"]?.arrayValue?[0]["shape"] == [-1, 1, 2, 2])
      #expect(try await client.get("/models").json["models"]?.arrayValue?.count == 1)
      #expect(try await client.get("/v1/models/fashion").json["model_version_status"]?.arrayValue?[0]["state"] == "AVAILABLE")
    }
  }

  @Test(arguments: Way.allCases) func `every answer has the headers that protect it, and the request's name`(way: Way) async throws {
    try await withServer(way, [LinearClassifier.served()]) { client in
      for path in ["/", "/nothing", "/metrics", "/health/live"] {
        let answer = try await client.get(path, [.requestID: "abc-1"])
        #expect(answer.headers[.requestID] == "abc-1")
        #expect(answer.headers[.xContentTypeOptions] == "nosniff")
        #expect(answer.headers[.cacheControl] == "no-store")
      }
      let first = try await client.get("/").headers[.requestID], second = try await client.get("/").headers[.requestID]
      #expect(first != nil && first != second)
      // A name that could break a log or a page is replaced.
      for bad in ["a b", "<script>", String(repeating: "a", count: 200)] {
        #expect(try await client.get("/", [.requestID: bad]).headers[.requestID] != bad)
      }
    }
  }

  @Test(arguments: Way.allCases) func `an error of the model is a 500 that tells the client nothing`(way: Way) async throws {
    let log = LogLines()
    try await withServer(way, [Echo(poison: 13).served()], logger: log.logger) { client in
      let answer = try await client.post("/predict", #"{"input": 13}"#, [.requestID: "find-me"])
      #expect(answer.status == 500)
      #expect(answer.error.contains("find-me"))
      #expect(!answer.text.contains("Failure"))
      #expect(log.all.contains { $0.contains("\"detail\":\"Failure()\"") && $0.contains("\"id\":\"find-me\"") })
      #expect(try await client.post("/predict", #"{"input": 12}"#).status == 200)
    }
  }

  @Test(arguments: Way.allCases) func `a model that is too slow is a 504`(way: Way) async throws {
    var options = quietOptions()
    options.requestTimeout = .milliseconds(50)
    let slow = Echo(held: true)
    try await withServer(way, [slow.served()], options: options) { client in
      let answer = try await client.post("/predict", #"{"input": 1}"#)
      #expect(answer.status == 504)
      #expect(answer.error.contains("did not answer within 0.05 s"))
      let figures = try await client.get("/metrics").text
      #expect(figures.contains(#"martlet_model_rejections_total{model="echo",version="1",reason="deadline"} 1"#))
      slow.release()
    }
  }

  @Test(arguments: Way.allCases) func `bodies are limited`(way: Way) async throws {
    var options = quietOptions()
    options.maxBodyBytes = 1000
    options.maxTensorBytes = 400
    try await withServer(way, [Echo().served()], options: options) { client in
      let numbers = { (count: Int) in #"{"input": ["# + String(repeating: "1,", count: count - 1) + "1]}" }
      #expect(try await client.post("/predict", numbers(50)).status == 200)
      let tensor = try await client.post("/predict", numbers(51))
      #expect(tensor.status == 413)
      #expect(tensor.error.contains("more than 50 elements"))
    }
    // An answer to a body that was refused ends the connection, so this is a server of its own.
    try await withServer(way, [Echo().served()], options: options) { client in
      let body = try await client.post("/predict", String(repeating: " ", count: 1001))
      #expect(body.status == 413)
      #expect(body.error.contains("1001 bytes long; expected at most 1000 bytes"))
      #expect(body.headers[.connection] == "close")
    }
  }

  @Test(arguments: Way.allCases) func `figures for Prometheus`(way: Way) async throws {
    let model = ServedModel(name: "a\"b\\c\nd", version: "1", predictor: LinearClassifier())
    try await withServer(way, [model]) { client in
      _ = try await client.post("/predict", #"{"input": [1,2,3,4]}"#)
      _ = try await client.post("/predict", #"{"input": [1,2,3]}"#)
      _ = try await client.get("/nothing")
      let answer = try await client.get("/metrics")
      #expect(answer.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
      for line in [
        #"martlet_http_requests_total{method="POST",route="/predict",status="200"} 1"#,
        #"martlet_http_requests_total{method="POST",route="/predict",status="400"} 1"#,
        #"martlet_http_requests_total{method="other",route="unmatched",status="404"} 1"#,
        #"martlet_http_request_duration_seconds_count{method="POST",route="/predict"} 2"#, "martlet_http_requests_in_flight 1",
        #"martlet_http_request_bytes_total{method="POST",route="/predict"} 38"#,
        #"martlet_model_duration_seconds_bucket{model="a\"b\\c\nd",version="1",le="+Inf"} 1"#,
        #"martlet_model_info{model="a\"b\\c\nd",version="1",platform="martlet"} 1"#,
      ] { #expect(answer.text.contains(line + "\n"), "\(line)") }
      let format = #/(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z]+="([^"\\\n]|\\.)*",?)+\})? (\d+(\.\d+)?(e-?\d+)?|\+Inf))/#
      for line in answer.text.split(separator: "\n") { #expect(line.wholeMatch(of: format) != nil, "\(line)") }
      for name in ["process_resident_memory_bytes", "process_start_time_seconds", "process_cpu_seconds_total"] {
        #expect(answer.text.contains("\n\(name) "))
      }
    }
  }

  @Test(arguments: Way.allCases) func `one line of JSON for each request`(way: Way) async throws {
    let log = LogLines()
    var options = quietOptions()
    options.logsRequests = true
    try await withServer(way, [LinearClassifier.served()], options: options, logger: log.logger) { client in
      _ = try await client.post("/predict", #"{"input": [1,2,3,4]}"#, [.requestID: "r1"])
      _ = try await client.get("/a%0Ab", [.requestID: "r2"])
    }
    let lines = try log.all.filter { $0.contains("\"id\":\"r") }.map { line in
      try JSONReader.read(ByteBuffer(string: line)) { try $0.readValue() }
    }
    #expect(lines.count == 2)
    let first = try #require(lines.first)
    #expect(first["message"] == "request")
    #expect(first["level"] == "info")
    #expect(first["method"] == "POST")
    #expect(first["path"] == "/predict")
    #expect(first["status"] == 200)
    #expect(first["model"] == "fashion")
    #expect(first["version"] == "1")
    #expect(first["bytes_in"] == 20)
    #expect((first["bytes"]?.intValue ?? 0) > 50)
    #expect(first["ms"]?.doubleValue != nil)
    #expect(first["time"]?.stringValue?.wholeMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/#) != nil)
    #expect(lines.last?["status"] == 404)
  }

  @Test func `a server needs models, each once`() throws {
    #expect(throws: ServerError(.noModels)) { try ModelServer(models: []) }
    let error = #expect(throws: ServerError.self) { try ModelServer(models: [LinearClassifier.served(), LinearClassifier.served()]) }
    #expect(error?.kind == .duplicateModel(name: "fashion", version: "1"))
  }
}
