package import Databases
import Foundation
import MartletCore
public import Registry

/// A team's experiments and runs, beside its registry: a database, and a folder for the files that runs leave.
///
/// Every method may be called from any thread, several processes may use one store at once, and each method either does all that it says
/// or nothing. Methods block for as long as the database takes.
///
/// ```swift
/// let store = try TrackingStore.open(registry: registry)
/// let run = try store.startRun(in: store.experiment(named: "digits").id, name: "first try")
/// try store.log(run.info.id, metrics: [MetricPoint("loss", 0.3, time: TrackingStore.now, step: 1)], params: [TrackingTag("rate", "0.01")])
/// try store.finishRun(run.info.id)
/// ```
public final class TrackingStore: Sendable {
  /// The experiment of runs that name none.
  public static let defaultExperiment = "0"

  let database: any SQLDatabase
  /// The files of runs and logged models.
  package let artifacts: ArtifactFolder
  /// Registered models and their versions: the same as Martlet's own.
  package let registry: ModelRegistry

  private init(_ database: any SQLDatabase, _ artifacts: ArtifactFolder, _ registry: ModelRegistry) {
    self.database = database
    self.artifacts = artifacts
    self.registry = registry
  }

  package convenience init(database: any SQLDatabase, artifacts: ArtifactFolder, registry: ModelRegistry) throws(TrackingError) {
    self.init(database, artifacts, registry)
    do { try TrackingSchema.current.prepare(database) } catch { throw TrackingError(any: error) }
    if !database.isReadOnly { try makeDefaultExperiment() }
  }

  /// Opens the store that belongs to a registry: `tracking.sqlite` and `artifacts/` in its folder. A registry on a server has the records
  /// there, too, and the files in the folder that the team shares.
  /// - Parameters:
  ///   - databaseURL: `postgresql://…` for a team's database, or the path of SQLite's file; `nil` is beside the registry's own.
  ///   - artifacts: the folder for the files of runs; `nil` is the registry's.
  /// - Throws: `TrackingError`: `.place` where the registry has no folder, so that somebody must name one.
  public static func open(
    registry: ModelRegistry, databaseURL: String? = nil, artifacts: String? = nil
  ) throws(TrackingError) -> TrackingStore {
    guard let folder = artifacts ?? registry.folder.map({ $0 + "/artifacts" }) else {
      throw TrackingError(
        .place, "the registry at \(registry.path) keeps its files in a bucket, and the files of runs need a folder",
        expected: "a folder that all servers of the registry share", remedy: "MARTLET_TRACKING_ARTIFACTS=FOLDER")
    }
    let isServer = SQLLocation.isServer(registry.databaseURL)
    let location = SQLLocation(databaseURL ?? (isServer ? registry.databaseURL : registry.path + "/tracking.sqlite"))
    let database: any SQLDatabase
    do { database = try location.open(SQLOptions(component: "tracking", busyTimeout: 10)) } catch { throw TrackingError(any: error) }
    return try TrackingStore(database: database, artifacts: ArtifactFolder(folder), registry: registry)
  }

  /// The same store in the hands of somebody else: what they do to registered models stands in the registry's log under their name.
  package func acting(as user: String) -> TrackingStore { TrackingStore(database, artifacts, registry.acting(as: user)) }

  /// Ends all connections. The store cannot be used afterwards.
  public func close() throws(TrackingError) { try guarded { try database.close() } }

  /// The time now, as runs are stamped.
  public static var now: Milliseconds { Milliseconds(Date().timeIntervalSince1970 * 1000) }

  /// 32 hexadecimal digits that nobody else has.
  static func newID() -> String { UUID().uuidString.replacing("-", with: "").lowercased() }

  func guarded<Value>(_ body: () throws -> Value) throws(TrackingError) -> Value {
    do { return try body() } catch { throw TrackingError(any: error) }
  }

  func read<Value>(_ body: (SQLConnection) throws -> Value) throws(TrackingError) -> Value { try guarded { try database.read(body) } }

  @discardableResult
  func write<Value>(_ body: (SQLConnection) throws -> Value) throws(TrackingError) -> Value { try guarded { try database.write(body) } }

  /// `?, ?, ?`
  static func marks(_ count: Int) -> String { Array(repeating: "?", count: count).joined(separator: ", ") }

  private func makeDefaultExperiment() throws(TrackingError) {
    let isThere = try read { try $0.value("SELECT COUNT(*) FROM tracking_experiments", as: Int.self) ?? 0 } > 0
    guard !isThere else { return }
    try write { connection in
      try connection.execute(
        """
        INSERT INTO tracking_experiments (id, name, artifactLocation, stage, created, updated) VALUES (0, 'Default', ?, 'active', ?, ?)
        ON CONFLICT (id) DO NOTHING
        """, ["\(ArtifactFolder.scheme):/0", Self.now, Self.now])
    }
  }
}

extension TrackingError {
  /// Turns whatever a step threw into an error for a person.
  init(any error: any Error) {
    switch error {
    case let error as TrackingError: self = error
    case let error as SQLError:
      let kind: Kind =
        switch error.kind {
        case .busy, .conflict, .timedOut, .connectionLost: .busy
        case .readOnly: .forbidden
        case .full: .diskFull
        case .uniqueViolation: .exists
        default: .io
        }
      self.init(kind, error.problem, expected: error.expected, remedy: error.remedy)
    case let error as RegistryError:
      let kind: Kind =
        switch error.kind {
        case .notFound: .notFound
        case .invalidName, .bundle: .invalid
        case .busy: .busy
        case .readOnly: .forbidden
        case .diskFull: .diskFull
        case .exists: .exists
        case .aliased: .state
        case .protected, .gate, .signature: .forbidden
        case .unreachable: .busy
        default: .io
        }
      self.init(kind, error.problem, expected: error.expected, remedy: error.remedy)
    case let error as any MartletError: self.init(.io, error.problem, expected: error.expected, remedy: error.remedy)
    default: self.init(.io, "\(error)")
    }
  }
}
