import Bundles
import Evaluation
import MartletCore
import Models
import NN
import Project
import TextTasks

/// A project's way from texts to a model: of one task, or of several on one body.
protocol TextLearning: Sendable {
  var project: TextProject { get }
  var file: ProjectFile { get }
  /// Each task as if it were learnt alone.
  var trainings: [TextTraining] { get }

  func run(resuming isResuming: Bool) async throws -> TextTraining.Outcome

  /// Who judges the model on the test parts.
  /// - Throws: `ArgumentError` for a model of other tasks.
  func judging(_ model: LearntTexts) throws -> any TextJudge
}

extension TextLearning {
  /// The texts of all tasks.
  var allParts: [TextParts] { trainings.map(\.parts) }
}

/// Judges a model of texts and writes what it found.
protocol TextJudge: Sendable {
  func judge() async throws -> TextJudgement.Verdict

  /// Writes `index.html` and `evaluation.json` into a folder.
  /// - Returns: the page's path.
  func write(
    _ verdict: TextJudgement.Verdict, history: [String: [Double]], title: String, lineage: Lineage, to folder: String
  ) throws -> String
}

/// A model that learnt from texts.
enum LearntTexts: Sendable {
  case one(TextModel)
  case many(MultiTextModel)

  /// The bundle's kind.
  var kind: String {
    switch self {
    case .one(let model): TextBundle.kind(model.settings.task)
    case .many: TextBundle.heads
    }
  }

  /// The names of its classes; those of several heads are their own.
  var labels: [String] { if case .one(let model) = self { model.settings.labels } else { [] } }

  /// What goes in and comes out; heads are outputs by their names.
  func signature() throws -> Signature {
    switch self {
    case .one(let model): return try TextBundle.signature(model)
    case .many(let model):
      let outputs = model.heads.map { name, model -> TensorSpec in
        let labels = model.settings.labels.count
        switch model.settings.task {
        case .tags:
          return TensorSpec(name: name, dtype: .float32, shape: [nil, nil, labels], note: "scores of each token's classes")
        case .embedding:
          return TensorSpec(
            name: name, dtype: .float32, shape: [nil, model.network.body.width], note: "a vector of length 1 for each text")
        default: return TensorSpec(name: name, dtype: .float32, shape: [nil, labels], note: "probabilities, one per class")
        }
      }
      return Signature(inputs: [TextBundle.ids], outputs: outputs)
    }
  }

  /// Reads a bundle's model.
  init(_ bundle: ModelBundle) throws {
    self =
      try bundle.manifest.kind == TextBundle.heads
      ? .many(LanguageBundle.withFolder(bundle) { try MultiTextModel(folder: $0) }) : .one(TextBundle.model(bundle))
  }
}
