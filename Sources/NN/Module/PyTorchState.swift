public import Torch

extension PyTorchFile {
  /// The state of a model that torch.save wrote, for ``Module/load(_:strict:)``.
  ///
  /// ```swift
  /// try model.load(PyTorchFile(path: "checkpoint.pth").stateDictionary())
  /// ```
  /// - Parameter key: where the state lies in the file, dotted (`"ema.model"`); without one, the dictionary under `state_dict`,
  ///   `model_state_dict`, `model`, `net`, `network` or `module`, or else the file's own.
  /// - Throws: `PyTorchFileError` where there is no such key or the values are damaged.
  public func stateDictionary(at key: String? = nil) throws -> StateDictionary {
    try StateDictionary(state(at: key).map { ($0.name, $0.tensor) })
  }
}
