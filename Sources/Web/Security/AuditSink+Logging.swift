package import Access
package import Logging
import NIOPosix

extension AuditSink {
  /// Keeps what was done. Files and databases block, so that happens off the event loops; what cannot be kept is told to the log.
  package func keep(_ event: AuditEvent, _ logger: Logger) async {
    // In a task of its own: a client that goes away takes nothing back.
    let result = await Task { try await NIOThreadPool.singleton.runIfActive { try self.record(event) } }.result
    guard case .failure(let error) = result else { return }
    logger.error("what was done could not be kept", metadata: ["id": .string(event.request), "detail": .string("\(error)")])
  }
}
