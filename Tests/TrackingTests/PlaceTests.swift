import Bundles
import DatabaseTesting
import Foundation
import MartletCore
import Registry
import Testing

@testable import Tracking

/// Where a store is, by where its registry is.
@Suite struct PlaceTests {
  private func registered(_ registry: ModelRegistry, in folder: String, _ name: String = "fashion") throws -> ModelVersion {
    let writer = try BundleWriter(at: folder + "/bundle-" + UUID().uuidString)
    try writer.add(Data("weights".utf8), as: "weights.safetensors")
    let bundle = try writer.finish(
      name: name, kind: "image-classifier", signature: Signature(inputs: [], outputs: [], isBatched: false),
      metrics: ["accuracy": MetricSummary(0.9, lower: 0.8, upper: 0.95)])
    return try registry.register(bundle)
  }

  @Test func `a registry on a server has the records there and the files in the shared folder`() throws {
    try withTemporaryFolder { folder in
      let url = try TemporaryPostgreSQL.shared().newURL()
      var options = RegistryOptions(busyTimeout: 30, environment: [:])
      options.artifacts = folder + "/shared"
      let registry = try ModelRegistry.open(at: url, create: true, options: options)
      let store = try TrackingStore.open(registry: registry)
      let run = try store.startRun(in: "0").info
      try store.put("flavors:\n", "model/MLmodel", below: run.artifacts)
      #expect(FileManager.default.fileExists(atPath: "\(folder)/shared/artifacts/0/\(run.id)/artifacts/model/MLmodel"))
      _ = try store.createRegisteredModel("iris")
      let version = try store.registerVersion(of: "iris", source: "runs:/\(run.id)/model", run: run.id)
      #expect(try registry.resolve("iris@1").kind == "mlflow" && version.run == run.id)
      // Nothing of the bundle's making is left.
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/shared/artifacts") == ["0"])
      // Another process finds the same.
      let again = try TrackingStore.open(registry: try ModelRegistry.open(at: url, options: options))
      #expect(try again.run(run.id).info == run)
      #expect(try again.listArtifacts("registry/iris/1").map(\.name) == ["manifest.json", "model"])
      try again.close()
      try store.close()
      try registry.close()
    }
  }

  @Test func `what rules and gates refuse is forbidden`() throws {
    try withStore(.sqlite) { store in
      try withTemporaryFolder { folder in
        let registry = store.registry
        let version = try registered(registry, in: folder)
        try registry.protect("production", of: "fashion", approvals: 1)
        try registry.protect("staging", of: "fashion", approvals: 0, gates: [AliasGate(text: "accuracy>=0.99")])
        #expect(kind { try store.setRegisteredAlias("fashion", "production", to: 1) } == .forbidden)
        #expect(kind { try store.setRegisteredAlias("fashion", "staging", to: 1) } == .forbidden)
        try store.setRegisteredAlias("fashion", "mine", to: 1)
        // A run of martlet's is its version's.
        let run = try store.startRun(in: "0").info.id
        try store.link(version, to: run)
        let seen = try store.registeredVersion("fashion", 1)
        #expect(seen.run == run && seen.user == version.registeredBy && seen.metrics["accuracy"] == 0.9)
        #expect(kind { try store.link(version, to: "none") } == .notFound)
      }
    }
  }
}
