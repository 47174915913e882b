import MartletCore

extension ProjectSchema {
  /// What several heads have in common.
  static let sharedTextData = MappingShape([
    .optional("dataset", .text(.name), "A data set that scripts/fetch-data brought; the heads' files then lie in its folder."),
    .standard("unit", .word(TextData.TextUnit.allCases.map(\.rawValue)), "line", "What one text of a text file is: a line, or the file."),
    .standard("text", .text(.any), "text", "The column of texts, where a head names no other."),
    .optional("length", .whole(2...1_000_000), "Longer texts are cut to so many tokens. Left out: what the model can read, at most 512."),
    .optional("limit", .whole(counting), "Use this many training texts of each head at most, drawn by chance: for a quick try."),
    .standard("validation", fraction, 0.05, "The share of each head's training texts that is watched during training."),
    .standard(
      "test", .number(.init(from: 0, to: 1, isAbove: true, isBelow: true)), 0.1,
      "The share of each head's texts to judge by, where it has no file for that."),
  ])

  /// The heads and how they share an epoch.
  static func headFields(isFetched: Bool) -> [Field] {
    let tasks: [ProjectTask] = [.textClassification, .tokenClassification, .embedding]
    let variants = tasks.map { Variant($0.rawValue, $0.meaning, headData($0, isFetched: isFetched)) }
    return [
      .required(
        "heads", .table(.tagged(variants)),
        "What is learnt at once on one body, by names of your own: {topic: {text-classification: {file: topics.csv}}}."),
      .standard(
        "mixing", .word(["proportional", "turns", "together"]), "proportional",
        "How the heads share an epoch: each text once; or the heads take turns, or share every step, and the small ones begin anew."),
    ]
  }

  /// The keys of a head's data: those of its task, without what all heads have in common.
  private static func headData(_ task: ProjectTask, isFetched: Bool) -> [Field] {
    var fields = textData(task, isFetched: isFetched).fields.filter { !["length", "limit", "validation"].contains($0.name) }
    fields = fields.map { field in
      guard ["unit", "text", "test"].contains(field.name) else { return field }
      return .optional(field.name, field.shape, field.note + " Left out: as data says.")
    }
    fields.append(
      .standard("weight", .number(.init(from: 0, to: 1000, isAbove: true)), 1, "What the head's loss is multiplied with."))
    if task == .embedding {
      fields.append(.standard("loss", .word(["multiple-negatives", "cosine"]), "multiple-negatives", "What the vectors learn by."))
    }
    return fields
  }
}
