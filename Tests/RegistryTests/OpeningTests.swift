import Bundles
import Databases
import Foundation
import GRDB
import Glibc
import MartletCore
import Testing

@testable import Registry

@Suite struct OpeningTests {
  private func failure(_ path: String, create: Bool = false, readOnly: Bool = false) -> RegistryError? {
    #expect(throws: RegistryError.self) { try ModelRegistry.open(at: path, create: create, readOnly: readOnly) }
  }

  @Test func aRegistryIsMadeOnlyWhenAsked() throws {
    try withFolder { folder in
      let path = folder + "/.martlet"
      #expect(failure(path)?.kind == .notFound)
      #expect(failure(path, create: true, readOnly: true)?.kind == .notFound)
      #expect(!FileManager.default.fileExists(atPath: path))
      let registry = try ModelRegistry.open(at: path, create: true)
      #expect(registry.path == path && !registry.isReadOnly)
      #expect(try String(contentsOfFile: path + "/.gitignore", encoding: .utf8) == "*\n")
      try registry.register(sampleBundle(in: folder))
      try registry.close()
      #expect(try ModelRegistry.open(at: path).versions(of: "fashion").count == 1)
    }
  }

  @Test func aFolderThatCannotBeMadeIsAnError() throws {
    try withFolder { folder in
      try Data().write(to: URL(fileURLWithPath: folder + "/file"))
      #expect(failure(folder + "/file/.martlet", create: true)?.kind == .io)
    }
  }

  @Test func aBusyRegistrySaysSo() throws {
    try withFolder { folder in
      let registry = try openRegistry(in: folder, timeout: 0.05)
      let version = try registry.register(sampleBundle(in: folder))
      let other = try DatabaseQueue(path: folder + "/.martlet/registry.sqlite")
      try other.inDatabase { database in
        try database.execute(sql: "BEGIN EXCLUSIVE")
        let bundle = try sampleBundle(in: folder, weights: "second")
        func expectBusy(_ attempt: () throws -> Void) {
          let error = #expect(throws: RegistryError.self) { try attempt() }
          #expect(error?.kind == .busy)
          #expect(error?.description.contains("is busy: another process is writing; try: again") == true)
        }
        expectBusy { try registry.register(bundle) }
        expectBusy { try registry.setAlias("production", to: version) }
        expectBusy { try registry.delete(version) }
        // Readers do not wait for writers, and opening is reading.
        #expect(try registry.versions(of: "fashion").count == 1)
        #expect(try openRegistry(in: folder, timeout: 0.05).resolve("fashion") == version)
        try database.execute(sql: "COMMIT")
      }
      #expect(try registry.register(sampleBundle(in: folder, weights: "second")).number == 2)
    }
  }

  @Test func aDamagedDatabaseSaysSo() throws {
    try withFolder { folder in
      let path = folder + "/.martlet"
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      try Data(String(repeating: "this is no database ", count: 100).utf8).write(to: URL(fileURLWithPath: path + "/registry.sqlite"))
      #expect(failure(path)?.kind == .corrupt)
      #expect(failure(path, readOnly: true)?.kind == .corrupt)
      #expect(failure(path)?.remedy?.contains("registry.sqlite") == true)
    }
  }

  @Test func aDatabaseThatLostPagesSaysSo() throws {
    try withFolder { folder in
      let registry = try openRegistry(in: folder)
      for index in 0..<5 { try registry.register(sampleBundle(in: folder, weights: "\(index)")) }
      try (registry.database as? SQLiteDatabase)?.checkpoint()
      try registry.close()
      let file = folder + "/.martlet/registry.sqlite"
      let handle = try FileHandle(forUpdating: URL(fileURLWithPath: file))
      let size = try handle.seekToEnd()
      try handle.seek(toOffset: 4096)
      try handle.write(contentsOf: Data(repeating: 0xA5, count: Int(size) - 4096))
      try handle.close()
      for suffix in ["-wal", "-shm"] { unlink(file + suffix) }
      let error = #expect(throws: RegistryError.self) { try ModelRegistry.open(at: folder + "/.martlet").verify() }
      #expect(error?.kind == .corrupt)
    }
  }

  @Test func somebodyElsesDatabaseIsLeftAlone() throws {
    try withFolder { folder in
      let path = folder + "/.martlet"
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      let other = try DatabaseQueue(path: path + "/registry.sqlite")
      try other.write { try $0.execute(sql: "CREATE TABLE recipes (id INTEGER)") }
      try other.close()
      #expect(failure(path)?.kind == .corrupt)
      #expect(failure(path)?.problem.contains("something else") == true)
    }
  }

  @Test func aNewerSchemaAsksForANewerMartlet() throws {
    try withFolder { folder in
      let registry = try openRegistry(in: folder)
      try registry.close()
      let queue = try DatabaseQueue(path: folder + "/.martlet/registry.sqlite")
      try queue.write { try $0.execute(sql: "PRAGMA user_version = 99") }
      try queue.close()
      for readOnly in [false, true] {
        let error = failure(folder + "/.martlet", readOnly: readOnly)
        #expect(error?.kind == .newerSchema)
        #expect(error?.remedy == "a newer Martlet")
      }
    }
  }

  @Test func anEmptyDatabaseIsBroughtUpToDate() throws {
    try withFolder { folder in
      // A process died after making the file and before making the tables.
      try FileManager.default.createDirectory(atPath: folder + "/.martlet", withIntermediateDirectories: true)
      try Data().write(to: URL(fileURLWithPath: folder + "/.martlet/registry.sqlite"))
      let registry = try openRegistry(in: folder)
      #expect(try registry.register(sampleBundle(in: folder)).number == 1)
      #expect(try registry.verify().isClean)
    }
  }

  @Test(.onFiles) func readingOnlyWritesNothing() throws {
    try withFolder { folder in
      let version = try openRegistry(in: folder).register(sampleBundle(in: folder), aliases: ["production"])
      let reader = try ModelRegistry.open(at: folder + "/.martlet", readOnly: true)
      #expect(reader.isReadOnly)
      #expect(try reader.resolve("fashion@production") == version)
      #expect(try reader.bundle(version).digest == version.digest)
      let bundle = try sampleBundle(in: folder, weights: "second")
      #expect((#expect(throws: RegistryError.self) { try reader.register(bundle) })?.kind == .readOnly)
      #expect((#expect(throws: RegistryError.self) { try reader.setAlias("a", to: version) })?.kind == .readOnly)
      #expect((#expect(throws: RegistryError.self) { try reader.collectGarbage(olderThan: -5) })?.kind == .readOnly)
      #expect(try objectCount(in: folder) == 4)
    }
  }

  /// What read-only media get: the database copied to memory, with what the log beside it still holds.
  @Test func aSnapshotHoldsWhatTheLogHolds() throws {
    try withFolder { folder in
      let registry = try openRegistry(in: folder)
      try registry.register(sampleBundle(in: folder))
      let snapshot = try SQLiteDatabase.snapshot(of: folder + "/.martlet/registry.sqlite")
      #expect(try snapshot.read { try $0.value("SELECT COUNT(*) FROM versions") } == 1)
      try registry.register(sampleBundle(in: folder))
      #expect(try snapshot.read { try $0.value("SELECT COUNT(*) FROM versions") } == 1)
    }
  }

  @Test func errorsOfTheSystemAreSortedByWhatToDo() {
    func kind(_ error: any Error) -> RegistryError.Kind { RegistryError(error, path: "/r").kind }
    #expect(kind(SystemFailure(path: "a", code: ENOSPC)) == .diskFull)
    #expect(kind(SystemFailure(path: "a", code: EDQUOT)) == .diskFull)
    #expect(kind(SystemFailure(path: "a", code: EROFS)) == .readOnly)
    #expect(kind(SystemFailure(path: "a", code: EACCES)) == .readOnly)
    #expect(kind(SystemFailure(path: "a", code: EIO)) == .io)
    #expect(kind(SQLError(.full, "a")) == .diskFull)
    #expect(kind(SQLError(.readOnly, "a")) == .readOnly)
    #expect(kind(SQLError(.io, "a")) == .io)
    #expect(kind(SQLError(.connectionLost, "a")) == .unreachable)
    #expect(kind(CancellationError()) == .io)
  }
}
