import Testing
import Tracking

@testable import TrackingServer

@Suite struct PageTokenTests {
  @Test func `a token gives its offset back, in MLflow's spelling`() throws {
    #expect(PageToken.text(2) == "eyJvZmZzZXQiOiAyfQ==")
    #expect(try PageToken.offset(PageToken.text(123_456)) == 123_456)
    #expect(try PageToken.offset("") == 0)
  }

  @Test(arguments: ["rubbish", "e30=", "eyJvZmZzZXQiOiAtMX0=", "eyJvZmZzZXQiOiAieCJ9", String(repeating: "A", count: 400)])
  func `a token that no server gave is refused`(token: String) {
    #expect(throws: TrackingError.self) { try PageToken.offset(token) }
  }
}
