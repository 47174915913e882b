/// What the commands need libtorch for. The front program has no engine; `martlet-engine` brings one along.
///
/// Results go back as values, which are also the documents of `--json`. Progress and logs go to standard error unless `quiet`; nothing
/// writes to standard output. An error that conforms to `MartletError` is shown in its own words.
public protocol Engine: Sendable {
  /// Trains, judges, and registers a version if the project's requirements hold.
  /// - Throws: whatever stops it; nothing half-registered stays behind.
  func run(_ request: RunRequest) async throws -> RunSummary

  /// Trains only: weights, checkpoints and metrics stay in the run's folder.
  func train(_ request: TrainRequest) async throws -> TrainSummary

  /// Judges a version of the registry on the project's test part.
  func evaluate(_ request: EvaluateRequest) async throws -> EvaluationSummary

  /// Answers for each input file; one that cannot be read has an `error` in its answer and does not stop the others.
  func predict(_ request: PredictRequest) async throws -> PredictionSummary

  /// Looks at a table and writes a project file that runs as it is, and the schema of the data.
  /// - Throws: `ArgumentError` if there is a project file already.
  func initialize(_ request: InitRequest) async throws -> InitSummary

  /// Serves until it is told to stop by SIGINT or SIGTERM.
  func serve(_ request: ServeRequest) async throws -> ServeSummary

  /// Answers the messages of a broker until it is told to stop by SIGINT or SIGTERM.
  func stream(_ request: StreamRequest) async throws -> StreamSummary

  /// Writes a contact sheet of the data as the network will see them.
  func preview(_ request: PreviewRequest) async throws -> PreviewSummary

  /// Holds a table against its schema, or infers the schema.
  func checkData(_ request: DataCheckRequest) async throws -> DataCheckSummary

  /// Looks at a table and writes a report.
  func profileData(_ request: DataProfileRequest) async throws -> DataProfileSummary

  /// Checks a model that somebody else trained, makes a bundle of it, and registers it.
  /// - Throws: whatever is wrong with it; nothing half-registered stays behind.
  func importModel(_ request: ImportRequest) async throws -> ImportSummary

  /// Verifies and loads a version that reads or writes text.
  func loadLanguageModel(_ request: LanguageModelRequest) async throws -> LoadedLanguageModel

  /// Registers a name behind which each request goes to the model for its language.
  func routeLanguages(_ request: RouteRequest) async throws -> RouteSummary

  /// Looks at the installation and the machine. What is missing is in the report, not an error.
  func doctor(_ request: DoctorRequest) async throws -> DoctorReport
}
