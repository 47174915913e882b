import Foundation
import MartletCore
import Testing

@testable import Access

@Suite struct AuditTests {
  private let path = NSTemporaryDirectory() + "audit-\(UUID().uuidString).jsonl"

  private func event(_ number: Int) -> AuditEvent {
    AuditEvent(
      time: Date(timeIntervalSince1970: 1_800_000_000.7), actor: "ann", credential: "k1", action: "POST /load", object: "name=m\(number)",
      status: 200, request: "r\(number)")
  }

  @Test func `events follow from one another, over several openings`() throws {
    for number in 0..<3 { try AuditFile(path: path).record(event(number)) }
    let file = try AuditFile(path: path)
    for number in 3..<6 { try file.record(event(number)) }
    let verified = try AuditFile.verify(path: path)
    #expect(verified.events == 6 && verified.hash.count == 64)
    #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
  }

  @Test func `whatever is changed is found`() throws {
    let file = try AuditFile(path: path)
    for number in 0..<5 { try file.record(event(number)) }
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    func problem(_ lines: [String]) -> String? {
      try? Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: path))
      return #expect(throws: FileError.self) { try AuditFile.verify(path: path) }?.problem
    }
    var changed = lines
    changed[2] = changed[2].replacing("ann", with: "bob")
    #expect(problem(changed)?.contains("line 3 does not follow") == true)
    var removed = lines
    removed.remove(at: 1)
    #expect(problem(removed)?.contains("line 2 does not follow") == true)
    #expect(problem(Array(lines.dropFirst()))?.contains("line 1 does not follow") == true)
    #expect(problem([lines[0], lines[2], lines[1]] + lines[3...])?.contains("line 2") == true)
    #expect(problem(lines + ["{}"])?.contains("line 6 is no event") == true)
    #expect(throws: FileError.self) { try AuditFile(path: path) }
  }

  @Test func `writers do not get in each other's way`() async throws {
    let path = path
    let events = (0..<20).map(event)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for part in 0..<4 { group.addTask { for number in 0..<5 { try AuditFile(path: path).record(events[part * 5 + number]) } } }
      try await group.waitForAll()
    }
    #expect(try AuditFile.verify(path: path).events == 20)
  }
}
