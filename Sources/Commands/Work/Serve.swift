import ArgumentParser
import Charts
import Project

struct Serve: EngineCommand {
  static let configuration = CommandConfiguration(
    abstract: "Answer over HTTP until stopped.",
    discussion: "Without a name it serves the project's model, and without a project every model of the registry.")

  @Argument(help: "NAME@V", completion: ReferenceCompletion.kind)
  var references: [String] = []

  @Option(help: ArgumentHelp("The address. (default: the project's, else 127.0.0.1)", valueName: "address"))
  var host: String?

  @Option(help: ArgumentHelp("The port; 0 takes a free one. (default: the project's, else 8080)", valueName: "number"))
  var port: Int?

  @Option(help: ArgumentHelp("The port for gRPC; 0 takes a free one. (default: HTTP only)", valueName: "number"))
  var grpcPort: Int?

  @Option(help: ArgumentHelp("Write host, port and process id to this file as JSON once requests are answered.", valueName: "file"))
  var readyFile: String?

  @Option(
    name: .customLong("draft"),
    help: ArgumentHelp(
      "A smaller model that guesses ahead for the language models, or for one: the same texts, sooner. Can be repeated.",
      valueName: "[MODEL=]NAME@V"))
  var drafts: [String] = []

  @Flag(help: "Keep experiments, runs and models for MLflow's clients, too, on the admin port where there is one (MLFLOW_TRACKING_URI).")
  var tracking = false

  @Option(
    help: ArgumentHelp(
      "Serve a directory of martlet export --edge, without a registry; of a project only the one that --project names.",
      valueName: "folder"),
    completion: .directory)
  var edge: String?

  @OptionGroup var security: ServeSecurityOptions
  @OptionGroup var project: ProjectOptions
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    if let port, !(0...65_535).contains(port) { throw ValidationError("--port is \(port); expected a whole number from 0 to 65535") }
    if edge != nil, !references.isEmpty {
      throw ValidationError("--edge serves the version in the directory; expected no NAME@V beside it")
    }
    if edge != nil, project.file == nil, !project.overrides.isEmpty {
      throw ValidationError("--set changes a project, and --edge reads none; expected --project FILE beside it")
    }
    if edge != nil, tracking { throw ValidationError("--tracking keeps runs in a registry, which --edge has not") }
    if edge != nil, !drafts.isEmpty { throw ValidationError("--draft names a version of a registry, which --edge has not") }
    if let grpcPort, !(0...65_535).contains(grpcPort) {
      throw ValidationError("--grpc-port is \(grpcPort); expected a whole number from 0 to 65535")
    }
    if let odd = drafts.first(where: { $0.hasPrefix("=") || $0.hasSuffix("=") || $0.isEmpty }) {
      throw ValidationError("--draft is '\(odd)'; expected NAME@V or MODEL=NAME@V")
    }
  }

  func execute(_ engine: any Engine, _ context: CommandContext) async throws -> CommandResult {
    // An edge directory has all it needs: a project that lies here by chance is none of its business.
    let settings = edge == nil || project.file != nil ? try project.loadIfThere()?.project : nil
    var listening = security.merged(settings.map { ServeSettings($0.serve) } ?? ServeSettings())
    for draft in drafts {
      let parts = draft.split(separator: "=", maxSplits: 1).map(String.init)
      listening.drafts[parts.count == 2 ? parts[0] : "*"] = parts.last
    }
    if tracking { listening.isTracking = true }
    var request = ServeRequest(
      references: edge == nil && references.isEmpty ? settings.map { [$0.name] } ?? [] : references,
      host: host ?? settings?.serve.host ?? "127.0.0.1", port: port ?? settings?.serve.port ?? 8080, grpcPort: grpcPort,
      readyFile: readyFile,
      settings: settings?.serve, surroundings: global.surroundings,
      listening: listening)
    request.edge = edge
    let summary = try await engine.serve(request)
    let text =
      "stopped after \(Wording.count(summary.requests, "request")) in \(NumberText.duration(milliseconds: summary.seconds * 1000))\n"
    return CommandResult(document: summary, text: text)
  }
}
