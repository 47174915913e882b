public import Project

/// What every request says about its surroundings.
public struct Surroundings: Codable, Sendable, Hashable {
  /// The registry's folder, which may not exist yet.
  public var registry: String
  /// No progress and no remarks on standard error.
  public var quiet: Bool
  /// Standard output will be one JSON document, so progress comes as plain lines.
  public var json: Bool

  /// Surroundings as the command line gives them.
  public init(registry: String, quiet: Bool = false, json: Bool = false) {
    self.registry = registry
    self.quiet = quiet
    self.json = json
  }
}

/// `martlet run`
public struct RunRequest: Codable, Sendable, Hashable {
  /// The project with overrides applied.
  public var project: ProjectFile
  /// A run's folder to go on with instead of starting anew.
  public var resume: String?
  /// Aliases for the new version.
  public var aliases: [String]
  /// Tags for the new version.
  public var tags: [String]
  /// A note for the new version.
  public var note: String
  public var surroundings: Surroundings
}

/// `martlet train`
public struct TrainRequest: Codable, Sendable, Hashable {
  /// The project with overrides applied.
  public var project: ProjectFile
  /// A run's folder to go on with instead of starting anew.
  public var resume: String?
  public var surroundings: Surroundings
}

/// `martlet evaluate`
public struct EvaluateRequest: Codable, Sendable, Hashable {
  /// The project whose test part judges.
  public var project: ProjectFile
  /// `NAME`, `NAME@3`, `NAME@production`.
  public var reference: String
  /// The folder for the report; `nil` is one under the project's output.
  public var report: String?
  public var surroundings: Surroundings
}

/// `martlet predict`
public struct PredictRequest: Codable, Sendable, Hashable {
  /// `NAME`, `NAME@3`, `NAME@production`.
  public var reference: String
  /// Picture files, in order.
  public var inputs: [String]
  /// How many classes to name for each input; `nil` is all.
  public var top: Int?
  /// The file to write rows and predictions to; models of tables and texts only, if it is no job.
  public var output: String?
  public var surroundings: Surroundings
  /// It is a job that can go on after it was killed.
  public var job: PredictionJobRequest?
}

/// `martlet predict --checkpoint`
public struct PredictionJobRequest: Codable, Sendable, Hashable {
  /// The job's own folder.
  public var checkpoint: String
  /// Rows that are answered and written together; `nil` chooses.
  public var partRows: Int?
  /// So many rows may have no answer.
  public var maxFailures: Int
  /// Where these are written, with reasons; `nil` is beside the output.
  public var failures: String?
}

/// `martlet init`
public struct InitRequest: Codable, Sendable, Hashable {
  /// The table, or the file or folder of texts.
  public var input: String
  /// The column to learn; `nil` for tasks that need none.
  public var target: String?
  /// What the model does, in the words of the project file; `nil` looks at the target.
  public var task: String?
  /// The folder for the project file and the schema.
  public var folder: String
  /// Files that are there already are replaced.
  public var force: Bool
  public var surroundings: Surroundings
}

/// `martlet serve`
public struct ServeRequest: Codable, Sendable, Hashable {
  /// What to serve; empty is the newest version of every model.
  public var references: [String]
  /// The address.
  public var host: String
  /// The port; 0 takes a free one.
  public var port: Int
  /// The port for gRPC; 0 takes a free one, `nil` serves HTTP only.
  public var grpcPort: Int?
  /// A file to write `{"host", "port", "grpc_port", "admin_port", "pid"}` to once requests are answered.
  public var readyFile: String?
  /// The project's settings; `nil` without a project.
  public var settings: ProjectServing?
  public var surroundings: Surroundings
  /// Who may call it, how it is reached, and what it takes.
  public var listening = ServeSettings()
  /// A directory of `martlet export --edge` to serve, without a registry.
  public var edge: String?
}

/// `martlet data preview`
public struct PreviewRequest: Codable, Sendable, Hashable {
  /// A part of the data.
  public enum Part: String, Codable, Sendable, Hashable, CaseIterable { case train, validation, test }

  public var project: ProjectFile
  /// Which pictures.
  public var part: Part
  /// How many.
  public var count: Int
  /// With the training part's random changes.
  public var augmented: Bool
  /// The PNG file to write.
  public var output: String
  public var surroundings: Surroundings
}

/// `martlet doctor`
public struct DoctorRequest: Codable, Sendable, Hashable {
  public var surroundings: Surroundings
}
