import Foundation
import MartletCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What a job's folder holds: who it is, every finished part with its record, and at last what came of it.
///
///     job.json             the identity, written first
///     lock                 held by the process that works
///     parts/000000.arrow   rows and answers
///     parts/000000.jsonl   rows without an answer, and why; only where there are some
///     parts/000000.json    the record, written last: a part without one does not count
///     finished.json        what came of it; the parts go after it is written
struct JobFolder: Sendable {
  /// What is known of a part that is done.
  struct PartRecord: Codable, Sendable, Hashable {
    var rows: Int
    var failed: Int
    var unusual: Int
    var bytes: Int
    var sha256: String
  }

  /// A finished job and the files that it wrote.
  struct Finished: Codable, Sendable, Hashable {
    var summary: JobSummary
    var outputSHA256: String
  }

  let path: String

  private var parts: String { path + "/parts" }
  private var identityPath: String { path + "/job.json" }
  private var finishedPath: String { path + "/finished.json" }

  func table(_ part: Int) -> String { name(part) + ".arrow" }
  func failures(_ part: Int) -> String { name(part) + ".jsonl" }
  func record(_ part: Int) -> String { name(part) + ".json" }

  private func name(_ part: Int) -> String {
    let digits = String(part)
    return parts + "/" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }

  /// Makes the folder and takes hold of it until the value is gone.
  /// - Throws: `JobError` where another process has it, `FileError` where it cannot be made.
  func lock() throws -> JobLock {
    do { try FileManager.default.createDirectory(atPath: parts, withIntermediateDirectories: true) } catch {
      var isFolder: ObjCBool = false
      let isFile = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
      // Asked once more for its reason: Foundation's is not for people.
      let missing = isFolder.boolValue ? parts : path
      let reason = isFile ? "is a file" : mkdir(missing, 0o755) == 0 ? "cannot be made" : "cannot be made: \(AtomicFile.systemReason())"
      throw FileError(path: path, problem: reason, expected: "a folder, or nothing yet", remedy: "choose another --checkpoint")
    }
    let descriptor = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(path: path + "/lock", problem: "cannot be opened: \(AtomicFile.systemReason())") }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw JobError(.inUse, "another process works on the job in \(path)", remedy: "wait for it, or give another --checkpoint")
    }
    return JobLock(descriptor)
  }

  func identity() throws -> JobIdentity? {
    guard let data = FileManager.default.contents(atPath: identityPath) else { return nil }
    return try JSON.decode(JobIdentity.self, from: data, source: identityPath)
  }

  func write(_ identity: JobIdentity) throws { try AtomicFile.write(JSON.encode(identity), to: identityPath) }

  /// The records of the parts that are done, from the first without a gap.
  func records() throws -> [PartRecord] {
    var records: [PartRecord] = []
    while let data = FileManager.default.contents(atPath: record(records.count)),
      FileManager.default.fileExists(atPath: table(records.count))
    {
      records.append(try JSON.decode(PartRecord.self, from: data, source: record(records.count)))
    }
    return records
  }

  func finished() throws -> Finished? {
    guard let data = FileManager.default.contents(atPath: finishedPath) else { return nil }
    return try JSON.decode(Finished.self, from: data, source: finishedPath)
  }

  func write(_ finished: Finished) throws { try AtomicFile.write(JSON.encode(finished), to: finishedPath) }

  /// Frees what only an unfinished job needs.
  func removeParts() { try? FileManager.default.removeItem(atPath: parts) }
}

/// A hold on a job's folder. The system lets go of it when the process ends, however it ends.
final class JobLock: Sendable {
  private let descriptor: Int32

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }
}
