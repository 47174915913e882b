import ArgumentParser
import Foundation
import OperatorGenerator

/// Writes the C ABI over libtorch's operators and its Swift face, or checks that what is committed is what would be written.
@main
struct GenerateOperators: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate-operators",
    abstract: "Write the C ABI over libtorch's operators, and its Swift face, from libtorch's own list and the allow-list.")

  @Option(help: "libtorch's native_functions.yaml.", completion: .file(extensions: ["yaml"]))
  var functions = ".deps/torch/../torchgen/packaged/ATen/native/native_functions.yaml"

  @Option(help: "The operators to wrap.", completion: .file(extensions: ["yml"]))
  var allowList = "Tools/operators.yml"

  @Option(help: "The package's root folder.", completion: .directory)
  var output = "."

  @Flag(help: "Write nothing; fail if a file would change.")
  var check = false

  func run() throws {
    let functions = FunctionList(yaml: try String(contentsOfFile: functions, encoding: .utf8))
    let allowList = try AllowList(yaml: try String(contentsOfFile: allowList, encoding: .utf8))
    let generation = try OperatorGeneration(functions: functions, allowList: allowList)
    let root = URL(filePath: output, directoryHint: .isDirectory)
    let summary = "\(allowList.operatorNames.count) operators, \(generation.overloadCount) overloads"
    if check {
      let differences = generation.differences(from: root)
      guard differences.isEmpty else {
        throw ValidationError("these files are not what generate-operators writes: \(differences.joined(separator: ", "))")
      }
      print("\(summary): nothing would change")
    } else {
      let touched = try generation.write(to: root)
      print("\(summary): \(touched.isEmpty ? "nothing changed" : "wrote \(touched.joined(separator: ", "))")")
    }
  }
}
