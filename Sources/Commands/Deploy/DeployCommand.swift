import ArgumentParser
import Charts
import Deployment
import Foundation
import MartletCore

struct DeployCommand: Command {
  static let configuration = CommandConfiguration(
    commandName: "deploy", abstract: "Write the files that run models elsewhere: images, clusters, pipelines, alerts.",
    discussion: "Kinds: "
      + DeploymentKind.allCases.map { "\($0.rawValue) (\($0.summary))" }.joined(separator: "; ") + ". Without a kind: all.")

  @Argument(
    help: "\(DeploymentKind.allCases.map(\.rawValue).joined(separator: ", ")). (default: all)",
    completion: .list(DeploymentKind.allCases.map(\.rawValue)))
  var kinds: [String] = []

  @Option(help: ArgumentHelp("The name of the service.", valueName: "name"))
  var name: String

  @Option(help: ArgumentHelp("The image with its tag. (default: NAME:1)", valueName: "image"))
  var image: String?

  @Option(help: ArgumentHelp("NAME@V to serve; repeat it for more. (default: NAME@production)", valueName: "model"))
  var model: [String] = []

  @Option(help: ArgumentHelp("The folder to write into.", valueName: "folder"), completion: .directory)
  var output = "deploy"

  @Option(help: ArgumentHelp("The port for requests.", valueName: "number"))
  var port = 8080

  @Option(help: ArgumentHelp("The port for figures and orders.", valueName: "number"))
  var adminPort = 8081

  @Option(help: ArgumentHelp("Servers at least.", valueName: "number"))
  var replicas = 2

  @Option(help: ArgumentHelp("Servers at most.", valueName: "number"))
  var maxReplicas = 10

  @Option(help: ArgumentHelp("Cores of one server.", valueName: "amount"))
  var cpu = "1"

  @Option(help: ArgumentHelp("Memory of one server.", valueName: "amount"))
  var memory = "2Gi"

  @Option(help: ArgumentHelp("Graphics processors of one server.", valueName: "number"))
  var gpus = 0

  @Option(help: ArgumentHelp("When a new version is trained, as cron writes it.", valueName: "schedule"))
  var retrain: String?

  @Option(help: ArgumentHelp("Seconds above which the slowest hundredth of the answers calls somebody.", valueName: "seconds"))
  var slow = 0.5

  @Flag(help: "Write over files that say something else.")
  var force = false

  @OptionGroup var global: GlobalOptions

  /// `martlet deploy --json`
  struct Written: Codable, Sendable {
    let folder: String
    let files: [String]
    let unchanged: [String]
  }

  func execute(_ context: CommandContext) async throws -> CommandResult {
    let wanted = try kinds.isEmpty ? DeploymentKind.allCases : kinds.map(Self.kind)
    guard replicas <= maxReplicas else {
      throw ArgumentError("--replicas is \(replicas) and --max-replicas \(maxReplicas)", expected: "no more at least than at most")
    }
    let plan = DeploymentPlan(
      name: name, image: image, models: model, port: port, adminPort: adminPort, replicas: replicas...maxReplicas,
      resources: .init(cpu: cpu, memory: memory, gpus: gpus), retrain: retrain, slowSeconds: slow)
    var files: [DeploymentFile] = []
    for kind in wanted { files += try kind.files(plan) }
    // First all questions, then all files: a refusal leaves nothing half done.
    var unchanged: [String] = [], changed: [DeploymentFile] = []
    for file in files {
      let there = FileManager.default.contents(atPath: output + "/" + file.path)
      if there == Data(file.text.utf8) { unchanged.append(file.path) } else { changed.append(file) }
      guard there == nil || force || there == Data(file.text.utf8) else {
        throw ArgumentError(
          "\(output)/\(file.path) is there and says something else", expected: "no such file, or the same text",
          remedy: "another --output to compare with, or --force")
      }
    }
    for file in changed {
      let path = output + "/" + file.path
      let folder = (path as NSString).deletingLastPathComponent
      do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
        throw FileError(path: folder, problem: "cannot be made: \(error.localizedDescription)")
      }
      try AtomicFile.write(Data(file.text.utf8), to: path)
    }
    let document = Written(folder: output, files: files.map(\.path), unchanged: unchanged)
    let lines = files.map { "  \(output)/\($0.path)" + (unchanged.contains($0.path) ? " (as it was)" : "") }
    return CommandResult(document: document, text: "wrote\n" + lines.joined(separator: "\n") + "\n")
  }

  private static func kind(_ name: String) throws -> DeploymentKind {
    guard let kind = DeploymentKind(rawValue: name) else {
      let names = DeploymentKind.allCases.map(\.rawValue)
      throw ArgumentError(
        "'\(name)' is no kind of deployment", expected: names.joined(separator: ", "), remedy: NearestName.of(name, among: names))
    }
    return kind
  }
}
