import DatabaseTesting
import Databases
import Foundation
import Registry

@testable import Tracking

/// Runs `body` with an empty store on one of the two databases.
func withStore<Value>(_ kind: TestDatabase, _ body: (TrackingStore) throws -> Value) throws -> Value {
  try withTemporaryFolder { folder in
    let registry = try ModelRegistry.open(at: folder + "/registry", create: true)
    let location = try kind.newLocation(in: folder, file: "tracking.sqlite")
    let store = try TrackingStore.open(registry: registry, databaseURL: location)
    let value = try body(store)
    try store.close()
    try registry.close()
    return value
  }
}

extension TrackingStore {
  /// Puts a file where a run or a logged model has its own.
  func put(_ text: String, _ path: String, below uri: String) throws {
    let upload = try artifacts.upload((try ArtifactPath.path(ofURI: uri) ?? "") + "/" + path)
    try Data(text.utf8).withUnsafeBytes { try upload.write($0) }
    try upload.commit()
  }
}

func kind(_ body: () throws -> Void) -> TrackingError.Kind? {
  do { try body() } catch { return (error as? TrackingError)?.kind }
  return nil
}
