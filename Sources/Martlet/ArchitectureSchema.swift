import Foundation
import MartletCore
import Models

/// Writes the part of the project file's schema that says which networks there are and what can be chosen about them.
///
/// The module that reads project files loads no libtorch and cannot ask the architectures, so what they say is written down for it.
package enum ArchitectureSchema {
  /// The architectures that classify pictures.
  package static var classifiers: [Architecture] { Architecture.all.filter { $0.output == .classes && $0.input != .sequences } }

  /// A Swift file.
  package static func text(of architectures: [Architecture]) -> String {
    let lists = architectures.map { architecture in
      let settings = architecture.settings.map { setting in
        "      .standard(\(literal(setting.name)), \(shape(setting.values)), \(literal(setting.standard)), \(literal(sentence(setting.meaning)))),"
      }
      let note = literal(sentence(architecture.summary))
      let name = "variant" + architecture.name.split { $0 == "-" || $0 == "_" }.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
      let body = settings.isEmpty ? "[]" : "[\n" + settings.joined(separator: "\n") + "\n    ]"
      return (name, "  private static let \(name) = Variant(\n    \(literal(architecture.name)), \(note),\n    \(body))")
    }
    return """
      // Written by `make generate` from Models.Architecture.all. Do not edit.
      import MartletCore

      extension ProjectSchema {
        /// The networks that classify pictures.
        static let architectures: [Variant] = [
      \(lists.map { "    \($0.0)," }.joined(separator: "\n"))
        ]

      \(lists.map(\.1).joined(separator: "\n\n"))
      }

      """
  }

  private static func sentence(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst() + (text.hasSuffix(".") ? "" : ".")
  }

  private static func shape(_ values: Architecture.Values) -> String {
    switch values {
    case .whole(let range): ".whole(\(range.lowerBound)...\(range.upperBound))"
    case .wholes(let range, let count):
      ".list(.whole(\(range.lowerBound)...\(range.upperBound)), count: \(count.lowerBound)...\(count.upperBound))"
    case .number(let range): ".number(.init(from: \(range.lowerBound), to: \(range.upperBound)))"
    case .fraction: "fraction"
    case .word(let words): ".word([\(words.map(literal).joined(separator: ", "))])"
    case .flag: ".flag"
    }
  }

  private static func literal(_ text: String) -> String { "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\"" }

  private static func literal(_ value: JSONValue) -> String {
    switch value {
    case .null: ".null"
    case .bool(let value): String(value)
    case .int(let value): String(value)
    case .double(let value): String(value)
    case .string(let text): literal(text)
    case .array(let values): "[\(values.map { literal($0) }.joined(separator: ", "))]"
    case .object: "[:]"
    }
  }
}
