import MartletCore
public import Releases
import Web

/// Carries releases out in this process: versions are loaded beside each other, traffic is split, the old one drains and goes.
struct RepositoryReleases: ReleaseEnvironment {
  let repository: ModelRepository
  let traffic: ReleaseTraffic
  let alias: AliasMover?

  func load(_ model: String, version: String) async throws {
    guard !repository.versions(of: model).contains(where: { $0.model.version == version }) else { return }
    try await repository.loadBeside(model, version: version)
  }

  func check(_ model: String, baseline: String, candidate: String) async throws {
    let versions = repository.versions(of: model)
    // A baseline that is not there is found out by what comes next.
    guard let old = versions.first(where: { $0.model.version == baseline }),
      let new = versions.first(where: { $0.model.version == candidate })
    else { return }
    let problems = SignatureChange.problems(from: old.model, to: new.model)
    guard problems.isEmpty else {
      throw ArgumentError(
        "whoever asks version \(baseline) would not be understood: \(problems.joined(separator: "; "))",
        expected: "a version that takes and gives the same", remedy: "another model name for what is asked otherwise")
    }
  }

  func route(_ model: String, to version: String, split: TrafficSplit?) async throws {
    for served in repository.versions(of: model) { served.model.inputs?.isCounting = split?.candidate == served.model.version }
    traffic.set(split, for: model)
    try repository.setDefault(model, version: version)
  }

  func unload(_ model: String, version: String) async throws {
    guard repository.versions(of: model).contains(where: { $0.model.version == version }) else { return }
    try await repository.unload(model, version: version)
  }

  func moveAlias(_ name: String, of model: String, to version: String, note: String) async throws {
    guard let alias else {
      throw ReleaseError(.badPlan, "this server has no registry whose alias '\(name)' it could move", remedy: "a plan without an alias")
    }
    try await alias(name, model, version, note)
  }

  func figures(_ model: String, baseline: String, candidate: String) async -> ReleaseFigures {
    var figures = traffic.recorder.figures(model, baseline: baseline, candidate: candidate)
    let served = repository.versions(of: model).first { $0.model.version == candidate }
    figures.inputs = served?.model.inputs?.inputs ?? []
    return figures
  }
}

/// Moves an alias of a model to a version in the registry, with a note. Moving it to where it is does nothing.
public typealias AliasMover = @Sendable (_ alias: String, _ model: String, _ version: String, _ note: String) async throws -> Void

/// What a server needs to carry out releases.
public struct ReleaseSettings: Sendable {
  /// Where releases are written down; every server of a registry uses the same.
  public let store: ReleaseStore
  /// Moves aliases; without it plans with an alias are refused.
  public let moveAlias: AliasMover?
  /// Seconds between two looks.
  public let interval: Double

  /// - Parameters:
  ///   - store: a folder beside the registry.
  ///   - interval: seconds between two looks at the gates.
  public init(store: ReleaseStore, moveAlias: AliasMover? = nil, interval: Double = 1) {
    self.store = store
    self.moveAlias = moveAlias
    self.interval = interval
  }
}
