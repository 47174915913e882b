import Bundles
import Foundation
import MartletCore
import TextTasks

/// The bundles of models of texts. Those that write texts or embed them are those of `martlet import`; the others have kinds of their own.
enum TextBundle {
  static let classifier = "text-classifier", tagger = "token-classifier", translator = "translator", heads = "text-heads"
  /// Kinds that `martlet predict` answers for, and that are served by rows.
  static let kinds: Set<String> = [classifier, tagger, translator, heads]

  static func kind(_ task: TextModelSettings.Task) -> String {
    switch task {
    case .causal: LanguageBundle.generator
    case .masked, .embedding: LanguageBundle.encoder
    case .classification: classifier
    case .tags: tagger
    case .translation: translator
    }
  }

  /// What all models of texts read.
  static let ids = TensorSpec(name: "input_ids", dtype: .int64, shape: [nil, nil], note: "tokens of the model's tokenizer")

  static func signature(_ model: TextModel) throws -> Signature {
    func answer(_ name: String, _ shape: [Int?], _ note: String) -> Signature {
      Signature(inputs: [ids], outputs: [TensorSpec(name: name, dtype: .float32, shape: shape, note: note)])
    }
    switch model.settings.task {
    case .causal: return LanguageBundle.signature(LanguageBundle.generator, outputs: model.network.body.vocabulary)
    case .masked, .embedding: return LanguageBundle.signature(LanguageBundle.encoder, outputs: model.network.body.width)
    case .classification: return answer("probabilities", [nil, model.settings.labels.count], "one per class")
    case .tags: return answer("logits", [nil, nil, model.settings.labels.count], "scores of each token's classes")
    case .translation: return answer("logits", [nil, nil, model.network.body.vocabulary], "scores of the next token")
    }
  }

  /// Adds the files of a model's folder.
  static func add(_ folder: String, to writer: BundleWriter) throws {
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: folder + "/" + name, isDirectory: &isFolder), !isFolder.boolValue else { continue }
      try writer.add(file: folder + "/" + name, as: LanguageBundle.folder + "/" + name)
    }
  }

  static func model(_ bundle: ModelBundle) throws -> TextModel { try LanguageBundle.withFolder(bundle) { try TextModel(folder: $0) } }
}
