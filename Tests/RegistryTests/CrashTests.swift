import Bundles
import DatabaseTesting
import Databases
import Foundation
import Glibc
import MartletCore
import Registry
import Testing

@Suite struct CrashTests {
  private struct Injected: Error {}

  /// What must hold after a registration that broke at a step: the version is whole or it is not there.
  private func check(_ folder: String, after step: RegistrationStep) throws {
    let registry = try openRegistry(in: folder)
    #expect(try registry.verify().isClean)
    let numbers = try registry.versions(of: "fashion").map(\.number)
    #expect(numbers == (step == .recorded ? [2, 1] : [1]))
    let collected = try registry.collectGarbage(olderThan: -5)
    #expect(try stagedNames(in: folder) == [])
    #expect(try objectCount(in: folder) == (step == .recorded ? 6 : 4))
    #expect(collected.objects == (step == .recorded || step == .staging || step == .staged ? 0 : step == .placed ? 1 : 2))
    #expect(try registry.verify().isClean)
    // The next registration takes the next number: a broken one used none up.
    #expect(try registry.register(sampleBundle(in: folder, weights: "third")).number == (step == .recorded ? 3 : 2))
  }

  @Test(arguments: RegistrationStep.allCases, TestDatabase.allCases) func aFailureAtAnyStepRegistersNothing(
    _ step: RegistrationStep, _ kind: TestDatabase
  ) throws {
    try withFolder(kind) { folder in
      try openRegistry(in: folder).register(sampleBundle(in: folder))
      let broken = try openRegistry(in: folder) { if $0 == step { throw Injected() } }
      let bundle = try sampleBundle(in: folder, weights: "second")
      #expect(throws: RegistryError.self) { try broken.register(bundle, aliases: ["production"]) }
      try check(folder, after: step)
    }
  }

  @Test(arguments: RegistrationStep.allCases, TestDatabase.allCases) func aProcessKilledAtAnyStepRegistersNothing(
    _ step: RegistrationStep, _ kind: TestDatabase
  ) async throws {
    let folder = try newFolder(kind)
    defer { remove(folder) }
    try openRegistry(in: folder).register(sampleBundle(in: folder))
    await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as String, step = step as RegistrationStep] in
      let dying = try openRegistry(in: folder) { if $0 == step { kill(getpid(), SIGKILL) } }
      try dying.register(sampleBundle(in: folder, weights: "second"), aliases: ["production"])
    }
    if step == .staged { #expect(try stagedNames(in: folder).count == 1) }
    try check(folder, after: step)
  }

  @Test(arguments: TestDatabase.allCases) func aFullDiskIsSaidSoAndLeavesNothing(_ kind: TestDatabase) throws {
    try withFolder(kind) { folder in
      let full = try openRegistry(in: folder) { if $0 == .staged { throw SystemFailure(path: "objects", code: ENOSPC) } }
      let error = #expect(throws: RegistryError.self) { try full.register(sampleBundle(in: folder)) }
      #expect(error?.kind == .diskFull)
      #expect(error?.remedy?.contains("free space") == true)
      #expect(try full.models() == [])
      #expect(try stagedNames(in: folder) == [])
      let fullInside = try openRegistry(in: folder) { if $0 == .recording { throw SQLError(.full, "full") } }
      #expect((#expect(throws: RegistryError.self) { try fullInside.register(sampleBundle(in: folder)) })?.kind == .diskFull)
      #expect(try fullInside.models() == [])
    }
  }

  /// One of two processes that find no registry, make it and register as fast as they can.
  private func registerMany(in folder: String, _ name: String) async {
    await #expect(processExitsWith: .success) { [folder = folder as String, name = name as String] in
      do {
        let registry = try openRegistry(in: folder)
        for index in 0..<15 { try registry.register(sampleBundle(in: folder, weights: "\(name) \(index)"), aliases: [name]) }
      } catch {
        try "\(error)".write(toFile: "\(folder)/\(name).failed", atomically: true, encoding: .utf8)
        exit(EXIT_FAILURE)
      }
    }
    // What went wrong, not only that something did.
    if let text = try? String(contentsOfFile: "\(folder)/\(name).failed", encoding: .utf8) { Issue.record("\(name): \(text)") }
  }

  @Test(arguments: TestDatabase.allCases) func twoProcessesRegisterAtOnce(_ kind: TestDatabase) async throws {
    let folder = try newFolder(kind)
    defer { remove(folder) }
    await withTaskGroup(of: Void.self) { group in
      for name in ["first", "second"] { group.addTask { await registerMany(in: folder, name) } }
    }
    let registry = try openRegistry(in: folder)
    #expect(try registry.versions(of: "fashion").map(\.number) == Array((1...30).reversed()))
    let report = try registry.verify()
    #expect(report.isClean && report.versions == 30)
    #expect(try registry.aliases(of: "fashion").values.max() == 30)
    #expect(try stagedNames(in: folder) == [])
  }

  @Test(arguments: TestDatabase.allCases) func manyTasksRegisterThroughTwoConnections(_ kind: TestDatabase) async throws {
    let folder = try newFolder(kind)
    defer { remove(folder) }
    let registries = [try openRegistry(in: folder), try openRegistry(in: folder)]
    let numbers = try await withThrowingTaskGroup(of: Int.self) { group in
      for index in 0..<24 {
        group.addTask { try registries[index % 2].register(sampleBundle(in: folder, weights: "\(index % 5)")).number }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(numbers.sorted() == Array(1...24))
    #expect(try registries[0].versions(of: "fashion").count == 24)
    #expect(try registries[1].verify().isClean)
    #expect(try objectCount(in: folder) == 2 + 5 + 5)
  }
}
