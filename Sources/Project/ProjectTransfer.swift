/// What a network starts from, and which part of it learns when.
public struct ProjectTransfer: Codable, Sendable, Hashable {
  /// A file of weights (`.safetensors`, `.pth`) relative to the project file, or a registered version: `NAME`, `NAME@V`.
  public var weights: String
  /// Which layers stay as they are: `none`, `backbone` (all but the head), or the name of the last frozen stage.
  public var freeze: String
  /// Epochs, counted from 1, at whose beginning a stage starts to learn.
  public var thaw: [String: Int]
}
