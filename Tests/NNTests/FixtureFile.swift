import Foundation
import MartletCore

/// A case as Tools/fixtures_nn_common.py writes it: what follows from something else is left out.
struct FixtureFile: Decodable {
  private let name: String
  private let layer: String
  private let config: [String: JSONValue]
  private let created: String
  /// Name, shape, and `p` for parameters, `f` for buffers, `i` for those of integers.
  private let state: [Entry]
  /// Name, shape, kind, and whether it has a gradient.
  private let inputs: [Entry]
  /// Shape and kind.
  private let outputs: [Entry]
  private let changes: Bool?
  private let wrong: [Int]?

  private struct Entry: Decodable {
    var name = ""
    var shape: [Int] = []
    var kind = "f"
    var hasGradient = false

    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      if let name = try? container.decode(String.self) { self.name = name }
      shape = try container.decode([Int].self)
      kind = try container.decode(String.self)
      if !container.isAtEnd { hasGradient = try container.decode(Bool.self) }
    }
  }

  /// The cases of a file, none where it cannot be read.
  static func layers(_ file: String) -> [LayerCase] {
    do {
      let data = try Data(contentsOf: Fixtures.folder().appendingPathComponent(file + ".json"))
      return try JSON.decode([FixtureFile].self, from: data, source: file + ".json").map { $0.layerCase(in: file) }
    } catch {
      return []
    }
  }

  private func layerCase(in file: String) -> LayerCase {
    let parameters = state.filter { $0.kind == "p" }, buffers = state.filter { $0.kind != "p" }
    func inputName(_ entry: Entry) -> String { entry.name == "input" ? "input" : "input/" + entry.name }
    func outputs(_ name: String) -> [Section] {
      self.outputs.enumerated().map { index, entry in
        Section(self.outputs.count == 1 ? name : "\(name)/\(index)", entry.shape, kind: entry.kind)
      }
    }
    var sections = state.map { Section("state/" + $0.name, $0.shape, kind: $0.kind) }
    sections += inputs.map { Section(inputName($0), $0.shape, kind: $0.kind) }
    sections += outputs("output")
    sections += inputs.filter(\.hasGradient).map { Section("grad/" + inputName($0), $0.shape) }
    sections += parameters.map { Section("grad/" + $0.name, $0.shape) }
    sections += buffers.map { Section("after/" + $0.name, $0.shape, kind: $0.kind) }
    if changes == true { sections += outputs("eval") }
    return LayerCase(
      name: name, layer: layer, config: config, created: created, parameters: parameters.map(\.name),
      parameterCount: parameters.reduce(0) { $0 + $1.shape.reduce(1, *) }, keys: state.map(\.name), sections: sections, file: file,
      wrong: wrong)
  }
}
