import Foundation
import MartletCore
import Project
import Testing

@testable import Commands

@Suite struct CostCommandTests {
  private static let document: JSONValue = [
    "since": "2026-11-22T04:00:00Z", "hours": 2, "currency": "EUR",
    "process": ["processor_seconds": 90.5, "memory_bytes": 209_715_200, "processor_cost": 0.25, "memory_cost": 0.01],
    "models": [
      [
        "model": "fashion", "version": "3", "requests": 1200, "items": 4800, "compute_seconds": 12.5, "cost": 0.125,
        "batching": ["saving": 0.34],
      ],
      ["model": "other", "version": "1", "requests": 2, "items": 2, "compute_seconds": 0, "cost": 0, "batching": .null],
    ],
    "callers": [["name": "ann", "credential": "k1", "requests": 1202, "items": 4802, "compute_seconds": 12.5, "cost": 0.125]],
    "accounts": [],
  ]

  private func context() -> CommandContext {
    CommandContext(engine: nil, output: CapturedOutput(), input: ScriptedInput(), now: .now, width: 100, unicode: true)
  }

  @Test func `costs are told by model, version and caller`() {
    let text = Cost.text(Self.document, context())
    for part in ["2026-11-22T04:00:00Z", "200 MiB", "0.2500 + 0.01000 EUR", "fashion", "1,200", "4,800", "34 %", "ann", "k1"] {
      #expect(text.contains(part), "\(part) in \(text)")
    }
    let empty = Cost.text(["since": "x", "models": [], "callers": []], context())
    #expect(empty.contains("no model was asked yet") && !empty.contains("EUR"))
  }

  @Test func `the address is the project's`() throws {
    #expect(try Cost.address(nil) == "http://127.0.0.1:8080")
    let folder = try Folder()
    func address(_ serve: String) throws -> String {
      try Cost.address(ProjectFile.load(folder.project("serve: \(serve)\n"), overrides: [], checkingFiles: false).project.serve)
    }
    #expect(try address("{port: 9000, host: 0.0.0.0}") == "http://127.0.0.1:9000")
    #expect(try address("{admin: {port: 9001, host: \"::1\"}}") == "http://[::1]:9001")
    #expect(throws: UsageError.self) { try address("{port: 0}") }
  }

  @Test func `where nobody answers, that is said`() async {
    // Nobody listens on the port of discarding.
    let answer = await martlet("cost", "--server", "http://127.0.0.1:9")
    #expect(answer.exitCode == 1 && answer.notes.contains("nobody answers at http://127.0.0.1:9"))
    #expect(await martlet("cost", "--server", "nowhere").exitCode == 2)
  }
}
