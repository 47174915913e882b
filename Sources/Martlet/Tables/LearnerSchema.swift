import Foundation
import Learners
import MartletCore
import Project
import Recipes

/// Writes the part of the project file's schema that says which learners and preparation steps there are.
///
/// The module that reads project files loads neither, so what they say about themselves is written down for it.
package enum LearnerSchema {
  /// A Swift file.
  package static var text: String {
    let rows = LearnerCatalogue.entries.map { entry in
      let tasks = entry.tasks.compactMap { task -> String? in
        switch task {
        case .classification: ".classification"
        case .regression: ".regression"
        case .clustering: ".clustering"
        case .anomalyDetection: ".anomalyDetection"
        case .transformation: nil
        }
      }
      let settings = entry.settings.map { setting in
        "        .optional(\(literal(setting.name)), \(shape(setting.standard)), \(literal(note(setting.standard)))),"
      }
      let body = settings.isEmpty ? "[]" : "[\n\(settings.joined(separator: "\n"))\n      ]"
      return
        "    (\n      [\(tasks.joined(separator: ", "))],\n      Variant(\n        \(literal(entry.kind)), \(literal(entry.summary)),\n      \(body))\n    ),"
    }
    return """
      // Written by `make generate` from LearnerCatalogue.entries and Recipe.stepNames. Do not edit.
      import MartletCore

      extension ProjectSchema {
        /// The learners that can be asked to do this.
        static func learners(for task: ProjectTask) -> [Variant] { allLearners.filter { $0.tasks.contains(task) }.map(\\.variant) }

        private static let allLearners: [(tasks: [ProjectTask], variant: Variant)] = [
      \(rows.joined(separator: "\n"))
        ]

        /// The steps of recipes.
        static let steps: [String] = [
          \(Recipe.stepNames.map { literal($0) + "," }.joined(separator: "\n    "))
        ]
      }

      """
  }

  private static func shape(_ standard: JSONValue) -> String {
    switch standard {
    case .bool: ".flag"
    case .int, .double: ".number(.init())"
    default: ".any"
    }
  }

  private static func note(_ standard: JSONValue) -> String {
    guard standard != .null, let data = try? JSON.encode([standard], pretty: false) else { return "Left out: as the learner finds best." }
    let text = String(decoding: data, as: UTF8.self).dropFirst().dropLast()
    return "Left out: \(text)."
  }

  private static func literal(_ text: String) -> String { "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\"" }
}
