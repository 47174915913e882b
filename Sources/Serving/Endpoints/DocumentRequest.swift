import HTTPTypes
import HummingbirdCore
import MartletCore
import NIOCore
import Web

/// A request to a model that reads it whole: rows of a table, as JSON or CSV.
enum DocumentRequest {
  /// - Parameter kind: what the bytes are; `nil` asks the headers.
  /// - Throws: `HTTPProblem` 415 for what is neither JSON nor CSV, 400 in the model's own words.
  static func answer(_ exchange: Exchange, _ call: ModelCall, as kind: ServedDocument.Kind? = nil) async throws -> Reply {
    let body = try await exchange.plainBody()
    guard body.readableBytes > 0 else { throw HTTPProblem(.badRequest, "the body is empty", expected: "rows as JSON or CSV") }
    let found = try kind ?? self.kind(exchange.request.headers)
    let bytes = Array(body.readableBytesView)
    let outputs = try await call.predict(
      [
        ServedDocument.body: try HostArray(bytes), ServedDocument.kind: try HostArray([found.rawValue], shape: []),
      ], RequestOptions(exchange))
    guard let answer = outputs[ServedDocument.answer] else { throw DocumentAnswerMissing() }
    return Reply(answer.bytes, model: call.answering)
  }

  private static func kind(_ headers: HTTPFields) throws -> ServedDocument.Kind {
    let mediaType = (headers[.contentType] ?? "").prefix { $0 != ";" }.trimmingSpace().lowercased()
    switch mediaType {
    case "", "application/json", "text/json": return .rows
    case "text/csv", "application/csv": return .csv
    case _ where mediaType.hasSuffix("+json"): return .rows
    default:
      throw HTTPProblem(
        .unsupportedMediaType, "Content-Type '\(excerpt(mediaType))' is not read here", expected: "application/json or text/csv")
    }
  }
}

/// A predictor that breaks its own signature: the server's fault, not the client's.
private struct DocumentAnswerMissing: MartletError {
  var problem: String { "the model gave no answer" }
}
