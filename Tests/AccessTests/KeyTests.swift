import Foundation
import MartletCore
import Synchronization
import Testing

@testable import Access

@Suite struct KeyTests {
  private let path = NSTemporaryDirectory() + "keys-\(UUID().uuidString)/keys.json"
  private let now = Date(timeIntervalSince1970: 1_800_000_000)

  init() throws {
    try FileManager.default.createDirectory(atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
  }

  private var file: KeyFile { KeyFile(path: path) }

  @Test func `a key is 256 random bits, and only its hash is kept`() throws {
    let made = try file.create(name: "ann", roles: [.client], models: [.all], now: now)
    #expect(made.secret.wholeMatch(of: #/mrt_[a-z2-9]{12}_[A-Za-z0-9_-]{43}/#) != nil)
    #expect(made.record.hash == Digest.sha256(made.secret))
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(!text.contains(made.secret) && !text.contains(made.secret.suffix(43)))
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(try file.load() == [made.record])
    let second = try file.create(name: "bob", roles: [.client], models: [.all], now: now)
    #expect(second.secret != made.secret && second.record.id != made.record.id)
  }

  @Test func `a ring knows its keys and refuses all others`() throws {
    let made = try file.create(
      name: "ann", roles: [.client, .monitor], models: [ModelPattern("fashion*")], limits: UsageLimits(requestsPerMinute: 60), now: now,
      expires: now.addingTimeInterval(100))
    let ring = try KeyRing(file: file)
    let principal = try ring.principal(of: made.secret, now: now)
    #expect(principal.name == "ann" && principal.source == .key && principal.credential == made.record.id)
    #expect(principal.rights == [.predict, .observe])
    #expect(principal.mayUse(model: "fashion-v2") && !principal.mayUse(model: "other"))
    #expect(principal.limits.requestsPerMinute == 60)
    #expect(throws: KeyRefusal.expired(now.addingTimeInterval(100))) {
      try ring.principal(of: made.secret, now: now.addingTimeInterval(100))
    }
    let other = made.secret.last == "A" ? "B" : "A"
    for wrong in [
      "", "mrt_", made.record.id, made.secret + "x", String(made.secret.dropLast()), made.secret.dropLast() + other, "nonsense",
    ] {
      #expect(throws: KeyRefusal.unknown) { try ring.principal(of: String(wrong), now: now) }
    }
  }

  @Test func `a revoked key is refused at the next look`() throws {
    let made = try file.create(name: "ann", roles: [.client], models: [.all], now: now)
    let ring = try KeyRing(file: file)
    _ = try file.revoke("ann", now: now)
    ring.lookAgain(every: .zero)
    #expect(throws: KeyRefusal.revoked(now)) { try ring.principal(of: made.secret, now: now) }
    // Twice is once, by id as by name; a new key may have the name.
    #expect(try file.revoke(made.record.id, now: now.addingTimeInterval(50)).revoked == now)
    _ = try file.create(name: "ann", roles: [.client], models: [.all], now: now)
    #expect(try file.load().count == 2)
  }

  @Test func `a file that is damaged later changes nothing, and is reported once`() throws {
    let made = try file.create(name: "ann", roles: [.client], models: [.all], now: now)
    let problems = Problems()
    let ring = try KeyRing(file: file) { problems.add("\($0)") }
    try Data("{".utf8).write(to: URL(fileURLWithPath: path))
    ring.lookAgain(every: .zero)
    ring.lookAgain(every: .zero)
    #expect(problems.all.count == 1)
    #expect(throws: Never.self) { try ring.principal(of: made.secret, now: now) }
  }

  @Test func `a file that seems unchanged is read when somebody asks for it`() throws {
    let made = try file.create(name: "ann", roles: [.client], models: [.all], now: now)
    let good = try Data(contentsOf: URL(fileURLWithPath: path))
    let ring = try KeyRing(file: file)
    _ = try file.revoke("ann", now: now)
    let revoked = try Data(contentsOf: URL(fileURLWithPath: path))
    // As after a reading that failed for want of rights, which chown alone mends: same file, size and time, other outcome.
    func put(_ data: Data) throws {
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      try handle.write(contentsOf: data)
      try handle.write(contentsOf: Data(repeating: 0x20, count: revoked.count + good.count - data.count))
      try handle.close()
      try FileManager.default.setAttributes([.modificationDate: now], ofItemAtPath: path)
    }
    try put(Data("{".utf8))
    ring.lookAgain(every: .zero)
    try put(revoked)
    ring.lookAgain(every: .zero)
    #expect(throws: Never.self) { try ring.principal(of: made.secret, now: now) }
    ring.lookAgain(every: .zero, always: true)
    #expect(throws: KeyRefusal.revoked(now)) { try ring.principal(of: made.secret, now: now) }
  }

  @Test func `errors say what to do`() throws {
    let missing = #expect(throws: FileError.self) { try KeyRing(file: file) }
    #expect(missing?.description.contains("martlet keys create NAME --file \(path)") == true)
    _ = try file.create(name: "ann", roles: [.client], models: [.all], now: now)
    let twice = #expect(throws: ArgumentError.self) { try file.create(name: "ann", roles: [.client], models: [.all], now: now) }
    #expect(twice?.problem.contains("a key named 'ann' already") == true)
    let unknown = #expect(throws: ArgumentError.self) { try file.revoke("anm") }
    #expect(unknown?.remedy == "'ann'")
    #expect(throws: ArgumentError.self) { try file.create(name: "a\nb", roles: [.client], models: [.all], now: now) }
    chmod(path, 0o666)
    let open = #expect(throws: FileError.self) { try file.load() }
    #expect(open?.description.contains("chmod 600") == true)
  }

  @Test func `keys made at the same time are all there`() async throws {
    let file = file, now = now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<16 {
        group.addTask { _ = try file.create(name: "k\(number)", roles: [.client], models: [.all], now: now) }
      }
      try await group.waitForAll()
    }
    #expect(Set(try file.load().map(\.name)).count == 16)
  }
}

final class Problems: Sendable {
  private let texts = Mutex<[String]>([])

  var all: [String] { texts.withLock { $0 } }

  func add(_ text: String) { texts.withLock { $0.append(text) } }
}
