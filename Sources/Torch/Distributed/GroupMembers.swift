import Foundation
import MartletCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Who takes part in a group: learnt when it forms, so that the one that has gone can be named later.
struct GroupMembers: Sendable {
  struct Member: Codable, Sendable {
    var host: String
    var process: Int32
    var size: Int
  }

  private let members: [Member]
  private let rank: Int

  /// Tells the others about this process and hears about them.
  init(store: RendezvousStore, rank: Int, size: Int, timeout: Duration) throws(DistributedError) {
    func failure(_ message: String, _ peer: Int? = nil, kind: DistributedError.Kind = .rendezvous) -> DistributedError {
      DistributedError(
        kind, message, operation: "rendezvous", rank: rank, size: size, peers: peer.map { [$0] } ?? [], timeout: timeout,
        expected: "all \(size) processes within \(timeout.inWords)")
    }
    do {
      let own = Member(host: Self.hostName, process: getpid(), size: size)
      try store.set("member/\(rank)", String(decoding: JSON.encode(own, pretty: false), as: UTF8.self))
    } catch {
      throw failure("\(error)")
    }
    var members: [Member] = []
    for peer in 0..<size {
      let text: String
      do throws(TorchError) { text = try store.get("member/\(peer)", timeout: timeout) } catch {
        throw failure("rank \(peer) did not come: \(error.message)", peer)
      }
      guard let member = try? JSON.decode(Member.self, from: Data(text.utf8), source: "member/\(peer)") else {
        throw failure("rank \(peer) says '\(text)'", peer)
      }
      guard member.size == size else {
        throw failure("rank \(peer) counts \(member.size) processes, this one \(size)", peer, kind: .mismatch)
      }
      members.append(member)
    }
    self.members = members
    self.rank = rank
  }

  /// The others that are known to have ended. Asked when a connection was closed, which happens a moment before the process is gone.
  func gone() -> [Int] {
    if members.count == 2 { return [1 - rank] }
    for _ in 0..<10 {
      let found = members.indices.filter { $0 != rank && members[$0].host == Self.hostName && !Self.isAlive(members[$0].process) }
      if !found.isEmpty { return found }
      usleep(100_000)
    }
    return []
  }

  private static var hostName: String { ProcessInfo.processInfo.hostName }

  private static func isAlive(_ process: Int32) -> Bool {
    guard kill(process, 0) == 0 || errno == EPERM else { return false }
    // A process that ended but was not yet asked for its result.
    guard let text = FileManager.default.contents(atPath: "/proc/\(process)/stat").map({ String(decoding: $0, as: UTF8.self) }),
      let name = text.lastIndex(of: ")")
    else { return true }
    return text[text.index(after: name)...].drop { $0 == " " }.first.map { !"ZX".contains($0) } ?? true
  }
}
