public import Torch

/// A module's state: tensors by name, in PyTorch's order.
public struct StateDictionary: Sendable {
  /// The names in order.
  public private(set) var names: [String] = []
  private var tensors: [String: Tensor] = [:]

  /// An empty state.
  public init() {}

  /// Takes entries in order; a name that comes again replaces the earlier tensor.
  public init(_ entries: some Sequence<(String, Tensor)>) {
    for (name, tensor) in entries { self[name] = tensor }
  }

  /// The tensor of a name. Setting a new name appends it, setting `nil` removes it.
  public subscript(name: String) -> Tensor? {
    get { tensors[name] }
    set {
      if let newValue {
        if tensors.updateValue(newValue, forKey: name) == nil { names.append(name) }
      } else if tensors.removeValue(forKey: name) != nil {
        names.removeAll { $0 == name }
      }
    }
  }

  /// The entries in order.
  public var entries: [(name: String, tensor: Tensor)] { names.compactMap { name in tensors[name].map { (name, $0) } } }

  /// A copy that does not share memory with the module, so that training on does not change it.
  public func copied() throws(TorchError) -> StateDictionary {
    var copy = StateDictionary()
    for (name, tensor) in entries { copy[name] = try tensor.detach().clone() }
    return copy
  }

  /// The state with every name changed by `rename`; `nil` drops the entry.
  public func renamed(_ rename: (String) -> String?) -> StateDictionary {
    StateDictionary(entries.compactMap { entry in rename(entry.name).map { ($0, entry.tensor) } })
  }
}

extension StateDictionary: Sequence {
  /// Goes through the entries in order.
  public func makeIterator() -> IndexingIterator<[(name: String, tensor: Tensor)]> { entries.makeIterator() }

  /// The number of entries.
  public var count: Int { names.count }
}
