import ArgumentParser
import Charts
import Foundation
import MartletCore
import Registry

struct ExportCommand: RegistryCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a version as a directory that serves it without a registry.",
    discussion: """
      The directory holds the bundle, the program with the libraries that it loads, and a script start, which checks every file and serves.
      """)

  @Argument(help: "NAME@V", completion: ReferenceCompletion.kind)
  var reference: String

  @Argument(help: "The directory, which must not be there. (default: NAME-V-edge)", completion: .directory)
  var directory: String?

  @Flag(help: "A directory for machines without a registry.")
  var edge = false

  @Flag(help: "Leave the program and its libraries out: the machine has its own martlet.")
  var withoutProgram = false

  @OptionGroup var global: GlobalOptions

  /// `martlet export --json`
  struct Document: Codable, Sendable {
    var reference: String
    var directory: String
    var modelBytes: Int
    var programBytes: Int
    var libraries: [String]
    var isSigned: Bool
  }

  func validate() throws {
    guard edge else { throw ValidationError("it is not said how to export; expected --edge") }
  }

  func execute(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    let version = try registry.resolve(reference)
    let target = directory ?? "\(version.name)-\(version.number)-edge"
    let program = withoutProgram ? nil : try Self.program()
    let written = try EdgeWriter(registry: registry, version: version, program: program).write(to: target)
    let document = Document(
      reference: version.reference, directory: target, modelBytes: written.modelBytes, programBytes: written.programBytes,
      libraries: written.libraries, isSigned: try !registry.detachedSignatures(of: version).isEmpty)
    var text = "\(version.reference) is in \(target): \(NumberText.bytes(written.modelBytes)) of model"
    if program != nil {
      text += ", \(NumberText.bytes(written.programBytes)) of program and \(written.libraries.count) libraries"
    }
    return CommandResult(document: document, text: text + "\ntry: \(target)/start --port 8080\n")
  }

  /// The front program: this one, or the one that became the engine.
  private static func program() throws -> String {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let folder = (own as NSString).deletingLastPathComponent
    let places = [
      own, folder + "/martlet", ((folder as NSString).deletingLastPathComponent as NSString).deletingLastPathComponent + "/bin/martlet",
    ]
    guard
      let found = places.first(where: {
        ($0 as NSString).lastPathComponent == "martlet" && FileManager.default.isExecutableFile(atPath: $0)
      })
    else { throw FileError(path: own, problem: "is not the program martlet", remedy: "--without-program") }
    return found
  }
}
