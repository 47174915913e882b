import Bundles
import DatabaseTesting
import Foundation
import Glibc
import MartletCore
import Registry
import Synchronization
import Testing

@Suite struct GarbageTests {
  private final class Counts: Sendable {
    let placed = Atomic<Int>(0), collected = Atomic<Int>(0)
  }

  @Test(arguments: TestDatabase.allCases) func onlyOldFilesWithoutAVersionGo(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      let first = try registry.register(sampleBundle(in: folder, weights: "first"))
      try registry.register(sampleBundle(in: folder, weights: "second"))
      #expect(try registry.collectGarbage(olderThan: -5).objects == 0)
      try registry.delete(first)
      #expect(try registry.collectGarbage().bytes == 0)
      let planned = try registry.collectGarbage(dryRun: true, olderThan: -5)
      #expect(planned.objects == 2 && planned.bytes > 5)
      #expect(try objectCount(in: folder) == 6)
      #expect(try registry.collectGarbage(olderThan: -5) == planned)
      #expect(try objectCount(in: folder) == 4)
      #expect(try registry.verify().isClean)
    }
  }

  @Test(.onFiles, arguments: TestDatabase.allCases) func whatADeadProcessLeftGoesAndALivingOnesStays(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      let staging = folder + "/.martlet/staging/"
      for name in [".abc.1.1.partial", ".def.1.1.partial"] { try Data("half".utf8).write(to: URL(fileURLWithPath: staging + name)) }
      let held = open(staging + ".def.1.1.partial", O_RDONLY)
      defer { close(held) }
      #expect(flock(held, LOCK_EX | LOCK_NB) == 0)
      #expect(try registry.collectGarbage().temporaries == 0)
      let report = try registry.collectGarbage(olderThan: -5)
      #expect(report.temporaries == 1 && report.bytes == 4)
      #expect(try stagedNames(in: folder) == [".def.1.1.partial"])
    }
  }

  /// The worst moment: everything is copied, the transaction has not begun, and another process collects without any grace.
  @Test(arguments: TestDatabase.allCases) func aRegistrationUnderWaySurvivesACollection(_ kind: TestDatabase) throws {
    try withFolder(kind) { folder in
      let collector = try openRegistry(in: folder)
      let counts = Counts()
      let registry = try openRegistry(in: folder) { step in
        if step == .placed, counts.placed.add(1, ordering: .relaxed).newValue == 4 {
          counts.collected.store(try collector.collectGarbage(olderThan: -5).objects, ordering: .relaxed)
        }
      }
      #expect(try registry.register(sampleBundle(in: folder)).number == 1)
      #expect(counts.collected.load(ordering: .relaxed) == 4)
      #expect(try collector.verify().isClean)
      #expect(try collector.verify().files == 3)
    }
  }

  @Test(.onFiles, arguments: TestDatabase.allCases) func anObjectThatIsUsedAgainIsYoungAgain(_ kind: TestDatabase) throws {
    try withRegistry(kind) { registry, folder in
      let version = try registry.register(sampleBundle(in: folder))
      try registry.delete(version)
      let path = objectPath(Digest.sha256("weights"), in: folder)
      utimes(path, [timeval(tv_sec: 1000, tv_usec: 0), timeval(tv_sec: 1000, tv_usec: 0)])
      #expect(try registry.collectGarbage(dryRun: true).objects == 1)
      let again = try registry.register(sampleBundle(in: folder))
      try registry.delete(again)
      #expect(try registry.collectGarbage(dryRun: true).objects == 0)
    }
  }
}
