/// What a model of texts with several heads is for, as it lies beside the model in `text.json`.
public struct MultiTextSettings: Sendable, Hashable, Codable {
  /// One head.
  public struct Head: Sendable, Hashable, Codable {
    public var name: String
    /// Its task, its classes and how long texts may be.
    public var settings: TextModelSettings
    /// What its loss weighed.
    public var weight: Double

    public init(_ name: String, _ settings: TextModelSettings, weight: Double = 1) {
      self.name = name
      self.settings = settings
      self.weight = weight
    }
  }

  /// What `task` in `text.json` says of such a model.
  public static let task = "multi-task"
  public private(set) var task = MultiTextSettings.task
  public var heads: [Head]

  public init(heads: [Head]) { self.heads = heads }

  /// Reads `text.json` of a model's folder.
  /// - Throws: `FileError` where it is missing or damaged.
  public init(folder: String) throws { self = try TextModelSettings.read(folder) }
}
