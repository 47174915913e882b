public import Foundation
import MartletCore

#if canImport(Glibc)
  import Glibc
#endif

/// Releases in a folder, one file each, and the orders that people give them. Several programs may use the folder at once: the server that
/// carries a release out is the only one that writes its state, everybody else leaves orders.
public struct ReleaseStore: Sendable {
  /// An order that waits to be carried out.
  public struct WaitingOrder: Sendable, Hashable, Codable {
    /// What to do.
    public let order: ReleaseState.Order
    /// Who says so.
    public let actor: String
    /// Why.
    public let reason: String
    /// When it was given.
    public let time: Date
  }

  private let folder: String

  /// - Parameter folder: is made when it is first needed.
  public init(folder: String) { self.folder = folder }

  /// Records a new release; the server that serves the model begins it.
  /// - Throws: `ReleaseError` `.underWay` where the model has one that is not over, `.store`.
  public func begin(_ state: ReleaseState) throws(ReleaseError) {
    let path = try path(of: state.plan.model)
    try guarded {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      // The link is the lock: of two programs that come at once, one makes it.
      let claim = path + "/active"
      if let id = try? String(contentsOfFile: claim, encoding: .utf8), let active = try? read(state.plan.model, id: id),
        !active.phase.isOver
      {
        throw ReleaseError(
          .underWay, "\(state.plan.model) has a release to version \(active.plan.candidate) under way (\(active.phase.words))",
          remedy: "wait for its end, or roll it back")
      }
      try write(state)
      let draft = AtomicFile.temporaryPath(beside: claim)
      try Data(state.id.utf8).write(to: URL(fileURLWithPath: draft))
      defer { unlink(draft) }
      if link(draft, claim) == 0 { return }
      // What is there names a release that is over, or was lost.
      guard rename(draft, claim) == 0 else { throw ReleaseError(.store, "\(claim) cannot be written: \(String(cString: strerror(errno)))") }
    }
  }

  /// Replaces a release's state, whole or not at all.
  public func write(_ state: ReleaseState) throws(ReleaseError) {
    let path = try path(of: state.plan.model)
    try guarded { try AtomicFile.write(try JSON.encode(state), to: path + "/\(state.id).json") }
  }

  /// - Throws: `ReleaseError` `.notFound`, `.store`.
  public func read(_ model: String, id: String) throws(ReleaseError) -> ReleaseState {
    let path = try path(of: model) + "/\(try Self.safe(id)).json"
    guard access(path, F_OK) == 0 else { throw ReleaseError(.notFound, "\(model) has no release \(id)") }
    return try guarded { try JSON.decode(ReleaseState.self, from: Data(contentsOf: URL(fileURLWithPath: path)), source: path) }
  }

  /// The release that is under way; `nil` where there is none.
  public func active(_ model: String) throws(ReleaseError) -> ReleaseState? {
    guard let newest = try newest(model), !newest.phase.isOver else { return nil }
    return newest
  }

  /// The release that was begun last, over or not.
  public func newest(_ model: String) throws(ReleaseError) -> ReleaseState? {
    let claim = try path(of: model) + "/active"
    guard let id = try? String(contentsOfFile: claim, encoding: .utf8) else { return nil }
    return try read(model, id: id)
  }

  /// All releases of a model, the newest first. Files that cannot be read are passed over.
  public func history(_ model: String) throws(ReleaseError) -> [ReleaseState] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: try path(of: model))) ?? []
    return names.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }
      .compactMap { try? read(model, id: String($0.dropLast(5))) }
      .sorted { ($0.started, $0.id) > ($1.started, $1.id) }
  }

  /// The names of the models that have or had releases.
  public func models() -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).compactMap { $0.removingPercentEncoding }.sorted()
  }

  /// Leaves an order for the server that carries the release out.
  /// - Throws: `ReleaseError` `.notFound` where no release is under way, `.store`.
  public func order(_ order: ReleaseState.Order, _ model: String, by actor: String, reason: String = "") throws(ReleaseError) {
    guard let active = try active(model) else { throw ReleaseError(.notFound, "\(model) has no release under way") }
    let path = try path(of: model)
    let waiting = WaitingOrder(order: order, actor: actor, reason: reason, time: Date())
    // The name sorts by time.
    let stamp = String(format: "%020llu", UInt64(max(0, waiting.time.timeIntervalSince1970) * 1e6))
    try guarded { try AtomicFile.write(try JSON.encode(waiting), to: path + "/\(active.id).\(stamp)-\(UUID().uuidString).order") }
  }

  /// Ends a release that no server has taken up: nothing was sent anywhere.
  /// - Returns: whether there was such a release.
  /// - Throws: `ReleaseError` `.store`.
  public func withdraw(_ model: String, by actor: String, reason: String = "") throws(ReleaseError) -> Bool {
    guard var state = try active(model), state.phase == .preparing, !state.isTakenUp else { return false }
    // A server that takes it up at this moment finds the order.
    try order(.rollback, model, by: actor, reason: reason)
    try state.obey(.rollback, by: actor, reason: reason, at: Date())
    state.finished(at: Date())
    try write(state)
    return true
  }

  /// The orders of a release that no server has carried out, the oldest first.
  public func waitingOrders(_ state: ReleaseState) throws(ReleaseError) -> [WaitingOrder] {
    state.phase.isOver ? [] : try orders(state).map(\.order)
  }

  /// The orders that wait, the oldest first, with what ends their waiting.
  func orders(_ state: ReleaseState) throws(ReleaseError) -> [(order: WaitingOrder, path: String)] {
    let folder = try path(of: state.plan.model)
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
      .filter { $0.hasPrefix(state.id + ".") && $0.hasSuffix(".order") }.sorted()
    return names.compactMap { name in
      let path = folder + "/" + name
      guard let data = try? Data(contentsOf: URL(fileURLWithPath: path)),
        let order = try? JSON.decode(WaitingOrder.self, from: data, source: path)
      else { return nil }
      return (order, path)
    }
  }

  private func path(of model: String) throws(ReleaseError) -> String { folder + "/" + (try Self.safe(model)) }

  /// One segment of a path, whatever the name.
  private static func safe(_ name: String) throws(ReleaseError) -> String {
    let plain = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-_"))
    guard !name.isEmpty, name.utf8.count <= 80, let safe = name.addingPercentEncoding(withAllowedCharacters: plain) else {
      throw ReleaseError(.notFound, "'\(name.prefix(80))' cannot be the name of a model or a release")
    }
    return safe
  }

  private func guarded<Result>(_ body: () throws -> Result) throws(ReleaseError) -> Result {
    do { return try body() } catch let error as ReleaseError { throw error } catch let error as any MartletError {
      throw ReleaseError(.store, error.problem, expected: error.expected, remedy: error.remedy)
    } catch { throw ReleaseError(.store, "the releases in \(folder): \(error)") }
  }
}
