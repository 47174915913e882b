import HTTPTypes
import Logging
import MartletCore
import NIOCore
import Web

/// Answers what `POST /predict` answers, in the same words, without a listener: for messages of a broker.
///
/// Calls that come while the model is busy are joined as a server would join them.
package final class LocalModel: Sendable {
  /// What came of a body.
  package enum Outcome: Sendable {
    case answered([UInt8])
    /// The body is wrong, in words for its sender.
    case refused(String)
    /// The model failed; trying again may help.
    case failed(String)
  }

  private let runner: ModelRunner
  private static let byteLimit = 64 << 20

  package init(_ model: ServedModel) {
    let limits = ModelRunner.Limits(queue: 100_000, timeout: .minutes(5), hang: nil)
    runner = ModelRunner(model: model, limits: limits, logger: Logger(label: "martlet.stream") { _ in SwiftLogNoOpLogHandler() })
  }

  /// - Parameter body: JSON as `POST /predict` takes it.
  package func answer(_ body: [UInt8]) async -> Outcome {
    do { return .answered(try await compute(body)) } catch {
      let problem = HTTPProblem.from(error, requestID: "")
      // Too many at once and too late are nobody's fault.
      let isSenders = (400..<500).contains(problem.status.code) && ![408, 429].contains(problem.status.code)
      return isSenders ? .refused(problem.description) : .failed(problem.detail ?? problem.description)
    }
  }

  private func compute(_ body: [UInt8]) async throws -> [UInt8] {
    guard !body.isEmpty else { throw HTTPProblem(.badRequest, "the message is empty", expected: "JSON as POST /predict takes it") }
    if runner.model.columns != nil {
      let outputs = try await runner.predict([
        ServedDocument.body: try HostArray(body),
        ServedDocument.kind: try HostArray([ServedDocument.Kind.rows.rawValue], shape: []),
      ])
      guard let answer = outputs[ServedDocument.answer] else { throw HTTPProblem(.internalServerError, "the model gave no answer") }
      return answer.bytes
    }
    let request = try PredictRequest(json: ByteBuffer(bytes: body), signature: runner.signature, byteLimit: Self.byteLimit)
    let outputs = try await runner.predict(request.inputs)
    runner.lease()
    let call = ModelCall(runner, RequestIdentity(requestID: ""), nil)
    var writer = JSONWriter()
    PredictAnswer(call: call, outputs: outputs).write(isSingle: request.isSingle, to: &writer)
    return writer.bytes
  }
}
