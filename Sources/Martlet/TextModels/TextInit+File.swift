import Commands
import Foundation
import MartletCore
import Project

extension TextInit {
  /// Writes a project that runs as it is.
  /// - Throws: as ``find(_:)``; `ArgumentError` where there is a project already.
  static func write(_ request: InitRequest) throws -> InitSummary {
    let folder = request.folder.count > 1 && request.folder.hasSuffix("/") ? String(request.folder.dropLast()) : request.folder
    let project = folder == "." ? ProjectFile.standardName : folder + "/" + ProjectFile.standardName
    if FileManager.default.fileExists(atPath: project), !request.force {
      throw ArgumentError("\(project) is there already", expected: "a folder without a project", remedy: "--force, or another --output")
    }
    var request = request
    let tables = try Self.tables(in: request.input)
    if let tables { request.input = tables.learnt }
    var found = try find(request)
    found.test = tables?.judged
    let model = ModelLines(found)
    found.remarks += model.remarks
    let text = Self.text(request, found, model, folder: folder)
    // What is written has to be right, whatever the columns are called.
    _ = try ProjectFile.parseAny(text, file: project)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try AtomicFile.write(Data(text.utf8), to: project)
    return InitSummary(
      project: project, schema: nil, task: found.task.rawValue, rows: found.rows, columns: found.columns, remarks: found.remarks)
  }

  /// The table to learn from and the one to judge by, where a folder holds tables; a licence beside them is none of the texts.
  private static func tables(in path: String) throws -> (learnt: String, judged: String?)? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else { return nil }
    let endings = ["csv", "tsv", "jsonl", "ndjson", "parquet", "arrow"]
    let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    let tables = names.filter { endings.contains(($0 as NSString).pathExtension.lowercased()) }
    func called(_ stems: [String]) -> String? {
      tables.first { stems.contains((($0 as NSString).deletingPathExtension as NSString).lastPathComponent.lowercased()) }
    }
    guard let learnt = called(["train", "training"]) ?? (tables.count == 1 ? tables.first : nil) else { return nil }
    let judged = called(["test"]) ?? called(["validation", "valid", "dev"])
    let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
    return (folder + "/" + learnt, judged.flatMap { $0 == learnt ? nil : folder + "/" + $0 })
  }

  private static func text(_ request: InitRequest, _ found: Finding, _ model: ModelLines, folder: String) -> String {
    var lines = ["# Written by martlet init after looking at \((request.input as NSString).lastPathComponent)."]
    lines += found.remarks.map { "# " + $0.replacingOccurrences(of: "\n", with: " ") }
    lines += [
      "name: \(TableInit.name(of: request.input))", "task: \(found.task.rawValue)", "", "data:",
      "  file: \(TableInit.quoted(TableInit.path(of: request.input, from: folder)))",
    ]
    for (name, value, note) in found.keys {
      let written = name == "separator" ? value : TableInit.quoted(value)
      lines.append("  \(name): \(written)" + (note.isEmpty ? "" : "   # \(note)"))
    }
    lines.append("  length: \(model.length)   # longer texts are cut to so many tokens")
    if let test = found.test {
      lines.append("  test: {file: \(TableInit.quoted(TableInit.path(of: test, from: folder)))}")
    } else {
      lines.append("  test: \(model.test)   # the share to judge by, drawn by chance")
    }
    lines += [""] + model.lines
    lines += ["", "training:", "  epochs: \(model.epochs)", "  batch: \(model.batch)", "  seed: 1", "", "evaluation:", "  examples: 8"]
    let metric =
      switch found.task {
      case .tokenClassification: "span_f1: 0.8"
      case .embedding: "recall_at_1: 0.5"
      case .translation: "bleu: 20"
      case .languageModel: "perplexity: 20"
      default: found.keys.contains { $0.name == "separator" } ? "f1_micro: 0.8" : "accuracy: 0.8"
      }
    lines.append("  # require: {\(metric)}   # below it nothing is registered")
    return lines.joined(separator: "\n") + "\n"
  }

  /// What learns, and how long, for what was found.
  struct ModelLines {
    let lines: [String]
    let length: Int
    let epochs: Int
    let batch: Int
    let test: Double
    let remarks: [String]

    init(_ found: Finding) {
      let scalars = found.texts.prefix(500).reduce(into: (all: 0, wide: 0)) { sum, text in
        for scalar in text.unicodeScalars where !scalar.properties.isWhitespace {
          sum.all += 1
          if scalar.value > 0x2FF { sum.wide += 1 }
        }
      }
      // Latin letters are what the small models of the catalogue know.
      let isLatin = scalars.wide * 4 < max(1, scalars.all)
      let words = found.texts.map { Double(isLatin ? $0.split(whereSeparator: \.isWhitespace).count : $0.count) }.sorted()
      let long = words.isEmpty ? 16 : words[min(words.count - 1, words.count * 95 / 100)]
      let tokens = Int(long * (isLatin ? 1.5 : 1)) + 4
      let few = found.rows < 2000
      let isNew = found.task == .languageModel || found.task == .translation
      let hasMiniLM = SharedFiles.path("data/minilm") != nil
      let usesMiniLM = !isNew && isLatin && hasMiniLM
      var lines: [String] = [], remarks: [String] = []
      let context = found.task == .languageModel ? 256 : 128
      length = found.task == .languageModel ? 256 : max(16, min(usesMiniLM ? 256 : context, (tokens + 7) / 8 * 8))
      let characters = found.texts.reduce(0) { $0 + $1.count } * max(1, found.rows / max(1, found.texts.count))
      let vocabulary = max(300, min(8000, characters / 60 / 100 * 100))
      if usesMiniLM {
        lines = ["model:", "  pretrained: minilm   # 22 million parameters, knows English", "", "adapter: whole   # or lora, head"]
      } else if isNew {
        let kind = found.task == .languageModel ? "decoder" : "encoder-decoder"
        lines = [
          "tokenizer:", characters < 20_000 ? "  characters" : "  bpe: {vocabulary: \(vocabulary)}", "", "model:",
          "  \(kind): {layers: \(few ? 2 : 4), width: \(few ? 128 : 192), heads: \(few ? 4 : 6), context: \(max(context, length))}",
        ]
        if characters < 20_000 { lines[0...1] = ["tokenizer: characters   # few texts: letters instead of pieces of words"] }
      } else {
        lines = [
          isLatin ? "tokenizer:\n  wordpiece: {vocabulary: \(vocabulary)}" : "tokenizer: characters   # a token for each character", "",
          "model:",
          "  encoder: {layers: 2, width: 128, heads: 4, context: \(max(context, length))}   # new: it knows nothing yet",
        ]
        remarks.append(
          isLatin
            ? "a model that knows English would learn from less: scripts/fetch-data minilm, then model: {pretrained: minilm}"
            : "a model that knows the language would learn from less: model: {pretrained: FOLDER}")
      }
      self.lines = lines
      self.remarks = remarks
      epochs = usesMiniLM ? (few ? 4 : 2) : (few ? 20 : 6)
      batch = found.task == .embedding ? 32 : 16
      test = found.rows < 200 ? 0.2 : 0.1
    }
  }
}
