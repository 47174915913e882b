public import Foundation

/// One event of a TensorBoard file.
public struct BoardEvent: Sendable, Hashable {
  /// What was logged under a tag.
  public struct Entry: Sendable, Hashable {
    /// The name in TensorBoard; slashes make groups.
    public var tag: String
    /// What it says.
    public var content: Content
    /// The plugin that shows it, where the content alone does not tell.
    public var plugin: String?
    /// The plugin's own bytes.
    public var pluginData: Data

    /// What is logged under `tag`.
    public init(_ tag: String, _ content: Content, plugin: String? = nil, pluginData: Data = Data()) {
      self.tag = tag
      self.content = content
      self.plugin = plugin
      self.pluginData = pluginData
    }
  }

  /// What an entry says.
  public enum Content: Sendable, Hashable {
    /// A number.
    case scalar(Float)
    /// How many values lie where.
    case histogram(BoardHistogram)
    /// A picture as the bytes of a PNG file.
    case image(height: Int, width: Int, channels: Int, png: Data)
    /// Markdown.
    case text([String])
    /// Only the plugin's bytes count.
    case none
  }

  /// Seconds since 1970.
  public var wallTime: Double
  /// The optimizer step.
  public var step: Int
  /// What the first event of a file says instead of entries: `brain.Event:2`.
  public var fileVersion: String?
  /// Everything logged before, from this step on, is not to be shown: a run went on from a checkpoint.
  public var isRestart: Bool
  /// What was logged.
  public var entries: [Entry]

  /// An event.
  public init(wallTime: Double, step: Int = 0, fileVersion: String? = nil, isRestart: Bool = false, entries: [Entry] = []) {
    self.wallTime = wallTime
    self.step = step
    self.fileVersion = fileVersion
    self.isRestart = isRestart
    self.entries = entries
  }
}

/// Counts of values by size, as TensorBoard draws them.
public struct BoardHistogram: Sendable, Hashable {
  /// The least value.
  public var minimum: Double
  /// The largest value.
  public var maximum: Double
  /// How many values there are.
  public var count: Double
  /// Their sum.
  public var sum: Double
  /// The sum of their squares.
  public var sumOfSquares: Double
  /// The upper end of every bucket.
  public var limits: [Double]
  /// How many values are in every bucket.
  public var buckets: [Double]
}
