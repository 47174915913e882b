public import MartletCore

/// The description of `martlet.yml`: keys, types, ranges, defaults and their documentation, in one place.
public enum ProjectSchema {
  /// A project of pictures.
  public static let shape = Shape.mapping(
    MappingShape([
      .required("name", .text(.name), "The model's name in the registry."),
      .required("task", .word(tasks), "What the model does: image-classification; for tables and texts, the other tasks."),
      .optional("description", .text(.any), "One line about the model, kept with every version."),
      .required("data", .mapping(data), "The pictures and their classes."),
      .standard("model", model, "cnn", "The network."),
      .optional("transfer", .mapping(transfer), "What the network starts from. Left out: from scratch."),
      .standard("training", .mapping(training()), [:], "How the network learns."),
      .standard("evaluation", .mapping(evaluation), [:], "How the network is judged."),
      gates,
      .standard("serve", .mapping(serve), [:], "Where martlet serve listens."),
      stream,
      .standard("output", .text(.path), "runs", "The folder for reports, logs and checkpoints of the runs."),
    ]))

  /// Everything that a project can be for.
  static let tasks = ProjectTask.allCases.map(\.rawValue)

  /// The shape of a project with this task.
  /// - Parameter isFetched: the data lie where `scripts/fetch-data` put them, and their paths do not start from the project's folder.
  public static func shape(of task: ProjectTask, isFetched: Bool = false) -> Shape {
    if task.isText { return text(task, isFetched: isFetched) }
    return task == .imageClassification ? shape : table(task, isFetched: isFetched)
  }

  /// The JSON Schema of the file (draft 2020-12), as `martlet schema` prints it: one alternative a task.
  public static var jsonSchema: JSONValue {
    let alternatives = ProjectTask.allCases.map { task -> JSONValue in
      guard case .object(var members) = shape(of: task).jsonSchema, case .object(var properties)? = members["properties"] else {
        return .null
      }
      properties["task"] = ["enum": [.string(task.rawValue)], "description": .string(task.meaning)]
      members["properties"] = .object(properties)
      return .object(members)
    }
    return [
      "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "martlet.yml",
      "description": "A Martlet project: from pictures, tables or texts to a served, versioned model.", "anyOf": .array(alternatives),
    ]
  }

  static let fraction = Shape.number(.init(from: 0, to: 1, isBelow: true))
  static let positive = Shape.number(.init(from: 0, isAbove: true))
  static let counting = 1...Shape.unbounded

  static let source = Shape.tagged([
    Variant(
      "idx", "Two IDX files, as MNIST has them; may be compressed with gzip.",
      [
        .required("images", .text(.existing(.file)), "The file with the pictures."),
        .required("labels", .text(.existing(.file)), "The file with the class numbers."),
      ]),
    Variant(
      "folder", "A folder with one folder of pictures (JPEG, PNG) for each class.", main: "path",
      [.required("path", .text(.existing(.folder)), "The folder.")]),
    Variant(
      "csv", "A list of pictures and their classes, with a header line.", main: "path",
      [
        .required("path", .text(.existing(.file)), "The list."),
        .standard("image", .text(.any), "image", "The column with the pictures' paths, which start from the list's folder."),
        .standard("label", .text(.any), "label", "The column with the classes."),
      ]),
  ])

  private static let data = MappingShape(
    [
      .optional("dataset", .text(.name), "A data set that scripts/fetch-data brought, such as fashion-mnist; it has its own test part."),
      .optional("train", source, "The pictures to learn from."),
      .optional(
        "test", .either([.number(.init(from: 0, to: 1, isAbove: true, isBelow: true)), source]),
        "The pictures to judge by, or the share of train to set aside for it, drawn evenly from the classes. Left out: 0.2."),
      .standard(
        "validation", .either([fraction, source]), 0.1,
        "The share of the training part that is watched during training, drawn evenly from the classes; or pictures of its own."),
      .standard(
        "size", .either([.word(["auto"]), .whole(1...4096), .list(.whole(1...4096), count: 2...2)]), "auto",
        "Height and width of the network's input; auto takes the size that all pictures have."),
      .standard(
        "channels", .either([.word(["auto"]), .wholeChoice([1, 3])]), "auto", "1 for grey, 3 for colour; auto takes the first picture's."),
      .standard(
        "normalize",
        .either([
          .word(["auto", "none"]),
          .mapping(
            MappingShape([
              .required("mean", .list(.number(.init()), count: 1...3), "The mean of each channel, pixels counted from 0 to 1."),
              .required("std", .list(positive, count: 1...3), "The standard deviation of each channel."),
            ])),
        ]), "auto", "Shift and scale of the pixels; auto measures the training part."),
      .optional("labels", .list(.text(.any), count: 2...10_000), "The classes' names in the order of their numbers."),
      .standard("augment", .list(augmentation, count: 0...32), [], "Random changes of the training pictures, in this order."),
      .optional(
        "limit", .whole(counting),
        "Use this many training pictures at most (but one of each class), drawn evenly from the classes: for a quick try."),
    ], exclusive: [["dataset", "train"], ["dataset", "test"]], needsOneOf: [["dataset", "train"]])

  private static let model = Shape.tagged(architectures)

  private static let transfer = MappingShape([
    .required(
      "weights", .text(.any),
      "A file of weights (.safetensors, .pth) or a registered version (NAME, NAME@V); the head may have other classes."),
    .standard("freeze", .text(.any), "none", "none, backbone (all but the head learn nothing), or the last stage that stays as it is."),
    .standard(
      "thaw", .table(.whole(1...100_000)), [:], "The epoch, from 1, in which a frozen stage starts to learn: {layer4: 2, layer3: 4}."),
  ])

  static let evaluation = MappingShape([
    .standard(
      "intervals", .number(.init(from: 0.5, to: 1, isBelow: true)), 0.95, "The confidence level of the metrics' intervals."),
    .standard("top-k", .list(.whole(2...1000), count: 0...8), [], "Also count an answer as right if it is among the first k."),
    .standard("worst", .whole(0...500), 24, "How many of the worst mistakes the report shows."),
    .standard(
      "require", .table(.number(.init())), [:],
      "What the test part has to show before a version is registered, by metric: accuracy: 0.9. For errors and losses it is the most."),
  ])

  static let stream = Field.optional(
    "stream", .mapping(ProjectStream.shape), "Where martlet stream takes messages from, and where answers go.")

  static let gates = Field.optional(
    "gates", .list(.text(.any), count: 0...50),
    "What must hold before a version gets an alias: accuracy>=0.9 (the lower end of its interval), latency.p99<=50, size<=50000000, "
      + "slices.accuracy>=0.8, fairness.gap<=0.1; a ~ at the end judges the value itself. What was not measured does not pass.")
}
