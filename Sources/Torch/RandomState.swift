import CTorch

/// A source of random numbers of its own: the Mersenne Twister that libtorch uses on the CPU.
public final class Generator: @unchecked Sendable {
  // `@unchecked Sendable`: libtorch locks a generator's own mutex around every use.
  let raw: CTGenerator

  /// - Parameter seed: the same seed gives the same numbers as `torch.Generator().manual_seed(seed)`.
  public init(seed: UInt64) throws(TorchError) {
    var error: CTError?
    guard let raw = ct_generator_new(seed, &error) else { throw TorchError(error, "Generator.init") }
    self.raw = raw
  }

  fileprivate init(owning raw: CTGenerator) { self.raw = raw }

  deinit { ct_generator_release(raw) }

  /// Starts again from a seed.
  public func seed(_ seed: UInt64) throws(TorchError) {
    var error: CTError?
    guard ct_generator_seed(raw, seed, &error) == 0 else { throw TorchError(error, "Generator.seed") }
  }

  /// The whole state, as bytes (`uint8`), equal to `torch.Generator.get_state()`.
  public func state() throws(TorchError) -> Tensor {
    var error: CTError?
    guard let state = ct_generator_state(raw, &error) else { throw TorchError(error, "Generator.state") }
    return Tensor(owning: state)
  }

  /// Goes on where `state` was taken.
  /// - Throws: `TorchError` if the bytes are not a generator's state.
  public func restore(_ state: Tensor) throws(TorchError) {
    var error: CTError?
    guard ct_generator_set_state(raw, state.raw, &error) == 0 else { throw TorchError(error, "Generator.restore", [state]) }
  }

  /// The generator that operators use when none is given.
  public static func shared() throws(TorchError) -> Generator {
    var error: CTError?
    guard let raw = ct_generator_default(&error) else { throw TorchError(error, "Generator.shared") }
    return Generator(owning: raw)
  }
}

/// The random state of the process: libtorch's default generators.
public enum RandomState {
  /// Seeds the default generators of all devices, as `torch.manual_seed` does.
  public static func seed(_ seed: UInt64) throws(TorchError) {
    var error: CTError?
    guard ct_manual_seed(seed, &error) == 0 else { throw TorchError(error, "RandomState.seed") }
  }

  /// The state of the CPU's default generator, as bytes.
  public static func save() throws(TorchError) -> Tensor { try Generator.shared().state() }

  /// Goes on where `state` was saved.
  public static func restore(_ state: Tensor) throws(TorchError) { try Generator.shared().restore(state) }

  /// Runs `body` from `seed` and puts the state back afterwards, so that the caller's numbers are not disturbed.
  public static func with<Result>(seed: UInt64, _ body: () throws -> Result) throws -> Result {
    let state = try save()
    try self.seed(seed)
    do {
      let result = try body()
      try restore(state)
      return result
    } catch {
      try restore(state)
      throw error
    }
  }
}
