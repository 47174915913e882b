import Foundation
import MartletCore
import Tracking

/// Where the next page begins, spelled as MLflow's servers spell it.
enum PageToken {
  static func text(_ offset: Int) -> String { Data("{\"offset\": \(offset)}".utf8).base64EncodedString() }

  /// - Throws: `TrackingError` `.invalid` for a token that no server gave.
  static func offset(_ token: String) throws(TrackingError) -> Int {
    guard !token.isEmpty else { return 0 }
    let invalid = TrackingError(.invalid, "the page token is none", expected: "the 'next_page_token' of the page before")
    guard token.utf8.count <= 256, let data = Data(base64Encoded: token),
      let value = try? JSON.decode(JSONValue.self, from: data, source: "a page token")
    else { throw invalid }
    let offset =
      switch value["offset"] {
      case .int(let number)?: number
      case .string(let text)?: Int(text) ?? -1
      default: -1
      }
    guard (0...1 << 40).contains(offset) else { throw invalid }
    return offset
  }
}
