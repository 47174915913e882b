import HTTPTypes
import MartletCore
import Testing

@testable import Serving
@testable import Web

/// What a client sees of how the server computes.
@Suite struct ExecutionTests {
  private static func fields(_ pairs: [(String, String)]) throws -> HTTPFields {
    var fields = HTTPFields()
    for (name, value) in pairs { fields[try #require(HTTPField.Name(name))] = value }
    return fields
  }

  @Test func `a client says how long it waits and how urgent it is`() async throws {
    try await withServer(.router, [Echo(delay: .milliseconds(300)).served()]) { client in
      let late = try await client.post("/predict", #"{"input": 1}"#, Self.fields([("X-Request-Timeout", "0.02"), ("X-Priority", "-8")]))
      #expect(late.status == 504)
      #expect(late.error.hasPrefix("model 'echo' did not answer within 0.02 s"))
      let fine = try await client.post("/predict", #"{"input": 1}"#, Self.fields([("X-Request-Timeout", "20"), ("X-Priority", "8")]))
      #expect(fine.status == 200)
    }
  }

  @Test(arguments: [
    ("X-Priority", "9"), ("X-Priority", "high"), ("X-Request-Timeout", "0"), ("X-Request-Timeout", "nan"), ("X-Request-Timeout", "1e9"),
  ])
  func `what cannot be is a 400`(name: String, value: String) async throws {
    try await withServer(.router, [Echo().served()]) { client in
      let answer = try await client.post("/predict", #"{"input": 1}"#, Self.fields([(name, value)]))
      #expect(answer.status == 400)
      #expect(answer.error.hasPrefix("\(name) is '\(value)'"))
    }
  }

  @Test func `metrics show the cache, the copies and what was replaced`() async throws {
    var options = quietOptions()
    options.responseCacheBytes = 1 << 20
    try await withServer(.router, [Echo().served()], options: options) { client in
      for _ in 0..<3 { _ = try await client.post("/predict", #"{"input": 1}"#) }
      let text = try await client.get("/metrics").text
      #expect(text.contains(#"martlet_cache_requests_total{model="echo",version="1",found="yes"} 2"#))
      #expect(text.contains(#"martlet_cache_requests_total{model="echo",version="1",found="no"} 1"#))
      #expect(text.contains(#"martlet_model_instances{model="echo",version="1"} 1"#))
      #expect(text.contains(#"martlet_model_replacements_total{model="echo",version="1"} 0"#))
    }
  }

  @Test func `faults are given to the models that they name, by option only`() async throws {
    var options = quietOptions()
    options.faults = [try Fault("fail:echo:2")]
    try await withServer(.router, [Echo().served(), Echo().served("other")], options: options) { client in
      var statuses: [Int] = []
      for _ in 0..<4 { statuses.append(try await client.post("/models/echo/predict", #"{"input": 1}"#).status) }
      #expect(statuses == [200, 500, 200, 500])
      for _ in 0..<2 { #expect(try await client.post("/models/other/predict", #"{"input": 1}"#).status == 200) }
    }
  }
}
